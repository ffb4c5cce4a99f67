//! Legal holds. A row is written when one is placed and once more when it is lifted.

#![expect(
    clippy::ref_option_ref,
    reason = "Diesel's derive takes references to the fields"
)]

use std::collections::HashMap;

use diesel::prelude::*;

use crate::error::Result;
use crate::store::Db;
use crate::store::in_list::in_list;
use crate::store::schema::flowkeep_legal_holds as table;
use crate::store::statement_size::statements;

/// A row that is to be added to `flowkeep_legal_holds`.
#[derive(Insertable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
pub struct NewHoldRow<'a> {
    pub retained_id: i64,
    pub model_id: &'a str,
    pub version: i32,
    pub reason: &'a str,
    pub placed_at: i64,
    pub placed_by: &'a str,
    pub placed_claimed: Option<&'a str>,
}

/// A row of `flowkeep_legal_holds`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = table)]
pub struct HoldRow {
    pub id: i64,
    pub retained_id: i64,
    pub model_id: String,
    pub version: i32,
    pub reason: String,
    pub placed_at: i64,
    pub placed_by: String,
    pub placed_claimed: Option<String>,
    pub lifted_at: Option<i64>,
    pub lifted_by: Option<String>,
    pub lifted_claimed: Option<String>,
    pub lift_reason: Option<String>,
}

impl HoldRow {
    /// Whether it was not lifted.
    pub fn is_in_force(&self) -> bool {
        self.lifted_at.is_none()
    }
}

/// Adds a hold and returns its id.
pub fn insert(db: &mut Db, row: &NewHoldRow) -> Result<i64> {
    Ok(diesel::insert_into(table::table)
        .values(row)
        .returning(table::id)
        .get_result(db)?)
}

/// Returns a hold of a version by its id.
pub fn find(db: &mut Db, model_id: &str, version: i32, id: i64) -> Result<Option<HoldRow>> {
    Ok(table::table
        .find(id)
        .filter(table::model_id.eq(model_id))
        .filter(table::version.eq(version))
        .select(HoldRow::as_select())
        .first(db)
        .optional()?)
}

/// The holds that were ever placed on a version, after an id.
pub fn page(
    db: &mut Db,
    model_id: &str,
    version: i32,
    after: i64,
    limit: i64,
) -> Result<Vec<HoldRow>> {
    Ok(table::table
        .filter(table::model_id.eq(model_id))
        .filter(table::version.eq(version))
        .filter(table::id.gt(after))
        .order(table::id)
        .limit(limit)
        .select(HoldRow::as_select())
        .load(db)?)
}

/// What is in force, by the ids of the kept versions that it lies on.
pub fn in_force(db: &mut Db, retained_ids: &[i64]) -> Result<HashMap<i64, Vec<HoldRow>>> {
    let mut found: HashMap<i64, Vec<HoldRow>> = HashMap::new();
    for ids in statements(retained_ids, 1) {
        let rows: Vec<HoldRow> = table::table
            .filter(in_list(table::retained_id, ids))
            .filter(table::lifted_at.is_null())
            .order(table::id)
            .select(HoldRow::as_select())
            .load(db)?;
        for row in rows {
            found.entry(row.retained_id).or_default().push(row);
        }
    }
    Ok(found)
}

/// Who lifts a hold, when and why.
#[derive(Clone, Copy, Debug)]
pub struct Lift<'a> {
    pub at: i64,
    pub by: &'a str,
    pub claimed: Option<&'a str>,
    pub reason: &'a str,
}

/// Writes down that a hold was lifted.
pub fn lift(db: &mut Db, id: i64, lift: Lift) -> Result<()> {
    diesel::update(table::table.find(id))
        .set((
            table::lifted_at.eq(lift.at),
            table::lifted_by.eq(lift.by),
            table::lifted_claimed.eq(lift.claimed),
            table::lift_reason.eq(lift.reason),
        ))
        .execute(db)?;
    Ok(())
}
