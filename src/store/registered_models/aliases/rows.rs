//! Rows of aliases.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::error::Result;
use crate::store::in_list::in_list;
use crate::store::schema::registered_model_aliases::dsl;
use crate::store::statement_size::statements;
use crate::store::{Db, WORKSPACE};
use crate::wire::{ModelVersion, RegisteredModelAlias};

/// The aliases of each of the models, by its name.
pub fn of_models(
    db: &mut Db,
    names: &[String],
) -> Result<HashMap<String, Vec<RegisteredModelAlias>>> {
    let mut aliases: HashMap<String, Vec<RegisteredModelAlias>> = HashMap::new();
    for names in statements(names, 1) {
        let all = dsl::registered_model_aliases
            .filter(dsl::workspace.eq(WORKSPACE))
            .order(dsl::alias)
            .select((dsl::name, dsl::alias, dsl::version));
        let rows: Vec<(String, String, i32)> = match names {
            // Mostly there is one, and then the statement is known.
            [name] => all.filter(dsl::name.eq(name)).load(db)?,
            names => all.filter(in_list(dsl::name, names)).load(db)?,
        };
        for (name, alias, version) in rows {
            aliases.entry(name).or_default().push(RegisteredModelAlias {
                alias: Some(alias),
                version: Some(version.to_string()),
            });
        }
    }
    Ok(aliases)
}

/// Fills in the aliases of versions of one model, which searches leave out.
pub fn add_to(db: &mut Db, name: &str, versions: &mut [ModelVersion]) -> Result<()> {
    let aliases = of_models(db, &[name.to_owned()])?
        .remove(name)
        .unwrap_or_default();
    for version in versions {
        version.aliases = aliases
            .iter()
            .filter(|alias| alias.version == version.version)
            .map(|alias| alias.alias().to_owned())
            .collect();
    }
    Ok(())
}

/// Takes away all aliases of one version.
pub fn delete_of_version(db: &mut Db, name: &str, version: i32) -> Result<()> {
    diesel::delete(dsl::registered_model_aliases)
        .filter(dsl::workspace.eq(WORKSPACE))
        .filter(dsl::name.eq(name))
        .filter(dsl::version.eq(version))
        .execute(db)?;
    Ok(())
}

/// The number of the version that an alias points to.
pub fn target(db: &mut Db, name: &str, alias: &str) -> Result<Option<i32>> {
    Ok(dsl::registered_model_aliases
        .find((WORKSPACE, name, alias))
        .select(dsl::version)
        .get_result(db)
        .optional()?)
}
