//! Webhooks: addresses that are notified of changes in the registry.

pub mod delivery_slots;
pub mod events;
pub mod outbox;
mod page_token;

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;

use self::events::Event;
use super::WORKSPACE;
use super::in_list::in_list;
use super::schema::{webhook_events, webhooks};
use super::{Db, on_backend};
use crate::error::{Error, Result};
use crate::wire::{ListWebhooks, Webhook, WebhookStatus};

/// A row of `webhooks`, without its secret.
#[derive(Queryable, Selectable)]
#[diesel(table_name = webhooks)]
struct WebhookRow {
    webhook_id: String,
    name: String,
    description: Option<String>,
    url: String,
    status: String,
    creation_timestamp: Option<i64>,
    last_updated_timestamp: Option<i64>,
}

/// A webhook that passed all checks.
pub struct NewWebhook {
    pub name: String,
    pub url: String,
    pub events: Vec<Event>,
    pub description: Option<String>,
    pub encrypted_secret: Option<String>,
    pub status: Option<WebhookStatus>,
}

/// What is to change of a webhook. What is None stays.
#[derive(AsChangeset)]
#[diesel(table_name = webhooks)]
pub struct Changes {
    pub name: Option<String>,
    pub url: Option<String>,
    pub description: Option<String>,
    pub secret: Option<String>,
    pub status: Option<String>,
    pub last_updated_timestamp: i64,
}

/// Registers a webhook.
pub fn create(db: &mut Db, new: &NewWebhook, now_ms: i64) -> Result<Webhook> {
    let id = Uuid::new_v4().to_string();
    let row = (
        webhooks::webhook_id.eq(&id),
        webhooks::name.eq(&new.name),
        webhooks::url.eq(&new.url),
        webhooks::description.eq(&new.description),
        webhooks::secret.eq(&new.encrypted_secret),
        webhooks::status.eq(new.status.unwrap_or(WebhookStatus::Active).as_str_name()),
        webhooks::creation_timestamp.eq(now_ms),
        webhooks::last_updated_timestamp.eq(now_ms),
        webhooks::workspace.eq(WORKSPACE),
    );
    diesel::insert_into(webhooks::table)
        .values(row)
        .execute(db)?;
    insert_events(db, &id, &new.events)?;
    get(db, &id)
}

fn insert_events(db: &mut Db, id: &str, events: &[Event]) -> Result<()> {
    let rows: Vec<_> = events
        .iter()
        .map(|event| {
            (
                webhook_events::webhook_id.eq(id),
                webhook_events::entity.eq(event.entity()),
                webhook_events::action.eq(event.action()),
            )
        })
        .collect();
    on_backend!(db, |connection| diesel::insert_into(webhook_events::table)
        .values(&rows)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(())
}

/// Returns a webhook. Fails if there is none, or if it was deleted.
pub fn get(db: &mut Db, id: &str) -> Result<Webhook> {
    let row: WebhookRow = webhooks::table
        .find(id)
        .filter(webhooks::workspace.eq(WORKSPACE))
        .filter(webhooks::deleted_timestamp.is_null())
        .select(WebhookRow::as_select())
        .first(db)
        .optional()?
        .ok_or_else(|| Error::webhook_not_found(id))?;
    assemble(db, vec![row])?
        .pop()
        .ok_or_else(|| Error::webhook_not_found(id))
}

/// Returns a page of webhooks, the newest first, and the token of the next page.
pub fn list(db: &mut Db, request: &ListWebhooks) -> Result<(Vec<Webhook>, Option<String>)> {
    let limit = match request.max_results() {
        0 => 100,
        limit @ 1..=1000 => i64::from(limit),
        _ => {
            return Err(Error::invalid_parameter(
                "max_results must be between 1 and 1000.",
            ));
        }
    };
    let offset = page_token::offset_of(request.page_token())?;
    let mut rows: Vec<WebhookRow> = webhooks::table
        .filter(webhooks::workspace.eq(WORKSPACE))
        .filter(webhooks::deleted_timestamp.is_null())
        .order((webhooks::creation_timestamp.desc(), webhooks::webhook_id))
        .limit(limit + 1)
        .offset(offset)
        .select(WebhookRow::as_select())
        .load(db)?;
    let next = i64::try_from(rows.len())
        .is_ok_and(|found| found > limit)
        .then(|| {
            rows.pop();
            page_token::at(offset + limit)
        });
    Ok((assemble(db, rows)?, next))
}

/// Changes a webhook. With `events`, it is notified of these instead of its former ones.
pub fn update(db: &mut Db, id: &str, changes: &Changes, events: &[Event]) -> Result<Webhook> {
    get(db, id)?;
    diesel::update(webhooks::table.find(id))
        .set(changes)
        .execute(db)?;
    if !events.is_empty() {
        diesel::delete(webhook_events::table)
            .filter(webhook_events::webhook_id.eq(id))
            .execute(db)?;
        insert_events(db, id, events)?;
    }
    get(db, id)
}

/// Marks a webhook as deleted. Its row stays.
pub fn delete(db: &mut Db, id: &str, now_ms: i64) -> Result<()> {
    let deleted = diesel::update(webhooks::table.find(id))
        .filter(webhooks::deleted_timestamp.is_null())
        .set((
            webhooks::deleted_timestamp.eq(now_ms),
            webhooks::last_updated_timestamp.eq(now_ms),
        ))
        .execute(db)?;
    if deleted == 0 {
        return Err(Error::webhook_not_found(id));
    }
    Ok(())
}

/// Where and how to deliver to a webhook.
#[derive(Clone, Debug)]
pub struct Target {
    pub url: String,
    pub encrypted_secret: Option<String>,
}

/// Returns the address of a webhook, or `None` if it was deleted, or is disabled and `even_if_disabled` is false.
pub fn target(db: &mut Db, id: &str, even_if_disabled: bool) -> Result<Option<Target>> {
    let found: Option<(String, Option<String>, String)> = webhooks::table
        .find(id)
        .filter(webhooks::deleted_timestamp.is_null())
        .select((webhooks::url, webhooks::secret, webhooks::status))
        .first(db)
        .optional()?;
    Ok(found
        .filter(|(.., status)| even_if_disabled || status == WebhookStatus::Active.as_str_name())
        .map(|(url, encrypted_secret, _)| Target {
            url,
            encrypted_secret,
        }))
}

fn assemble(db: &mut Db, rows: Vec<WebhookRow>) -> Result<Vec<Webhook>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.webhook_id.as_str()).collect();
    let stored: Vec<(String, String, String)> = webhook_events::table
        .filter(in_list(webhook_events::webhook_id, ids))
        .order((webhook_events::entity, webhook_events::action))
        .select((
            webhook_events::webhook_id,
            webhook_events::entity,
            webhook_events::action,
        ))
        .load(db)?;
    let mut events: HashMap<String, Vec<_>> = HashMap::new();
    for (id, entity, action) in stored {
        events
            .entry(id)
            .or_default()
            .extend(events::message(&entity, &action));
    }
    Ok(rows
        .into_iter()
        .map(|row| Webhook {
            events: events.remove(&row.webhook_id).unwrap_or_default(),
            webhook_id: Some(row.webhook_id),
            name: Some(row.name),
            description: row
                .description
                .filter(|description| !description.is_empty()),
            url: Some(row.url),
            status: WebhookStatus::from_str_name(&row.status).map(i32::from),
            creation_timestamp: row.creation_timestamp,
            last_updated_timestamp: row.last_updated_timestamp,
        })
        .collect())
}
