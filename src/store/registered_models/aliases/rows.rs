//! Rows of aliases.

use std::collections::{BTreeSet, HashMap};

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

/// Fills in the aliases of versions, of however many models, in one query.
pub fn add_to(db: &mut Db, versions: &mut [ModelVersion]) -> Result<()> {
    let names: BTreeSet<&str> = versions.iter().map(ModelVersion::name).collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let aliases = of_models(db, &names)?;
    distribute(&aliases, versions);
    Ok(())
}

/// Gives each version those of the aliases that point to it.
pub(crate) fn distribute(
    aliases: &HashMap<String, Vec<RegisteredModelAlias>>,
    versions: &mut [ModelVersion],
) {
    let mut of_versions: HashMap<(&str, &str), Vec<String>> = HashMap::new();
    for (name, aliases) in aliases {
        for alias in aliases {
            let of_version = of_versions.entry((name, alias.version())).or_default();
            of_version.push(alias.alias().to_owned());
        }
    }
    for version in versions {
        let key = (version.name(), version.version());
        version.aliases = of_versions.get(&key).cloned().unwrap_or_default();
    }
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
