//! The recorded digests of artifacts: size and SHA-256 of one version of each file.

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::schema::flowkeep_artifact_digests as digests;
use super::statement_size::statements;
use super::{Condition, Db, on_backend};
use crate::error::Result;

/// PostgreSQL keeps no longer key in an index. The digest of such an artifact is computed when it is
/// asked for.
const LONGEST_ADDRESS: usize = 2_000;

/// The digest of one version of a file.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = digests, treat_none_as_default_value = false)]
pub struct Digest {
    pub address: String,
    pub size: i64,
    /// The SHA-256 in hexadecimal.
    pub sha256: String,
    /// The version of the file that the digest belongs to. It changes whenever the file is replaced or written to.
    pub version: String,
    pub recorded_at: i64,
    pub recorded_by: Option<String>,
}

impl Digest {
    /// Returns whether the digest belongs to this version of its file.
    pub fn is_of(&self, size: u64, version: &str) -> bool {
        u64::try_from(self.size) == Ok(size) && self.version == version
    }
}

/// Returns whether digests of an address are recorded. PostgreSQL has no index entries for longer addresses.
pub fn is_kept(address: &str) -> bool {
    address.len() <= LONGEST_ADDRESS
}

/// Records digests, and replaces those of the same addresses.
pub fn record(db: &mut Db, new: &[Digest]) -> Result<()> {
    let rows: Vec<_> = new
        .iter()
        .filter(|digest| is_kept(&digest.address))
        .collect();
    for rows in statements(&rows, 6) {
        on_backend!(db, |connection| diesel::insert_into(digests::table)
            .values(rows.to_vec())
            .on_conflict(digests::address)
            .do_update()
            .set((
                digests::size.eq(excluded(digests::size)),
                digests::sha256.eq(excluded(digests::sha256)),
                digests::version.eq(excluded(digests::version)),
                digests::recorded_at.eq(excluded(digests::recorded_at)),
                digests::recorded_by.eq(excluded(digests::recorded_by)),
            ))
            .execute(connection))?;
    }
    Ok(())
}

/// Returns the digest of the file at an address, if one is recorded.
pub fn get(db: &mut Db, address: &str) -> Result<Option<Digest>> {
    let found = digests::table
        .find(address)
        .select(Digest::as_select())
        .first(db)
        .optional()?;
    Ok(found)
}

/// Returns the digests that are recorded for an address and for everything below it.
pub fn at_or_below(db: &mut Db, address: &str) -> Result<Vec<Digest>> {
    let found = digests::table
        .filter(is_at_or_below(address))
        .order(digests::address)
        .select(Digest::as_select())
        .load(db)?;
    Ok(found)
}

/// Removes the digests of an address and of everything below it.
pub fn forget(db: &mut Db, address: &str) -> Result<()> {
    diesel::delete(digests::table.filter(is_at_or_below(address))).execute(db)?;
    Ok(())
}

fn is_at_or_below(address: &str) -> Condition<digests::table> {
    // The letter after the slash ends the range of what begins with a slash.
    let folder = address.trim_end_matches('/');
    let (first, end) = (format!("{folder}/"), format!("{folder}0"));
    Box::new(
        digests::address
            .eq(address.to_owned())
            .or(digests::address.ge(first).and(digests::address.lt(end))),
    )
}
