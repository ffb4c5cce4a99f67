//! What versions consisted of when they passed their first gate. Rows are added, and never changed;
//! they may be removed once their version is gone.

#![expect(
    clippy::ref_option_ref,
    reason = "Diesel's derive takes references to the fields"
)]

use std::collections::HashMap;

use diesel::prelude::*;

use crate::error::Result;
use crate::store::Db;
use crate::store::schema::flowkeep_seals as table;

pub const SEALED: &str = "sealed";
pub const UNSEALED: &str = "unsealed";

#[derive(Insertable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
pub struct NewRow<'a> {
    pub model_id: &'a str,
    pub version: i32,
    pub version_created_at: Option<i64>,
    pub state: &'a str,
    pub reason: Option<&'a str>,
    pub location: &'a str,
    pub address: Option<&'a str>,
    pub digest: Option<&'a str>,
    pub manifest: Option<&'a str>,
    pub sealed_at: i64,
}

/// A seal without its manifest, which may be large.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = table)]
pub struct Row {
    pub id: i64,
    pub version: i32,
    pub version_created_at: Option<i64>,
    pub state: String,
    pub reason: Option<String>,
    pub location: String,
    pub address: Option<String>,
    pub digest: Option<String>,
    pub sealed_at: i64,
}

impl Row {
    pub fn is_sealed(&self) -> bool {
        self.state == SEALED
    }
}

pub fn insert(db: &mut Db, row: &NewRow) -> Result<()> {
    diesel::insert_into(table::table).values(row).execute(db)?;
    Ok(())
}

/// By version: its seal, else what was last said about why it has none. `versions` are numbers with
/// the time at which each was created, because a number may have belonged to another one before.
pub fn of_versions(
    db: &mut Db,
    model_id: &str,
    versions: &[(i32, Option<i64>)],
) -> Result<HashMap<i32, Row>> {
    let mut found: HashMap<i32, Row> = HashMap::new();
    for versions in versions.chunks(super::VALUES_PER_STATEMENT) {
        let numbers: Vec<i32> = versions.iter().map(|(number, _)| *number).collect();
        let created: HashMap<i32, Option<i64>> = versions.iter().copied().collect();
        let rows: Vec<Row> = table::table
            .filter(table::model_id.eq(model_id))
            .filter(table::version.eq_any(numbers))
            .order(table::id)
            .select(Row::as_select())
            .load(db)?;
        for row in rows {
            let is_of_it = created.get(&row.version) == Some(&row.version_created_at);
            let is_final = found.get(&row.version).is_some_and(Row::is_sealed);
            if is_of_it && !is_final {
                found.insert(row.version, row);
            }
        }
    }
    Ok(found)
}

/// The manifest of a seal, as it was written.
pub fn manifest(db: &mut Db, id: i64) -> Result<Option<String>> {
    Ok(table::table
        .find(id)
        .select(table::manifest)
        .get_result::<Option<String>>(db)
        .optional()?
        .flatten())
}
