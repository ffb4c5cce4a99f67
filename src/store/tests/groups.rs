//! What becomes of the members of a group on PostgreSQL when one of them fails, has to wait, or loses the
//! connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use futures_util::future::join_all;

use super::rows::{add_experiment, add_run};
use super::{TestDatabase, checked};
use crate::config::DatabaseSettings;
use crate::error::{Error, ErrorCode, Result};
use crate::store::schema::{experiments, metrics, runs};
use crate::store::{Db, Store};
use crate::wire::{CreateRun, GetRun, LogMetric};

/// All members have this key, and so they have one writer.
const KEY: &str = "one";

fn store_on(database: &TestDatabase) -> Store {
    Store::connect(&DatabaseSettings::new(database.uri().clone())).unwrap()
}

fn names(db: &mut Db) -> Vec<String> {
    experiments::table
        .filter(experiments::name.ne("Default"))
        .order(experiments::experiment_id)
        .select(experiments::name)
        .load(db)
        .unwrap()
}

/// Sends writes that all insert a row; `special` does something first to the number that it is given.
async fn write_with<F>(store: &Store, count: u32, special: F) -> Vec<Result<()>>
where
    F: Fn(&mut Db, u32) -> Result<()> + Send + Clone + 'static,
{
    let writes = (0..count).map(|number| {
        let special = special.clone();
        store.write_briefly(KEY, move |db: &mut Db| {
            add_experiment(db, &number.to_string());
            special(db, number)
        })
    });
    join_all(writes).await
}

#[actix_web::test]
async fn a_refused_member_leaves_nothing_and_its_neighbours_alone() {
    let database = TestDatabase::postgres();
    let store = store_on(&database);
    let outcomes = write_with(&store, 30, |_, number| {
        if number % 7 == 3 {
            return Err(Error::invalid_parameter("refused"));
        }
        Ok(())
    })
    .await;
    let mut stored = names(&mut database.connect());
    for (number, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.is_ok(), number % 7 != 3);
        let kept = stored.iter().position(|name| *name == number.to_string());
        assert_eq!(kept.is_some(), outcome.is_ok(), "{number}");
        kept.map(|kept| stored.remove(kept));
    }
    assert!(stored.is_empty(), "written twice: {stored:?}");
}

/// PostgreSQL answers the COMMIT of a transaction in which a statement failed like any other.
#[actix_web::test]
async fn a_failure_that_a_function_makes_light_of_costs_nobody_a_write() {
    let database = TestDatabase::postgres();
    let store = store_on(&database);
    for last in [true, false] {
        let outcomes = write_with(&store, 12, move |db, number| {
            if number == 11 || (!last && number == 5) {
                // The failure is not told to anybody.
                let _ = db.batch_execute("SELECT 1 / 0");
                return if last {
                    Ok(())
                } else {
                    Err(Error::bad_request("refused"))
                };
            }
            Ok(())
        })
        .await;
        let stored = names(&mut database.connect());
        for (number, outcome) in outcomes.iter().enumerate() {
            let is_kept = stored.contains(&number.to_string());
            assert_eq!(is_kept, outcome.is_ok(), "{number}: {outcome:?}");
        }
        diesel::delete(experiments::table.filter(experiments::name.ne("Default")))
            .execute(&mut database.connect())
            .unwrap();
    }
}

#[actix_web::test]
async fn a_failure_in_a_read_of_a_refused_member_costs_nobody_a_write() {
    let database = TestDatabase::postgres();
    let store = Arc::new(store_on(&database));
    let writes = (0..10).map(|number| {
        let store = Arc::clone(&store);
        async move {
            store
                .write_briefly(KEY, move |db: &mut Db| {
                    if number < 9 {
                        add_experiment(db, &number.to_string());
                        return Ok::<_, Error>(());
                    }
                    // PostgreSQL takes no such text, and a client is told so.
                    let found = runs::table.find("a\0b").select(runs::run_uuid);
                    found.get_result::<String>(db).optional()?;
                    Ok(())
                })
                .await
        }
    });
    let outcomes = join_all(writes).await;
    assert_eq!(
        outcomes[9].as_ref().unwrap_err().code,
        ErrorCode::BadRequest
    );
    assert!(outcomes[..9].iter().all(Result::is_ok));
    assert_eq!(names(&mut database.connect()).len(), 9);
}

#[actix_web::test]
async fn a_commit_that_fails_costs_only_its_cause() {
    let database = TestDatabase::postgres();
    let mut db = database.connect();
    db.batch_execute(
        "CREATE TABLE late (id integer REFERENCES experiments DEFERRABLE INITIALLY DEFERRED)",
    )
    .unwrap();
    let store = store_on(&database);
    let outcomes = write_with(&store, 10, |db, number| {
        if number == 4 {
            db.batch_execute("INSERT INTO late VALUES (-1)")?;
        }
        Ok(())
    })
    .await;
    for (number, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.is_ok(), number != 4, "{number}: {outcome:?}");
    }
    assert_eq!(names(&mut db).len(), 9);
}

#[actix_web::test]
async fn a_lost_connection_is_answered_for_everybody() {
    let database = TestDatabase::postgres();
    let store = store_on(&database);
    let tries = Arc::new(AtomicU32::new(0));
    let lost = Arc::clone(&tries);
    let outcomes = write_with(&store, 20, move |db, number| {
        if number == 10 && lost.fetch_add(1, Ordering::Relaxed) == 0 {
            db.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())")?;
        }
        Ok(())
    })
    .await;
    assert!(tries.load(Ordering::Relaxed) > 1, "nothing was tried again");
    let mut stored = names(&mut database.connect());
    stored.sort();
    stored.dedup();
    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
        20
    );
    assert_eq!(stored.len(), 20);
    assert_eq!(names(&mut database.connect()).len(), 20, "written twice");
    let after = store.write_briefly(KEY, |db: &mut Db| {
        add_experiment(db, "after");
        Ok::<_, Error>(())
    });
    after.await.unwrap();
}

#[actix_web::test]
async fn a_member_that_waits_for_a_lock_holds_nobody_up() {
    let database = TestDatabase::postgres();
    let mut other = database.connect();
    let id = add_experiment(&mut other, "locked");
    other
        .batch_execute(&format!(
            "BEGIN; SELECT 1 FROM experiments WHERE experiment_id = {id} FOR UPDATE;"
        ))
        .unwrap();
    let store = Arc::new(store_on(&database));
    let waiting = {
        let store = Arc::clone(&store);
        actix_web::rt::spawn(async move {
            store
                .write_briefly(KEY, move |db: &mut Db| {
                    diesel::update(experiments::table.find(id))
                        .set(experiments::name.eq("unlocked"))
                        .execute(db)?;
                    Ok::<_, Error>(())
                })
                .await
        })
    };
    actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    let outcomes = write_with(&store, 10, |_, _| Ok(())).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert!(!waiting.is_finished(), "the lock was not waited for");
    other.batch_execute("COMMIT").unwrap();
    waiting.await.unwrap().unwrap();
    assert!(names(&mut other).contains(&"unlocked".to_owned()));
}

/// Two groups and somebody else lock two rows in opposite orders.
#[actix_web::test]
async fn a_deadlock_is_resolved() {
    let database = TestDatabase::postgres();
    let mut db = database.connect();
    let ids = [add_experiment(&mut db, "a"), add_experiment(&mut db, "b")];
    let store = Arc::new(store_on(&database));
    let touch = move |first: i32, second: i32| {
        move |db: &mut Db| {
            for id in [first, second] {
                diesel::update(experiments::table.find(id))
                    .set(experiments::last_update_time.eq(1))
                    .execute(db)?;
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok::<_, Error>(())
        }
    };
    let in_groups = (0..6).map(|number| {
        let store = Arc::clone(&store);
        async move {
            let (first, second) = if number % 2 == 0 { (0, 1) } else { (1, 0) };
            let key = number.to_string();
            store
                .write_briefly(&key, touch(ids[first], ids[second]))
                .await
        }
    });
    let alone = store.write(touch(ids[1], ids[0]));
    let (outcomes, alone) = futures_util::future::join(join_all(in_groups), alone).await;
    alone.unwrap();
    for outcome in outcomes {
        outcome.unwrap();
    }
}

#[actix_web::test]
async fn a_merged_request_that_is_refused_leaves_the_others_alone() {
    let database = TestDatabase::postgres();
    let mut db = database.connect();
    let experiment = add_experiment(&mut db, "e");
    for run in ["r", "gone"] {
        add_run(&mut db, run, experiment);
    }
    diesel::update(runs::table.find("gone"))
        .set(runs::lifecycle_stage.eq("deleted"))
        .execute(&mut db)
        .unwrap();
    let store = store_on(&database);
    let point = |run: &str, key: String, step: i64| LogMetric {
        run_id: Some(run.to_owned()),
        key: Some(key),
        value: Some(1.0),
        timestamp: Some(1),
        step: Some(step),
        ..LogMetric::default()
    };
    let requests = (0..40).map(|step| match step % 10 {
        3 => point("gone", "k".to_owned(), step),
        5 => point("nowhere", "k".to_owned(), step),
        // The merged statement fails, and the requests are carried out one by one.
        7 if step > 20 => point("nul\0", "k".to_owned(), step),
        _ => point("r", "k".to_owned(), step),
    });
    let writes = requests.map(|request| store.write_merged("r", checked(request)));
    let outcomes = join_all(writes).await;
    let stored: Vec<i64> = metrics::table.select(metrics::step).load(&mut db).unwrap();
    for (step, outcome) in (0_i64..).zip(&outcomes) {
        let is_refused = matches!(step % 10, 3 | 5) || (step % 10 == 7 && step > 20);
        assert_eq!(outcome.is_err(), is_refused, "{step}: {outcome:?}");
        assert_eq!(stored.contains(&step), !is_refused, "{step}");
    }
    let codes = |step: usize| outcomes[step].as_ref().unwrap_err().code;
    assert_eq!(codes(3), ErrorCode::InvalidParameterValue);
    assert_eq!(codes(5), ErrorCode::ResourceDoesNotExist);
    assert_eq!(codes(27), ErrorCode::BadRequest);
}

#[actix_web::test]
async fn merged_reads_answer_each_with_its_own() {
    let database = TestDatabase::postgres();
    let experiment = add_experiment(&mut database.connect(), "e");
    let store = store_on(&database);
    let new = (0..20).map(|number| {
        let request = CreateRun {
            experiment_id: Some(experiment.to_string()),
            run_name: Some(format!("run {number}")),
            ..CreateRun::default()
        };
        store.write_merged("e", checked(request))
    });
    let created: Vec<_> = join_all(new)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let reads = created.iter().chain(&created).map(|run| {
        let request = GetRun {
            run_id: run.info.as_ref().unwrap().run_id.clone(),
            ..GetRun::default()
        };
        store.read_merged(request)
    });
    let read = join_all(reads).await;
    for (run, read) in created.iter().chain(&created).zip(read) {
        assert_eq!(read.unwrap().info, run.info);
    }
    let nowhere = GetRun {
        run_id: Some("no\0where".to_owned()),
        ..GetRun::default()
    };
    let outcome = store.read_merged(nowhere).await;
    assert_eq!(outcome.unwrap_err().code, ErrorCode::BadRequest);
}
