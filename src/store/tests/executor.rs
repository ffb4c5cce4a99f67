//! What `Store::read` and `Store::write` promise, on both databases.

use diesel::prelude::*;
use futures_util::future::join_all;

use super::TestDatabase;
use crate::config::DatabaseSettings;
use crate::error::{Error, ErrorCode, Result};
use crate::store::schema::experiments;
use crate::store::{Db, Store};

macro_rules! on_both_stores {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[actix_web::test]
            async fn $name() {
                super::$name(crate::store::tests::TestDatabase::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[actix_web::test]
            async fn $name() {
                super::$name(crate::store::tests::TestDatabase::postgres()).await;
            })+
        }
    };
}

on_both_stores!(
    a_failing_write_leaves_its_neighbours_alone,
    a_panic_is_an_error_and_leaves_nothing,
    a_read_sees_what_was_acknowledged,
    a_read_cannot_write,
);

async fn a_failing_write_leaves_its_neighbours_alone(database: TestDatabase) {
    let store = connect(&database);
    let writes = (0..60).map(|number| {
        let store = &store;
        async move {
            let outcome = store
                .write(move |db| {
                    insert(db, &format!("experiment {number}"))?;
                    if number % 3 == 0 {
                        return Err(Error::invalid_parameter("every third one fails"));
                    }
                    Ok(number)
                })
                .await;
            (number, outcome)
        }
    });
    for (number, outcome) in join_all(writes).await {
        match outcome {
            Ok(returned) => assert_eq!(returned, number),
            Err(error) => assert_eq!(error.message, "every third one fails"),
        }
    }
    let names = store.read(names).await.unwrap();
    assert_eq!(names.len(), 40);
    assert!(!names.contains(&"experiment 3".to_owned()));
}

async fn a_panic_is_an_error_and_leaves_nothing(database: TestDatabase) {
    let store = connect(&database);
    let outcome: Result<()> = store
        .write(|db| {
            insert(db, "half")?;
            panic!("a bug")
        })
        .await;
    assert_eq!(outcome.unwrap_err().code, ErrorCode::InternalError);
    store.write(|db| insert(db, "whole")).await.unwrap();
    assert_eq!(store.read(names).await.unwrap(), ["whole"]);
}

async fn a_read_sees_what_was_acknowledged(database: TestDatabase) {
    let store = connect(&database);
    for number in 0..20 {
        store
            .write(move |db| insert(db, &number.to_string()))
            .await
            .unwrap();
        assert_eq!(store.read(names).await.unwrap().len(), number + 1);
    }
}

async fn a_read_cannot_write(database: TestDatabase) {
    let store = connect(&database);
    let outcome = store.read(|db| insert(db, "never")).await;
    assert_eq!(outcome.unwrap_err().code, ErrorCode::InternalError);
    assert!(store.read(names).await.unwrap().is_empty());
}

#[actix_web::test]
async fn a_full_queue_says_that_it_is_full() {
    let database = TestDatabase::sqlite();
    let settings = DatabaseSettings {
        write_queue: 2,
        ..DatabaseSettings::new(database.uri().clone())
    };
    let store = Store::connect(&settings).unwrap();
    let writes = (0..50).map(|number| {
        let store = &store;
        async move { store.write(move |db| insert(db, &number.to_string())).await }
    });
    let (done, refused): (Vec<_>, Vec<_>) =
        join_all(writes).await.into_iter().partition(Result::is_ok);
    assert!(!refused.is_empty(), "50 writes at once fit a queue of 2");
    for error in refused {
        assert_eq!(error.unwrap_err().code, ErrorCode::TemporarilyUnavailable);
    }
    assert_eq!(store.read(names).await.unwrap().len(), done.len());
}

fn connect(database: &TestDatabase) -> Store {
    Store::connect(&DatabaseSettings::new(database.uri().clone())).unwrap()
}

fn insert(db: &mut Db, name: &str) -> Result<()> {
    diesel::insert_into(experiments::table)
        .values((
            experiments::name.eq(name),
            experiments::workspace.eq("default"),
        ))
        .execute(db)?;
    Ok(())
}

fn names(db: &mut Db) -> Result<Vec<String>> {
    Ok(experiments::table
        .filter(experiments::name.ne("Default"))
        .select(experiments::name)
        .load(db)?)
}
