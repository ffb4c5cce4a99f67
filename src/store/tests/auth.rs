//! Auth databases: created, brought to the newest revision, refused; and what is kept in them.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::TestDatabase;
use crate::config::DatabaseUri;
use crate::store::auth::revisions::{self, ALL, HEAD};
use crate::store::auth::role_permissions::NewGrant;
use crate::store::auth::{AuthDatabaseState, check, prepare, roles, snapshot, user_grants, users};
use crate::store::open::table_names;
use crate::store::{DatabaseState, Db, OpenError, initialize};

macro_rules! on_both_empty_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&super::TestDatabase::empty_sqlite());
            })+
        }
        mod postgres {
            $(#[test]
            fn $name() {
                super::$name(&super::TestDatabase::empty_postgres());
            })+
        }
    };
}
on_both_empty_databases!(
    is_created_once,
    is_brought_up_from_each_revision,
    old_grants_become_hidden_roles,
    is_from_before_versions,
    a_newer_revision_is_refused_unchanged,
    a_table_of_somebody_else_is_refused,
    shares_the_tracking_database,
    comes_before_the_tracking_database,
    a_user_is_found_with_all_grants,
    a_deleted_user_leaves_nothing,
    a_renamed_resource_keeps_its_grants,
);

/// The rows of a statement whose only column is `line`.
fn lines(db: &mut Db, statement: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let rows: Vec<Line> = diesel::sql_query(statement).load(db).unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

const GRANTS: &str = "SELECT CAST(r.name || ' ' || r.workspace || ' ' || p.resource_type || ' ' || p.resource_pattern || ' ' \
    || p.permission AS TEXT) AS line FROM role_permissions p JOIN roles r ON r.id = p.role_id ORDER BY p.id";

/// Makes a database as MLflow had it at a revision.
fn at_revision(database: &TestDatabase, position: usize) {
    let mut db = database.connect();
    for revision in &ALL[..=position] {
        revision.reach(&mut db).unwrap();
    }
    revisions::stamp(&mut db, ALL[position].name).unwrap();
}

fn is_created_once(database: &TestDatabase) {
    assert_eq!(check(database.uri()).unwrap(), AuthDatabaseState::Empty);
    assert_eq!(
        prepare(database.uri(), 1).unwrap(),
        AuthDatabaseState::Empty
    );
    assert_eq!(check(database.uri()).unwrap(), AuthDatabaseState::Ready);
    assert_eq!(
        prepare(database.uri(), 1).unwrap(),
        AuthDatabaseState::Ready
    );
    let found = lines(
        &mut database.connect(),
        "SELECT CAST(version_num AS TEXT) AS line FROM alembic_version_auth",
    );
    assert_eq!(found, [HEAD]);
}

fn is_brought_up_from_each_revision(database: &TestDatabase) {
    for (position, older) in ALL.iter().enumerate().take(ALL.len() - 1) {
        empty(database);
        at_revision(database, position);
        let mut db = database.connect();
        db.batch_execute(
            "INSERT INTO users (username, password_hash, is_admin) VALUES ('ann', 'hash', true)",
        )
        .unwrap();
        drop(db);
        let revision = older.name;
        let found = prepare(database.uri(), 1).unwrap();
        let AuthDatabaseState::Older {
            revision: was,
            copy,
        } = found
        else {
            panic!("{found:?}");
        };
        assert_eq!(was, revision);
        let mut db = database.connect();
        assert!(users::get(&mut db, "ann").unwrap().is_admin);
        has_copy(database, &mut db, &copy.unwrap(), revision);
        assert_eq!(check(database.uri()).unwrap(), AuthDatabaseState::Ready);
    }
}

/// The copy has the revision and the users from before.
fn has_copy(database: &TestDatabase, db: &mut Db, copy: &str, revision: &str) {
    let statement = |suffix: &str| {
        format!(
            "SELECT CAST(v.version_num || ' ' || u.username AS TEXT) AS line \
             FROM alembic_version_auth{suffix} v, users{suffix} u"
        )
    };
    let expected = [format!("{revision} ann")];
    match database.uri() {
        DatabaseUri::Sqlite(path) => {
            assert_eq!(copy, format!("{}.before_{revision}", path.display()));
            let mut copied = Db::Sqlite(SqliteConnection::establish(copy).unwrap());
            assert_eq!(lines(&mut copied, &statement("")), expected);
        }
        DatabaseUri::Postgres(_) => {
            assert_eq!(copy, format!("the tables …_before_{revision}"));
            assert_eq!(
                lines(db, &statement(&format!("_before_{revision}"))),
                expected
            );
        }
    }
}

fn empty(database: &TestDatabase) {
    let mut db = database.connect();
    if let Db::Sqlite(connection) = &mut db {
        connection
            .batch_execute("PRAGMA foreign_keys = OFF")
            .unwrap();
    }
    for table in table_names(&mut db).unwrap() {
        let cascade = if matches!(db, Db::Postgres(_)) {
            "CASCADE"
        } else {
            ""
        };
        db.batch_execute(&format!("DROP TABLE {table} {cascade}"))
            .unwrap();
    }
}

const OLD_GRANTS: &str = "
    INSERT INTO users (username, password_hash, is_admin) VALUES ('ann', 'hash', false), ('bob', 'hash', false);
    INSERT INTO workspace_permissions (workspace, user_id, permission)
        VALUES ('team', 1, 'EDIT'), ('default', 1, 'READ'), ('default', 2, 'NO_PERMISSIONS');
    INSERT INTO experiment_permissions (experiment_id, user_id, permission)
        VALUES ('7', 1, 'MANAGE'), ('7', 2, 'NO_PERMISSIONS'), ('8', 2, 'READ');
    INSERT INTO registered_model_permissions (name, user_id, permission, workspace)
        VALUES ('model', 2, 'EDIT', 'team');
    INSERT INTO scorer_permissions (experiment_id, scorer_name, user_id, permission)
        VALUES ('7', 'a/b c', 2, 'READ');
    INSERT INTO gateway_secret_permissions (secret_id, user_id, permission) VALUES ('s', 2, 'USE');";

fn old_grants_become_hidden_roles(database: &TestDatabase) {
    at_revision(database, 4);
    database.connect().batch_execute(OLD_GRANTS).unwrap();
    prepare(database.uri(), 1).unwrap();
    assert_eq!(
        lines(&mut database.connect(), GRANTS),
        [
            "__user_1__ team workspace * USE",
            "__user_1__ team experiment * EDIT",
            "__user_1__ team registered_model * EDIT",
            "__user_1__ team scorer * EDIT",
            "__user_1__ team gateway_secret * EDIT",
            "__user_1__ team gateway_endpoint * EDIT",
            "__user_1__ team gateway_model_definition * EDIT",
            "__user_1__ default workspace * USE",
            "__user_1__ default experiment 7 MANAGE",
            "__user_2__ default experiment 8 READ",
            "__user_2__ team registered_model model EDIT",
            "__user_2__ default scorer 7/a%2Fb%20c READ",
            "__user_2__ default gateway_secret s USE",
        ]
    );
}

/// Servers before 3.6 noted no version.
fn is_from_before_versions(database: &TestDatabase) {
    at_revision(database, 0);
    database
        .connect()
        .batch_execute("DROP TABLE alembic_version_auth")
        .unwrap();
    let found = prepare(database.uri(), 1).unwrap();
    assert!(matches!(found, AuthDatabaseState::Older { revision, .. } if revision == ALL[0].name));
    assert_eq!(check(database.uri()).unwrap(), AuthDatabaseState::Ready);
}

fn a_newer_revision_is_refused_unchanged(database: &TestDatabase) {
    prepare(database.uri(), 1).unwrap();
    let mut db = database.connect();
    revisions::stamp(&mut db, "0123456789ab").unwrap();
    let before = table_names(&mut db).unwrap();
    drop(db);
    let refused = prepare(database.uri(), 1).unwrap_err();
    assert!(
        matches!(&refused, OpenError::UnknownAuthHead { found, .. } if found == "0123456789ab")
    );
    assert_eq!(table_names(&mut database.connect()).unwrap(), before);
}

fn a_table_of_somebody_else_is_refused(database: &TestDatabase) {
    let table = "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, email TEXT)";
    database.connect().batch_execute(table).unwrap();
    let refused = prepare(database.uri(), 1).unwrap_err();
    assert!(matches!(refused, OpenError::ForeignTables { .. }));
    // Nor is it taken for an empty tracking database.
    let refused = initialize(database.uri()).unwrap_err();
    assert!(matches!(refused, OpenError::ForeignTables { .. }));
}

fn shares_the_tracking_database(database: &TestDatabase) {
    initialize(database.uri()).unwrap();
    assert_eq!(
        prepare(database.uri(), 1).unwrap(),
        AuthDatabaseState::Empty
    );
    let mut db = database.connect();
    // A grant on a prompt, from before prompts were a kind of their own.
    db.batch_execute(
        "INSERT INTO registered_models (name, workspace) VALUES ('p', 'default'), ('m', 'default');
         INSERT INTO registered_model_tags (key, value, name, workspace) VALUES ('mlflow.prompt.is_prompt', 'True', 'p', 'default');
         INSERT INTO users (username) VALUES ('ann');",
    )
    .unwrap();
    for name in ["p", "m", "*"] {
        let grant = NewGrant {
            resource_type: "registered_model".to_owned(),
            resource_pattern: name.to_owned(),
            permission: "EDIT".to_owned(),
        };
        user_grants::set(&mut db, "ann", "default", &grant).unwrap();
    }
    revisions::stamp(&mut db, "e5f6a7b8c9d0").unwrap();
    drop(db);
    let found = prepare(database.uri(), 1).unwrap();
    let AuthDatabaseState::Older { copy, .. } = found else {
        panic!("{found:?}");
    };
    // A copy of the whole tracking database could be large.
    assert_eq!(copy.as_deref(), Some("the tables …_before_e5f6a7b8c9d0"));
    assert_eq!(
        lines(&mut database.connect(), GRANTS),
        [
            "__user_1__ default prompt p EDIT",
            "__user_1__ default registered_model m EDIT",
            "__user_1__ default registered_model * EDIT",
        ]
    );
    let ready = initialize(database.uri()).unwrap();
    assert!(matches!(ready, DatabaseState::Mlflow { pending: 0, .. }));
}

fn comes_before_the_tracking_database(database: &TestDatabase) {
    prepare(database.uri(), 1).unwrap();
    assert_eq!(initialize(database.uri()).unwrap(), DatabaseState::Empty);
    assert_eq!(check(database.uri()).unwrap(), AuthDatabaseState::Ready);
}

fn a_user_is_found_with_all_grants(database: &TestDatabase) {
    prepare(database.uri(), 1).unwrap();
    let mut db = database.connect();
    let ann = users::create(&mut db, "ann", "hash", false).unwrap();
    let empty = roles::create(&mut db, "empty", "team", None).unwrap();
    roles::assign(&mut db, ann.id, empty.id).unwrap();
    let grant = NewGrant {
        resource_type: "experiment".to_owned(),
        resource_pattern: "7".to_owned(),
        permission: "EDIT".to_owned(),
    };
    user_grants::set(&mut db, "ann", "default", &grant).unwrap();
    let found = snapshot::by_name(&mut db, "ann").unwrap().unwrap();
    assert_eq!(
        (found.id, found.is_admin, found.is_disabled),
        (ann.id, false, false)
    );
    let roles: Vec<String> = found
        .roles
        .iter()
        .map(|role| {
            let grant = role.grant.as_ref().map(|grant| grant.permission.as_str());
            format!("{} {} {}", role.name, role.workspace, grant.unwrap_or("-"))
        })
        .collect();
    assert_eq!(
        roles,
        ["empty team -", &format!("__user_{}__ default EDIT", ann.id)]
    );
    users::disable(&mut db, ann.id, 1).unwrap();
    assert!(
        snapshot::by_name(&mut db, "ann")
            .unwrap()
            .unwrap()
            .is_disabled
    );
    assert_eq!(snapshot::by_name(&mut db, "Ann").unwrap(), None);
}

fn a_deleted_user_leaves_nothing(database: &TestDatabase) {
    at_revision(database, 4);
    database.connect().batch_execute(OLD_GRANTS).unwrap();
    prepare(database.uri(), 1).unwrap();
    let mut db = database.connect();
    users::delete(&mut db, "bob").unwrap();
    let left = "SELECT CAST(name AS TEXT) AS line FROM roles WHERE name = '__user_2__'";
    assert!(lines(&mut db, left).is_empty());
    let left =
        "SELECT CAST(experiment_id AS TEXT) AS line FROM experiment_permissions WHERE user_id = 2";
    assert!(lines(&mut db, left).is_empty());
    assert!(
        lines(&mut db, GRANTS)
            .iter()
            .all(|line| line.starts_with("__user_1__"))
    );
}

fn a_renamed_resource_keeps_its_grants(database: &TestDatabase) {
    prepare(database.uri(), 1).unwrap();
    let mut db = database.connect();
    for (name, permission) in [("a", "MANAGE"), ("b", "READ")] {
        users::create(&mut db, name, "hash", false).unwrap();
        let grant = NewGrant {
            resource_type: "registered_model".to_owned(),
            resource_pattern: name.to_owned(),
            permission: permission.to_owned(),
        };
        user_grants::set(&mut db, name, "default", &grant).unwrap();
    }
    // What somebody was granted on the name that is taken over does not count for the new model.
    user_grants::rename_resource(&mut db, "default", "registered_model", "a", "b").unwrap();
    assert_eq!(
        lines(&mut db, GRANTS),
        ["__user_1__ default registered_model b MANAGE"]
    );
    user_grants::delete_of_resource(&mut db, "default", "registered_model", "b").unwrap();
    assert!(lines(&mut db, GRANTS).is_empty());
}
