//! Deliveries that have not been made yet. They are written in the transaction of the change that they report, so
//! none is lost, and none reports a change that was rolled back.

use chrono::{DateTime, SecondsFormat};
use diesel::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::delivery_slots::DeliverySlots;
use super::events::Event;
use crate::error::Result;
use crate::store::WORKSPACE;
use crate::store::in_list::in_list;
use crate::store::schema::{
    flowkeep_webhook_deliveries as log, flowkeep_webhook_outbox as outbox, webhook_events, webhooks,
};
use crate::store::{Db, on_backend};
use crate::wire::python;

/// How long the log remembers.
const DAYS_IN_LOG: i64 = 30;

/// Ids of the active webhooks that want to be told of an event.
pub fn listeners(db: &mut Db, event: Event) -> Result<Vec<String>> {
    let active = webhooks::table
        .filter(webhooks::webhook_id.eq(webhook_events::webhook_id))
        .filter(webhooks::workspace.eq(WORKSPACE))
        .filter(webhooks::status.eq("ACTIVE"))
        .filter(webhooks::deleted_timestamp.is_null());
    Ok(webhook_events::table
        .filter(webhook_events::entity.eq(event.entity()))
        .filter(webhook_events::action.eq(event.action()))
        .filter(diesel::dsl::exists(active))
        .select(webhook_events::webhook_id)
        .load(db)?)
}

/// The body that webhooks get. `now_ms` is when the event happened.
pub fn body(event: Event, data: Value, now_ms: i64) -> String {
    let time = DateTime::from_timestamp_millis(now_ms).unwrap_or_default();
    let body = json!({
        "entity": event.entity(),
        "action": event.action(),
        "timestamp": time.to_rfc3339_opts(SecondsFormat::Micros, false),
        "data": data,
    });
    python::json(&body)
}

/// Adds a message for each listener, due at once.
pub fn add(
    db: &mut Db,
    event: Event,
    listeners: &[String],
    data: Value,
    now_ms: i64,
) -> Result<()> {
    let body = body(event, data, now_ms);
    let rows: Vec<_> = listeners
        .iter()
        .map(|id| {
            (
                outbox::delivery_id.eq(Uuid::new_v4().to_string()),
                outbox::webhook_id.eq(id),
                outbox::entity.eq(event.entity()),
                outbox::action.eq(event.action()),
                outbox::body.eq(&body),
                outbox::created_at.eq(now_ms),
                outbox::attempts.eq(0),
                outbox::due_at.eq(now_ms),
            )
        })
        .collect();
    on_backend!(db, |connection| diesel::insert_into(outbox::table)
        .values(&rows)
        .execute(connection))?;
    Ok(())
}

/// A message that is to be sent to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Delivery {
    pub delivery_id: String,
    pub webhook_id: String,
    pub entity: String,
    pub action: String,
    pub body: String,
    /// How often it was begun before.
    pub attempts: i32,
}

/// Returns whether a delivery is due at a time, in milliseconds since 1970, other than those of the webhooks in
/// `beside`.
pub fn is_any_due(db: &mut Db, now: i64, beside: &[String]) -> Result<bool> {
    let due = outbox::table
        .filter(outbox::due_at.le(now))
        .filter(outbox::webhook_id.ne_all(beside));
    Ok(diesel::select(diesel::dsl::exists(due)).get_result(db)?)
}

/// Takes deliveries that are due, as many as there are slots for. No server takes them again before `until`. If this
/// server ends before it has stored the outcome, another attempt is made then.
pub fn take(db: &mut Db, now: i64, until: i64, slots: &DeliverySlots) -> Result<Vec<Delivery>> {
    let mut slots = slots.clone();
    let mut taken = Vec::new();
    // Each time round another webhook has used up its share.
    loop {
        let found = oldest_due(db, now, &slots)?;
        let number = found.len();
        let mut accepted = Vec::with_capacity(number);
        for delivery in found {
            if slots.has_for(&delivery.webhook_id) {
                slots.begin(&delivery.webhook_id);
                accepted.push(delivery);
            }
        }
        let ids = accepted
            .iter()
            .map(|delivery| delivery.delivery_id.as_str());
        diesel::update(outbox::table)
            .filter(in_list(outbox::delivery_id, ids.collect::<Vec<_>>()))
            .set((
                outbox::attempts.eq(outbox::attempts + 1),
                outbox::due_at.eq(until),
            ))
            .execute(db)?;
        let some_had_no_share = accepted.len() < number;
        taken.extend(accepted);
        if !some_had_no_share || slots.is_full() {
            return Ok(taken);
        }
    }
}

/// As many as there is room for, of webhooks that may have some of it.
fn oldest_due(db: &mut Db, now: i64, slots: &DeliverySlots) -> Result<Vec<Delivery>> {
    let due = outbox::table
        .filter(outbox::due_at.le(now))
        .filter(outbox::webhook_id.ne_all(slots.full_for()))
        .order(outbox::due_at)
        .limit(i64::try_from(slots.left()).unwrap_or(1))
        .select((
            outbox::delivery_id,
            outbox::webhook_id,
            outbox::entity,
            outbox::action,
            outbox::body,
            outbox::attempts,
        ));
    Ok(match db {
        Db::Postgres(connection) => due.for_update().skip_locked().load(connection)?,
        // A transaction that writes is alone here.
        Db::Sqlite(connection) => due.load(connection)?,
    })
}

/// The outcome of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    Delivered {
        status: u16,
    },
    /// To be tried again at a time.
    Failed {
        failure: Failure,
        retry_at: i64,
    },
    GivenUp(Failure),
}

/// The reason why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub status: Option<u16>,
    pub error: String,
}

/// Stores the outcome of an attempt.
pub fn settle(
    db: &mut Db,
    delivery: &Delivery,
    outcome: &DeliveryOutcome,
    now_ms: i64,
) -> Result<()> {
    let row = outbox::table.find(&delivery.delivery_id);
    let (name, status, error) = match outcome {
        DeliveryOutcome::Delivered { status } => {
            diesel::delete(row).execute(db)?;
            ("delivered", Some(*status), None)
        }
        DeliveryOutcome::Failed { failure, retry_at } => {
            diesel::update(row)
                .set(outbox::due_at.eq(retry_at))
                .execute(db)?;
            ("failed", failure.status, Some(failure.error.as_str()))
        }
        DeliveryOutcome::GivenUp(failure) => {
            diesel::delete(row).execute(db)?;
            ("given up", failure.status, Some(failure.error.as_str()))
        }
    };
    let entry = (
        log::delivery_id.eq(&delivery.delivery_id),
        log::attempt.eq(delivery.attempts + 1),
        log::webhook_id.eq(&delivery.webhook_id),
        log::entity.eq(&delivery.entity),
        log::action.eq(&delivery.action),
        log::attempted_at.eq(now_ms),
        log::outcome.eq(name),
        log::response_status.eq(status.map(i32::from)),
        log::error.eq(error),
    );
    diesel::insert_into(log::table).values(entry).execute(db)?;
    let forgotten = now_ms.saturating_sub(DAYS_IN_LOG * 86_400_000);
    diesel::delete(log::table)
        .filter(log::attempted_at.lt(forgotten))
        .execute(db)?;
    Ok(())
}
