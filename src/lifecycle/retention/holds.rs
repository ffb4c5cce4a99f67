//! Legal holds: placed on a version with a reason, and lifted with one. They change nothing about how
//! long the version is kept otherwise.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::super::decision::{Change, Decision, Done, Model, identify};
use super::keeping::keep;
use crate::audit::{Action, Entry, RecordedActor};
use crate::error::{Error, Result};
use crate::store::governance::guards::{self, GuardKind};
use crate::store::governance::holds::{self, HoldRow, Lift, NewHoldRow};
use crate::store::governance::{identity, retained};
use crate::store::paged::{PageRequest, Paged};
use crate::store::{Db, model_versions};

const LONGEST_REASON: usize = 5_000;

/// A legal hold on a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Hold {
    pub id: i64,
    /// Why it was placed.
    pub reason: String,
    /// When it was placed, in milliseconds since 1970.
    pub placed_at_ms: i64,
    pub placed_by: RecordedActor,
    /// Whether it has not been lifted.
    pub in_force: bool,
    /// When it was lifted, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted_at_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifted_by: Option<RecordedActor>,
    /// Why it was lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lift_reason: Option<String>,
}

impl From<&HoldRow> for Hold {
    fn from(row: &HoldRow) -> Self {
        let lifted_by = row.lifted_by.as_deref();
        Self {
            id: row.id,
            reason: row.reason.clone(),
            placed_at_ms: row.placed_at,
            placed_by: RecordedActor::new(&row.placed_by, row.placed_claimed.as_deref()),
            in_force: row.is_in_force(),
            lifted_at_ms: row.lifted_at,
            lifted_by: lifted_by.map(|by| RecordedActor::new(by, row.lifted_claimed.as_deref())),
            lift_reason: row.lift_reason.clone(),
        }
    }
}

/// Places a hold on a version, and returns it.
pub fn place(
    db: &mut Db,
    change: &Change,
    name: &str,
    version: &str,
    reason: &str,
) -> Decision<Hold> {
    check_reason(reason)?;
    let version = model_versions::row_locked(db, name, version)?.version;
    let id = identify(db, change, name)?;
    let model = Model { name, id: &id };
    keep(db, change, model, &[version], None)?;
    let kept = retained::live(db, &id, &[version])?
        .pop()
        .ok_or_else(|| Error::internal("A version that is kept was lost."))?;
    let hold = holds::insert(
        db,
        &NewHoldRow {
            retained_id: kept.id,
            model_id: &id,
            version,
            reason,
            placed_at: change.now_ms,
            placed_by: change.actor.known(),
            placed_claimed: change.actor.claimed.as_deref(),
        },
    )?;
    let entry = Entry::of_model(Action::HoldPlaced, name, &id)
        .version(version)
        .after(json!({"hold": hold, "reason": reason}));
    change.write(db, &[entry])?;
    Ok(Done::new(Hold::from(&find(db, &id, version, hold)?)))
}

/// A hold that is to be lifted, with the version that it lies on.
#[derive(Clone, Copy, Debug)]
pub struct HoldToLift<'a> {
    pub name: &'a str,
    pub version: &'a str,
    pub hold: i64,
    /// Why it is lifted.
    pub reason: &'a str,
}

/// Lifts a hold, and returns it. A version that nothing else keeps may be deleted from then on.
pub fn lift(db: &mut Db, change: &Change, to_lift: HoldToLift) -> Decision<Hold> {
    let HoldToLift {
        name,
        version,
        hold,
        reason,
    } = to_lift;
    check_reason(reason)?;
    let version = model_versions::row_locked(db, name, version)?.version;
    let id = identify(db, change, name)?;
    let row = find(db, &id, version, hold)?;
    if !row.is_in_force() {
        let message = format!("Legal hold {hold} has been lifted already.");
        return Err(Error::invalid_parameter(message).into());
    }
    let lift = Lift {
        at: change.now_ms,
        by: change.actor.known(),
        claimed: change.actor.claimed.as_deref(),
        reason,
    };
    holds::lift(db, hold, lift)?;
    let entry = Entry::of_model(Action::HoldLifted, name, &id)
        .version(version)
        .before(json!({"hold": hold, "reason": row.reason}))
        .after(json!({"hold": hold, "reason": reason}));
    change.write(db, &[entry])?;
    let others = holds::in_force(db, &[row.retained_id])?;
    let kept = retained::live(db, &id, &[version])?;
    if others.is_empty() && kept.iter().all(|row| row.keep_until.is_none()) {
        // Nothing but holds has kept it.
        let ids: Vec<i64> = kept.iter().map(|row| row.id).collect();
        retained::release(db, &ids, change.now_ms)?;
        guards::remove(db, &id, version, GuardKind::Retention)?;
    }
    Ok(Done::new(Hold::from(&find(db, &id, version, hold)?)))
}

/// Reads a page of the holds that were ever placed on a version, oldest first.
pub fn page(db: &mut Db, name: &str, version: &str, request: PageRequest) -> Result<Paged<Hold>> {
    let version = model_versions::find(db, name, version)?.version;
    let Some(id) = identity::find(db, name)? else {
        return Ok(Paged::default());
    };
    let rows = holds::page(db, &id, version, request.after, request.rows())?;
    Ok(Paged::of(rows, request, |row| row.id).map(|row| Hold::from(&row)))
}

fn find(db: &mut Db, model_id: &str, version: i32, hold: i64) -> Result<HoldRow> {
    holds::find(db, model_id, version, hold)?.ok_or_else(|| {
        Error::does_not_exist(format!("There is no legal hold {hold} on this version."))
    })
}

fn check_reason(reason: &str) -> Result<()> {
    if reason.trim().is_empty() {
        return Err(Error::invalid_parameter(
            "A legal hold is placed and lifted with a 'reason', which must not be empty.",
        ));
    }
    if reason.chars().count() > LONGEST_REASON {
        return Err(Error::invalid_parameter(format!(
            "The 'reason' of a legal hold has at most {LONGEST_REASON} letters."
        )));
    }
    Ok(())
}
