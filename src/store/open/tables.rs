//! Holds the tables of a database against what flowkeep reads and writes, whatever its head says: a newer
//! MLflow may have changed them, and so may a person.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::store::Db;

/// What flowkeep uses, as Diesel is told.
const USED: &str = include_str!("../schema.rs");
const OWN_PREFIX: &str = "flowkeep_";

/// A table that flowkeep uses, as it must be.
#[derive(Debug, PartialEq, Eq)]
pub struct UsedTable {
    pub name: &'static str,
    /// The columns of its primary key.
    pub key: Vec<&'static str>,
    pub columns: Vec<UsedColumn>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct UsedColumn {
    pub name: &'static str,
    /// Diesel's name of the type.
    pub holds: &'static str,
    pub nullable: bool,
}

/// A column as the database describes it.
#[derive(Debug, QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    holds: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    #[diesel(sql_type = Bool)]
    has_default: bool,
    #[diesel(sql_type = Bool)]
    in_key: bool,
}

/// Returns what keeps flowkeep from working with MLflow's tables, a few words for each thing.
pub fn misfits(db: &mut Db) -> QueryResult<Vec<String>> {
    let used = used_tables();
    let columns = columns(db, &used)?;
    let can_hold: CanHold = match db {
        Db::Sqlite(_) => can_hold_in_sqlite,
        Db::Postgres(_) => can_hold_in_postgres,
    };
    Ok(used
        .iter()
        .flat_map(|table| {
            let found: Vec<_> = columns
                .iter()
                .filter(|column| column.table_name == table.name)
                .collect();
            misfits_of(table, &found, can_hold)
        })
        .collect())
}

fn misfits_of(table: &UsedTable, found: &[&Column], can_hold: CanHold) -> Vec<String> {
    let name = table.name;
    if found.is_empty() {
        return vec![format!("the table {name} is missing")];
    }
    let mut misfits = Vec::new();
    for used in &table.columns {
        match found.iter().find(|column| column.name == used.name) {
            None => misfits.push(format!("the column {name}.{} is missing", used.name)),
            Some(column) => misfits.extend(misfit_of(used, column, can_hold)),
        }
    }
    let new = found
        .iter()
        .filter(|column| table.columns.iter().all(|used| used.name != column.name));
    for column in new.filter(|column| !column.nullable && !column.has_default) {
        misfits.push(format!(
            "the column {name}.{} is new and cannot be left out",
            column.name
        ));
    }
    let key: Vec<_> = found
        .iter()
        .filter(|column| column.in_key)
        .map(|column| column.name.as_str())
        .collect();
    if key.len() != table.key.len() || table.key.iter().any(|part| !key.contains(part)) {
        misfits.push(format!(
            "the key of {name} is ({}) and not ({})",
            key.join(", "),
            table.key.join(", ")
        ));
    }
    misfits
}

fn misfit_of(used: &UsedColumn, found: &Column, can_hold: CanHold) -> Option<String> {
    let name = format!("{}.{}", found.table_name, found.name);
    if !can_hold(&found.holds, used.holds) {
        Some(format!("the column {name} holds {}", found.holds))
    } else if found.nullable && !used.nullable {
        Some(format!("the column {name} may be NULL"))
    } else if !found.nullable && used.nullable && !found.has_default {
        Some(format!("the column {name} cannot be left out"))
    } else {
        None
    }
}

/// Whether a column of a declared type gives and takes values of one of Diesel's types.
type CanHold = fn(declared: &str, wanted: &str) -> bool;

/// SQLite goes by parts of the name that a column was declared with, and knows integers of one width only.
fn can_hold_in_sqlite(declared: &str, wanted: &str) -> bool {
    let parts: &[&str] = match wanted {
        "Text" => &["char", "text"],
        "Integer" | "BigInt" => &["int"],
        "Double" => &["float", "double", "real"],
        "Bool" => &["bool"],
        _ => &[],
    };
    let declared = declared.to_ascii_lowercase();
    parts.iter().any(|part| declared.contains(part))
}

fn can_hold_in_postgres(declared: &str, wanted: &str) -> bool {
    let names: &[&str] = match wanted {
        "Text" => &["character varying", "text"],
        "Integer" => &["integer"],
        "BigInt" => &["bigint"],
        "Double" => &["double precision"],
        "Bool" => &["boolean"],
        _ => &[],
    };
    names.contains(&declared)
}

/// Returns MLflow's tables that flowkeep uses.
///
/// They are read from the source of the Diesel tables, so that there is no second list of them.
pub fn used_tables() -> Vec<UsedTable> {
    let mut tables: Vec<UsedTable> = Vec::new();
    for line in USED.lines().map(str::trim) {
        if let Some((name, holds)) = line.split_once(" -> ") {
            let holds = holds.trim_end_matches(',');
            let within = holds
                .strip_prefix("Nullable<")
                .and_then(|holds| holds.strip_suffix('>'));
            if let Some(table) = tables.last_mut() {
                table.columns.push(UsedColumn {
                    name,
                    holds: within.unwrap_or(holds),
                    nullable: within.is_some(),
                });
            }
        } else if let Some((name, key)) = line
            .strip_suffix(") {")
            .and_then(|line| line.split_once(" ("))
        {
            tables.push(UsedTable {
                name,
                key: key.split(", ").collect(),
                columns: Vec::new(),
            });
        }
    }
    tables.retain(|table| !table.name.starts_with(OWN_PREFIX));
    tables
}

fn columns(db: &mut Db, tables: &[UsedTable]) -> QueryResult<Vec<Column>> {
    let names: Vec<_> = tables
        .iter()
        .map(|table| format!("'{}'", table.name))
        .collect();
    let names = names.join(", ");
    match db {
        Db::Sqlite(connection) => diesel::sql_query(format!(
            "SELECT t.name AS table_name, c.name, c.type AS holds, c.\"notnull\" = 0 AS nullable, \
                 c.dflt_value IS NOT NULL AS has_default, c.pk > 0 AS in_key \
             FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c \
             WHERE t.type = 'table' AND t.name IN ({names})"
        ))
        .load(connection),
        Db::Postgres(connection) => diesel::sql_query(format!(
            "SELECT CAST(t.relname AS TEXT) AS table_name, CAST(c.attname AS TEXT) AS name, \
                 format_type(c.atttypid, NULL) AS holds, NOT c.attnotnull AS nullable, \
                 c.atthasdef OR c.attidentity <> '' AS has_default, \
                 COALESCE(c.attnum = ANY (CAST(k.indkey AS SMALLINT[])), FALSE) AS in_key \
             FROM pg_class AS t JOIN pg_attribute AS c ON c.attrelid = t.oid \
             LEFT JOIN pg_index AS k ON k.indrelid = t.oid AND k.indisprimary \
             WHERE t.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) \
                 AND t.relkind IN ('r', 'p') \
                 AND c.attnum > 0 AND NOT c.attisdropped AND t.relname IN ({names})"
        ))
        .load(connection),
    }
}

/// Returns the names of all tables, flowkeep's among them.
pub fn table_names(db: &mut Db) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let names: Vec<Name> = match db {
        Db::Sqlite(connection) => diesel::sql_query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
        )
        .load(connection)?,
        Db::Postgres(connection) => diesel::sql_query(
            "SELECT CAST(tablename AS TEXT) AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1",
        )
        .load(connection)?,
    };
    Ok(names.into_iter().map(|row| row.name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_the_tables_can_be_read() {
        let tables = used_tables();
        let own = |line: &&str| line.starts_with("    flowkeep_") && line.ends_with(") {");
        assert_eq!(
            tables.len() + USED.lines().filter(own).count(),
            USED.matches("diesel::table! {").count()
        );
        let runs = tables.iter().find(|table| table.name == "runs").unwrap();
        assert_eq!(runs.key, ["run_uuid"]);
        assert_eq!(runs.columns.len(), 14);
        let end_time = UsedColumn {
            name: "end_time",
            holds: "BigInt",
            nullable: true,
        };
        assert!(runs.columns.contains(&end_time));
        // A type that is not known could be in any column.
        for column in tables.iter().flat_map(|table| &table.columns) {
            let fits = ["VARCHAR(9)", "BIGINT", "FLOAT", "BOOLEAN"]
                .iter()
                .any(|declared| can_hold_in_sqlite(declared, column.holds));
            assert!(fits, "{} {}", column.name, column.holds);
        }
    }
}
