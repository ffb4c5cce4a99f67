//! The store suite: one list of tests, run on SQLite and on PostgreSQL.

mod artifact_digests;
mod databases;
mod executor;
mod experiments;
mod gates;
mod governance;
mod inputs;
mod limit;
mod logged_model_values;
mod logged_models;
mod metrics;
mod open;
mod plans;
mod policy_costs;
mod registry;
mod registry_searches;
mod retention;
mod rows;
mod runs;
mod seals;
mod search;
mod webhooks;

use databases::TestDatabase;

/// Makes of each named function `fn name(db: &mut Db)` two tests, one for each database.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&mut crate::store::tests::TestDatabase::sqlite().connect());
            })+
        }
        mod postgres {
            $(#[test]
            fn $name() {
                let database = crate::store::tests::TestDatabase::postgres();
                super::$name(&mut database.connect());
            })+
        }
    };
}
use on_both_databases;
