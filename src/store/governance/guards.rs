//! Folders of artifacts that must not change: those of sealed versions, and of versions within their retention.

use diesel::prelude::*;

use crate::error::Result;
use crate::store::in_list::in_list;
use crate::store::schema::{flowkeep_guards as table, flowkeep_models as models};
use crate::store::statement_size::statements;
use crate::store::{Condition, Db, on_backend};

/// The reason why a folder must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardKind {
    /// A version was let into a gated stage or alias with these bytes.
    Seal,
    /// The version is within its retention, or under a legal hold.
    Retention,
}

impl GuardKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Retention => "retention",
        }
    }
}

/// A folder that must not change, and the version that needs it.
#[derive(Clone, Copy, Debug)]
pub struct Guard<'a> {
    pub address: &'a str,
    pub model_id: &'a str,
    pub version: i32,
    pub kind: GuardKind,
}

/// A guard that refuses a change, with the current name of its model.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct BlockingGuard {
    pub address: String,
    pub model: Option<String>,
    pub version: i32,
    kind: String,
}

impl BlockingGuard {
    /// Whether the folder is sealed, and not only kept.
    pub fn is_seal(&self) -> bool {
        self.kind == GuardKind::Seal.as_str()
    }
}

/// Sets a guard. A guard that exists already is not changed.
pub fn set(db: &mut Db, guard: Guard) -> Result<()> {
    set_all(db, &[guard])
}

/// Sets many guards.
pub fn set_all(db: &mut Db, guards: &[Guard]) -> Result<()> {
    for guards in statements(guards, 4) {
        let rows: Vec<_> = guards
            .iter()
            .map(|guard| {
                (
                    table::address.eq(guard.address.trim_end_matches('/')),
                    table::model_id.eq(guard.model_id),
                    table::version.eq(guard.version),
                    table::kind.eq(guard.kind.as_str()),
                )
            })
            .collect();
        on_backend!(db, |connection| diesel::insert_into(table::table)
            .values(&rows)
            .on_conflict_do_nothing()
            .execute(connection))?;
    }
    Ok(())
}

/// Removes the guards of one kind from the folders of a version.
pub fn remove(db: &mut Db, model_id: &str, version: i32, kind: GuardKind) -> Result<()> {
    diesel::delete(table::table)
        .filter(table::model_id.eq(model_id))
        .filter(table::version.eq(version))
        .filter(table::kind.eq(kind.as_str()))
        .execute(db)?;
    Ok(())
}

/// Removes all guards from the folders of deleted versions. The database allows this only after the history says
/// that they were deleted.
pub fn remove_all(db: &mut Db, model_id: &str, versions: &[i32]) -> Result<()> {
    for versions in statements(versions, 1) {
        diesel::delete(table::table)
            .filter(table::model_id.eq(model_id))
            .filter(in_list(table::version, versions))
            .execute(db)?;
    }
    Ok(())
}

/// The part of a folder that a change concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The file alone.
    File,
    /// The file, or the folder with all that is in it.
    AllBelow,
}

/// Returns a guard that refuses a change at an address, if there is one.
pub fn blocking(db: &mut Db, address: &str, extent: Extent) -> Result<Option<BlockingGuard>> {
    let at_or_above: Condition<table::table> =
        Box::new(in_list(table::address, at_or_above(address)));
    let condition: Condition<table::table> = match extent {
        Extent::File => at_or_above,
        Extent::AllBelow => {
            // The letter after the slash ends the range of what begins with a slash.
            let folder = address.trim_end_matches('/');
            let (first, end) = (format!("{folder}/"), format!("{folder}0"));
            Box::new(at_or_above.or(table::address.ge(first).and(table::address.lt(end))))
        }
    };
    let found: Option<(String, String, i32, String)> = table::table
        .filter(condition)
        .select((table::address, table::model_id, table::version, table::kind))
        .order((table::kind.desc(), table::address, table::version))
        .first(db)
        .optional()?;
    let Some((address, model_id, version, kind)) = found else {
        return Ok(None);
    };
    let model = models::table
        .find(&model_id)
        .select(models::name)
        .get_result(db)
        .optional()?;
    Ok(Some(BlockingGuard {
        address,
        model,
        version,
        kind,
    }))
}

/// An address and the folders that it is in.
fn at_or_above(address: &str) -> Vec<String> {
    let address = address.trim_end_matches('/');
    address
        .match_indices('/')
        .map(|(end, _)| address[..end].to_owned())
        .chain([address.to_owned()])
        .filter(|folder| !folder.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_from_the_top() {
        assert_eq!(
            at_or_above("mlflow-artifacts:/1/a/"),
            [
                "mlflow-artifacts:",
                "mlflow-artifacts:/1",
                "mlflow-artifacts:/1/a"
            ]
        );
    }
}
