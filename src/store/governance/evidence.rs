//! Evidence about versions. Rows are added, and never changed or removed.

#![expect(
    clippy::ref_option_ref,
    reason = "Diesel's derive takes references to the fields"
)]

use diesel::prelude::*;

use crate::error::Result;
use crate::store::Db;
use crate::store::in_list::in_list;
use crate::store::schema::flowkeep_evidence as table;
use crate::store::statement_size::statements;

/// A row that is to be added to `flowkeep_evidence`.
#[derive(Insertable)]
#[diesel(table_name = table, treat_none_as_default_value = false)]
pub struct NewEvidenceRow<'a> {
    pub model_id: &'a str,
    pub version: i32,
    pub version_created_at: Option<i64>,
    pub kind: &'a str,
    pub body: &'a str,
    pub source: Option<&'a str>,
    pub content_digest: Option<&'a str>,
    pub tags_digest: Option<&'a str>,
    pub actor: &'a str,
    pub claimed: Option<&'a str>,
    pub recorded_at: i64,
}

/// A row of `flowkeep_evidence`.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = table)]
pub struct EvidenceRow {
    pub id: i64,
    pub version: i32,
    pub version_created_at: Option<i64>,
    pub kind: String,
    pub body: String,
    pub source: Option<String>,
    pub content_digest: Option<String>,
    pub tags_digest: Option<String>,
    pub actor: String,
    pub claimed: Option<String>,
    pub recorded_at: i64,
}

/// Adds a row and returns its id.
pub fn insert(db: &mut Db, row: &NewEvidenceRow) -> Result<i64> {
    Ok(diesel::insert_into(table::table)
        .values(row)
        .returning(table::id)
        .get_result(db)?)
}

/// Returns all evidence about versions of a model, oldest first.
pub fn of_versions(db: &mut Db, model_id: &str, versions: &[i32]) -> Result<Vec<EvidenceRow>> {
    let mut rows = Vec::new();
    for versions in statements(versions, 1) {
        let all = table::table
            .filter(table::model_id.eq(model_id))
            .order(table::id)
            .select(EvidenceRow::as_select());
        let found: Vec<EvidenceRow> = match versions {
            // Mostly there is one, and then the statement is known.
            [version] => all.filter(table::version.eq(version)).load(db)?,
            versions => all.filter(in_list(table::version, versions)).load(db)?,
        };
        rows.extend(found);
    }
    Ok(rows)
}

/// Evidence about one version that came after `after`.
pub fn page(
    db: &mut Db,
    model_id: &str,
    version: i32,
    after: i64,
    limit: i64,
) -> Result<Vec<EvidenceRow>> {
    Ok(table::table
        .filter(table::model_id.eq(model_id))
        .filter(table::version.eq(version))
        .filter(table::id.gt(after))
        .order(table::id)
        .limit(limit)
        .select(EvidenceRow::as_select())
        .load(db)?)
}
