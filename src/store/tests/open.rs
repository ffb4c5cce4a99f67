//! Creating, adopting and refusing databases.

use std::fs;
use std::path::Path;
use std::thread;

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::TestDatabase;
use crate::config::{DatabaseUri, MlflowSchema};
use crate::store::schema::flowkeep_schema;
use crate::store::{DatabaseState, Db, Head, OpenError, check, checkpoint, initialize, prepare};

/// MLflow's tables at the default schema, with so many of flowkeep's migrations still to be made.
fn adopted(pending: usize) -> DatabaseState {
    DatabaseState::Mlflow {
        head: Head::Known(MlflowSchema::default()),
        pending,
    }
}

/// A database as a program that is not flowkeep leaves it: in one file, without a log beside it.
fn write_sqlite(path: &Path, statements: &str) {
    let mut connection = SqliteConnection::establish(&path.display().to_string()).unwrap();
    connection.batch_execute(statements).unwrap();
}

fn path(uri: &DatabaseUri) -> &Path {
    match uri {
        DatabaseUri::Sqlite(path) => path,
        DatabaseUri::Postgres(_) => panic!("a SQLite database"),
    }
}

/// The error, without what differs from run to run.
fn reason(database: &TestDatabase, outcome: Result<DatabaseState, OpenError>) -> String {
    outcome
        .unwrap_err()
        .to_string()
        .replace(&database.uri().to_string(), "[database]")
}

#[test]
fn a_check_creates_nothing() {
    let database = TestDatabase::empty_sqlite();
    assert_eq!(check(database.uri()).unwrap(), DatabaseState::NoFile);
    assert!(!path(database.uri()).exists());
}

#[test]
fn sqlite_is_created_once() {
    is_created_once(&TestDatabase::empty_sqlite());
}

#[test]
fn postgres_is_created_once() {
    is_created_once(&TestDatabase::empty_postgres());
}

fn is_created_once(database: &TestDatabase) {
    assert_eq!(initialize(database.uri()).unwrap(), DatabaseState::Empty);
    let ready = adopted(0);
    assert_eq!(check(database.uri()).unwrap(), ready);
    assert_eq!(initialize(database.uri()).unwrap(), ready);
}

#[test]
fn a_sqlite_database_of_mlflow_is_adopted() {
    is_adopted(&TestDatabase::sqlite());
}

#[test]
fn a_postgres_database_of_mlflow_is_adopted() {
    is_adopted(&TestDatabase::postgres());
}

/// What was made is in the file before the server starts, not in a log that its first writers would have to copy.
#[test]
fn an_adopted_database_begins_with_an_empty_log() {
    let database = TestDatabase::sqlite();
    let file = path(database.uri());
    as_mlflow_left_it(&mut database.connect());
    let reader = &mut database.connect();
    initialize(database.uri()).unwrap();
    let log = file.with_file_name("mlflow.db-wal");
    assert_eq!(fs::metadata(log).unwrap().len(), 0);
    assert!(
        flowkeep_schema::table
            .count()
            .get_result::<i64>(reader)
            .unwrap()
            > 0
    );
}

fn is_adopted(database: &TestDatabase) {
    let own_migrations = |db: &mut Db| {
        flowkeep_schema::table
            .select(flowkeep_schema::version)
            .order(flowkeep_schema::version)
            .load::<String>(db)
            .unwrap()
    };
    let mut before = own_migrations(&mut database.connect());
    before.retain(|version| version != "0001");
    as_mlflow_left_it(&mut database.connect());

    let pending = before.len();
    assert!(pending > 0);
    assert_eq!(check(database.uri()).unwrap(), adopted(pending));
    let mut steps = Vec::new();
    let found = prepare(database.uri(), MlflowSchema::default(), |step| {
        steps.push(step);
    });
    assert_eq!(found.unwrap(), adopted(pending));
    let numbers: Vec<_> = steps.iter().map(|step| step.number).collect();
    assert_eq!(numbers, (1..=pending).collect::<Vec<_>>());
    assert!(
        steps
            .iter()
            .all(|step| step.total == pending && !step.makes.is_empty())
    );
    assert_eq!(own_migrations(&mut database.connect()), before);
}

/// Takes away everything that is flowkeep's.
fn as_mlflow_left_it(db: &mut Db) {
    #[derive(QueryableByName)]
    struct Own {
        #[diesel(sql_type = diesel::sql_types::Text)]
        statement: String,
    }
    // What hangs on something goes before it.
    let own = match db {
        Db::Sqlite(_) => {
            "SELECT 'DROP ' || type || ' ' || name AS statement FROM sqlite_master \
             WHERE type IN ('index', 'table', 'trigger', 'view') AND name LIKE 'flowkeep%' \
             ORDER BY CASE type WHEN 'trigger' THEN 1 WHEN 'view' THEN 2 WHEN 'index' THEN 3 ELSE 4 END"
        }
        Db::Postgres(_) => {
            "SELECT 'DROP INDEX ' || indexname AS statement FROM pg_indexes \
             WHERE indexname LIKE 'flowkeep%' AND tablename NOT LIKE 'flowkeep%' \
             UNION ALL SELECT 'DROP FUNCTION ' || CAST(CAST(oid AS regprocedure) AS TEXT) || ' CASCADE' \
             FROM pg_proc WHERE proname LIKE 'flowkeep%' \
             UNION ALL SELECT 'DROP TABLE ' || tablename || ' CASCADE' FROM pg_tables \
             WHERE tablename LIKE 'flowkeep%'"
        }
    };
    let own: Vec<Own> = diesel::sql_query(own).load(db).unwrap();
    for Own { statement } in own {
        diesel::sql_query(statement).execute(db).unwrap();
    }
}

/// Neither a check nor a start may write to the file, not even to note another kind of journal.
fn is_refused(statements: &str) -> String {
    let database = TestDatabase::empty_sqlite();
    let path = path(database.uri());
    write_sqlite(path, statements);
    let before = fs::read(path).unwrap();

    let checked = reason(&database, check(database.uri()));
    let started = reason(&database, initialize(database.uri()));
    assert_eq!(checked, started);
    assert!(fs::read(path).unwrap() == before, "the file has changed");
    started
}

#[test]
fn another_head_is_refused() {
    let refused = is_refused(
        "CREATE TABLE experiments (id INTEGER);
         CREATE TABLE alembic_version (version_num VARCHAR(32));
         INSERT INTO alembic_version VALUES ('0a8213491aaa');",
    );
    insta::assert_snapshot!(refused, @"The database [database] is at an older schema of MLflow (0a8213491aaa) than those that flowkeep works with. Back it up, run `mlflow db upgrade` of MLflow 3.17.2 on it, and start again. Nothing was changed.");
}

#[test]
fn a_database_that_does_not_say_its_schema_is_refused() {
    for (rows, count) in [
        ("", 0),
        ("INSERT INTO alembic_version VALUES ('a'), ('b');", 2),
    ] {
        let refused = is_refused(&format!(
            "CREATE TABLE experiments (id INTEGER);
             CREATE TABLE alembic_version (version_num VARCHAR(32));
             {rows}"
        ));
        assert!(
            refused.contains(&format!("alembic_version has {count} rows")),
            "{refused}"
        );
    }
}

#[test]
fn a_new_database_can_have_the_newer_schema_on_sqlite() {
    has_the_newer_schema(&TestDatabase::empty_sqlite());
}

#[test]
fn a_new_database_can_have_the_newer_schema_on_postgres() {
    has_the_newer_schema(&TestDatabase::empty_postgres());
}

fn has_the_newer_schema(database: &TestDatabase) {
    let schema = MlflowSchema::V3_18_0;
    assert_eq!(
        prepare(database.uri(), schema, |_| {}).unwrap(),
        DatabaseState::Empty
    );
    let ready = DatabaseState::Mlflow {
        head: Head::Known(schema),
        pending: 0,
    };
    // A server that is started on it leaves its schema as it is.
    assert_eq!(initialize(database.uri()).unwrap(), ready);
    diesel::sql_query("INSERT INTO skills (name, created_at, last_updated_at) VALUES ('a', 1, 1)")
        .execute(&mut database.connect())
        .unwrap();
}

#[test]
fn an_unknown_head_is_taken_if_the_tables_fit_on_sqlite() {
    is_taken_at_an_unknown_head(&TestDatabase::sqlite());
}

#[test]
fn an_unknown_head_is_taken_if_the_tables_fit_on_postgres() {
    is_taken_at_an_unknown_head(&TestDatabase::postgres());
}

fn is_taken_at_an_unknown_head(database: &TestDatabase) {
    as_mlflow_left_it(&mut database.connect());
    run(
        database,
        &[
            "UPDATE alembic_version SET version_num = '0123456789ab'",
            // What a newer MLflow may bring along without harm.
            "CREATE TABLE novelties (id INTEGER PRIMARY KEY)",
            "ALTER TABLE runs ADD COLUMN mood VARCHAR(20)",
            "ALTER TABLE model_versions ADD COLUMN colour VARCHAR(20) DEFAULT 'blue' NOT NULL",
            "DROP TABLE job_locks",
        ],
    );
    let found = initialize(database.uri()).unwrap();
    assert_eq!(found.unknown_head(), Some("0123456789ab"));
    assert!(check(database.uri()).unwrap().is_ready());
}

/// What each change keeps flowkeep from, in words.
#[test]
fn tables_that_do_not_fit_are_refused_on_sqlite() {
    let outcome = |statements: &[&str]| {
        let database = TestDatabase::sqlite();
        run(&database, statements);
        misfits(&database)
    };
    assert_eq!(
        outcome(&["DROP TABLE params"]),
        "the table params is missing"
    );
    assert_eq!(
        outcome(&["ALTER TABLE runs RENAME COLUMN user_id TO person"]),
        "the column runs.user_id is missing"
    );
    assert_eq!(
        outcome(&[
            "DROP TABLE params",
            "CREATE TABLE params (key VARCHAR(250), value FLOAT NOT NULL, run_uuid VARCHAR(32) NOT NULL, \
             since BIGINT NOT NULL, PRIMARY KEY (key, run_uuid, since))",
        ]),
        "the column params.key may be NULL; the column params.value holds FLOAT; the column params.since is new and \
         cannot be left out; the key of params is (key, run_uuid, since) and not (key, run_uuid)"
    );
    assert!(
        outcome(&[
            "PRAGMA foreign_keys = OFF",
            "DROP TABLE webhooks",
            "DROP TABLE webhook_events",
            "DROP TABLE tags",
            "DROP TABLE params",
            "DROP TABLE input_tags",
            "DROP TABLE datasets"
        ])
        .ends_with("the table webhooks is missing; and 1 more")
    );
}

#[test]
fn tables_that_do_not_fit_are_refused_on_postgres() {
    let database = TestDatabase::postgres();
    run(
        &database,
        &[
            "ALTER TABLE params ALTER COLUMN value TYPE BIGINT USING 0",
            "ALTER TABLE tags ALTER COLUMN value SET NOT NULL",
            "ALTER TABLE metrics ALTER COLUMN step TYPE INTEGER",
            "ALTER TABLE inputs ALTER COLUMN input_uuid DROP NOT NULL",
            "ALTER TABLE webhooks ALTER COLUMN status TYPE TEXT",
            "ALTER TABLE input_tags DROP CONSTRAINT input_tags_pk",
        ],
    );
    assert_eq!(
        misfits(&database),
        "the column metrics.step holds integer; the column params.value holds bigint; the column tags.value cannot be \
         left out; the column inputs.input_uuid may be NULL; the key of input_tags is () and not (input_uuid, name)"
    );
}

fn run(database: &TestDatabase, statements: &[&str]) {
    let mut db = database.connect();
    for statement in statements {
        db.batch_execute(statement).unwrap();
    }
}

fn misfits(database: &TestDatabase) -> String {
    match check(database.uri()) {
        Err(OpenError::Misfit { misfits, .. }) => misfits,
        other => panic!("{other:?}"),
    }
}

#[test]
fn foreign_tables_are_refused() {
    insta::assert_snapshot!(is_refused("CREATE TABLE invoices (id INTEGER);"), @r"The database [database] holds tables that are not MLflow's (invoices, …). Give flowkeep an empty database, or one that MLflow made. Nothing was changed.");
}

#[test]
fn another_program_with_alembic_is_refused() {
    let refused = is_refused(
        "CREATE TABLE alembic_version (version_num VARCHAR(32));
         INSERT INTO alembic_version VALUES ('dc11669786a5');",
    );
    insta::assert_snapshot!(refused, @r"The database [database] holds tables that are not MLflow's (alembic_version, …). Give flowkeep an empty database, or one that MLflow made. Nothing was changed.");
}

#[test]
fn a_database_of_a_newer_flowkeep_is_refused() {
    let database = TestDatabase::sqlite();
    diesel::sql_query("INSERT INTO flowkeep_schema VALUES ('9999', 0)")
        .execute(&mut database.connect())
        .unwrap();
    let refused = reason(&database, initialize(database.uri()));
    insta::assert_snapshot!(refused, @r"A newer flowkeep has worked with the database [database] (its migration 9999 is unknown to this one). Use that one again. Nothing was changed.");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let database = TestDatabase::empty_sqlite();
    fs::write(
        path(database.uri()),
        "a letter to a friend, which is long enough",
    )
    .unwrap();
    insta::assert_snapshot!(reason(&database, initialize(database.uri())), @r"The database [database] cannot be opened: file is not a database.");
}

#[test]
fn postgres_with_foreign_tables_is_refused() {
    let database = TestDatabase::empty_postgres();
    diesel::sql_query("CREATE TABLE invoices (id INTEGER)")
        .execute(&mut database.connect())
        .unwrap();
    let refused = initialize(database.uri()).unwrap_err();
    assert!(matches!(refused, OpenError::ForeignTables { example, .. } if example == "invoices"));
}

#[test]
fn servers_that_start_at_once_do_not_collide_on_sqlite() {
    start_at_once(&TestDatabase::empty_sqlite());
}

#[test]
fn servers_that_start_at_once_do_not_collide_on_postgres() {
    start_at_once(&TestDatabase::empty_postgres());
}

fn start_at_once(database: &TestDatabase) {
    let found: Vec<DatabaseState> = thread::scope(|scope| {
        let starting: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| initialize(database.uri()).unwrap()))
            .collect();
        starting
            .into_iter()
            .map(|server| server.join().unwrap())
            .collect()
    });
    let creators = found
        .iter()
        .filter(|found| **found == DatabaseState::Empty)
        .count();
    assert_eq!(creators, 1, "{found:?}");
}

#[test]
fn after_a_checkpoint_the_file_is_complete_by_itself() {
    let database = TestDatabase::sqlite();
    let mut writer = database.connect();
    diesel::sql_query("INSERT INTO flowkeep_schema VALUES ('a', 0)")
        .execute(&mut writer)
        .unwrap();
    checkpoint(database.uri()).unwrap();

    let copy = TestDatabase::empty_sqlite();
    fs::copy(path(database.uri()), path(copy.uri())).unwrap();
    let copied: i64 = flowkeep_schema::table
        .filter(flowkeep_schema::version.eq("a"))
        .count()
        .get_result(&mut copy.connect())
        .unwrap();
    assert_eq!(copied, 1);
}
