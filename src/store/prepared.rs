//! Statements written as SQL, for the few that run most often. Diesel prepares a statement with ON CONFLICT DO
//! UPDATE anew for each use; these stay prepared on their connection.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Text;

use super::Db;

/// A statement that binds a list of values. A connection keeps it prepared under the name of the type.
pub trait Statement: 'static {
    const BEFORE_VALUES: &'static str;
    const AFTER_VALUES: &'static str;
}

/// A statement that returns rows.
pub trait RowStatement: Statement {
    /// The types of the columns.
    type Columns;
}

/// A statement with its values.
pub struct Prepared<Name, Values> {
    name: PhantomData<Name>,
    values: Values,
}

/// Binds values to a statement. The values are a tuple of `value.into_sql::<Type>()`.
pub fn prepared<Name: Statement, Values>(values: Values) -> Prepared<Name, Values> {
    Prepared {
        name: PhantomData,
        values,
    }
}

impl<Name: Statement, Values> QueryId for Prepared<Name, Values> {
    type QueryId = Prepared<Name, ()>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Name, Values, DB> QueryFragment<DB> for Prepared<Name, Values>
where
    Name: Statement,
    Values: QueryFragment<DB>,
    DB: Backend,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(Name::BEFORE_VALUES);
        self.values.walk_ast(out.reborrow())?;
        out.push_sql(Name::AFTER_VALUES);
        Ok(())
    }
}

impl<Name: RowStatement, Values> Query for Prepared<Name, Values> {
    type SqlType = Name::Columns;
}

impl<Name, Values, Connection> RunQueryDsl<Connection> for Prepared<Name, Values> {}

/// A key and a value of a run.
#[derive(Clone, Copy)]
pub struct PairOfRun<'a> {
    pub run_id: &'a str,
    pub key: &'a str,
    pub value: &'a str,
}

/// Runs a statement for keys and values of runs, and returns how many rows it changed. On SQLite the statement
/// takes one row, on PostgreSQL a list for each column.
pub fn run_for_pairs<OnSqlite: Statement, OnPostgres: Statement>(
    db: &mut Db,
    pairs: &[PairOfRun],
) -> QueryResult<usize> {
    match db {
        Db::Sqlite(connection) => {
            let mut changed = 0;
            for PairOfRun { run_id, key, value } in pairs {
                let values = (
                    key.into_sql::<Text>(),
                    value.into_sql::<Text>(),
                    run_id.into_sql::<Text>(),
                );
                changed += prepared::<OnSqlite, _>(values).execute(connection)?;
            }
            Ok(changed)
        }
        Db::Postgres(connection) => {
            fn column<'a>(
                pairs: &[PairOfRun<'a>],
                of: impl Fn(&PairOfRun<'a>) -> &'a str,
            ) -> Vec<&'a str> {
                pairs.iter().map(of).collect()
            }
            let values = (
                column(pairs, |pair| pair.key).into_sql::<Array<Text>>(),
                column(pairs, |pair| pair.value).into_sql::<Array<Text>>(),
                column(pairs, |pair| pair.run_id).into_sql::<Array<Text>>(),
            );
            prepared::<OnPostgres, _>(values).execute(connection)
        }
    }
}
