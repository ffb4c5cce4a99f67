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
use crate::store::in_list::in_list;
use crate::store::schema::flowkeep_seals as table;
use crate::store::statement_size::statements;

/// The outcome of a seal whose manifest was fixed.
pub const SEALED: &str = "sealed";
/// The outcome of a seal without a manifest, because the server could not read the artifacts.
pub const UNSEALED: &str = "unsealed";

/// A row that is to be added to `flowkeep_seals`.
#[derive(Insertable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
pub struct NewSealRow<'a> {
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

/// A row of `flowkeep_seals` without its manifest, which may be large.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = table)]
pub struct SealRow {
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

impl SealRow {
    /// Whether the content was fixed. Else the row says why it could not be.
    pub fn is_sealed(&self) -> bool {
        self.state == SEALED
    }
}

/// Adds a seal, or the reason why there is none.
pub fn insert(db: &mut Db, row: &NewSealRow) -> Result<()> {
    diesel::insert_into(table::table).values(row).execute(db)?;
    Ok(())
}

/// A version, told from an earlier one of its number by the time at which it was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionKey {
    pub version: i32,
    pub created_at: Option<i64>,
}

/// Returns by version its seal, else what was last said about why it has none. A seal of another
/// version that had the number before does not count.
pub fn of_versions(
    db: &mut Db,
    model_id: &str,
    versions: &[VersionKey],
) -> Result<HashMap<i32, SealRow>> {
    let mut found: HashMap<i32, SealRow> = HashMap::new();
    for versions in statements(versions, 1) {
        let numbers: Vec<i32> = versions.iter().map(|key| key.version).collect();
        let created: HashMap<i32, Option<i64>> = versions
            .iter()
            .map(|key| (key.version, key.created_at))
            .collect();
        let rows: Vec<SealRow> = table::table
            .filter(table::model_id.eq(model_id))
            .filter(in_list(table::version, numbers))
            .order(table::id)
            .select(SealRow::as_select())
            .load(db)?;
        for row in rows {
            let is_of_it = created.get(&row.version) == Some(&row.version_created_at);
            let is_final = found.get(&row.version).is_some_and(SealRow::is_sealed);
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
