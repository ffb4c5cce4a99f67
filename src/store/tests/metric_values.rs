//! Searches by the values of metrics, against an evaluation that reads every run.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use super::rows::{add_experiment, add_run};
use super::{TestDatabase, checked, on_both_databases};
use crate::store::metric_values::{is_behind, step};
use crate::store::schema::{
    flowkeep_metric_fill, flowkeep_metric_marks, flowkeep_metric_values, latest_metrics, params,
    runs,
};
use crate::store::search::Search;
use crate::store::{Db, run_one, search};
use crate::wire::{LogMetric, SearchRuns, ViewType};

on_both_databases!(
    gives_what_a_look_at_each_run_gives,
    fills_the_table_from_older_metrics,
    leaves_nothing_of_what_is_deleted,
    takes_a_token_of_stock_mlflow,
);

const RUNS: usize = 60;
const VALUES: [f64; 9] = [-1.0, 0.0, -0.0, 0.25, 0.5, 0.5, 1.0, f64::MAX, f64::MIN];

struct Sandbox {
    experiments: [i32; 2],
    random: StdRng,
}

#[derive(Debug)]
struct NaiveRun {
    id: String,
    experiment: i32,
    stage: String,
    start: Option<i64>,
    metrics: BTreeMap<String, (f64, bool)>,
    param: Option<String>,
}

fn run_id(number: usize) -> String {
    format!("run-{number:02}")
}

fn sandbox(db: &mut Db, seed: u64) -> Sandbox {
    let experiments = [add_experiment(db, "one"), add_experiment(db, "two")];
    let mut random = StdRng::seed_from_u64(seed);
    for number in 0..RUNS {
        let id = run_id(number);
        add_run(db, &id, experiments[number % 3 % 2]);
        let start = (number % 7 != 0).then_some(i64::try_from(number % 11).unwrap());
        diesel::update(runs::table.find(&id))
            .set(runs::start_time.eq(start))
            .execute(db)
            .unwrap();
        if number % 4 != 0 {
            diesel::insert_into(params::table)
                .values((
                    params::run_uuid.eq(&id),
                    params::key.eq("p"),
                    params::value.eq(if random.random_bool(0.5) { "x" } else { "y" }),
                ))
                .execute(db)
                .unwrap();
        }
    }
    Sandbox {
        experiments,
        random,
    }
}

impl Sandbox {
    /// A change as a client, as stock MLflow or a person at the database may make it.
    fn change(&mut self, db: &mut Db) {
        let run = run_id(self.random.random_range(0..RUNS));
        let key = if self.random.random_bool(0.7) {
            "a"
        } else {
            "b"
        };
        let value = VALUES[self.random.random_range(0..VALUES.len())];
        let is_nan = self.random.random_bool(0.1);
        let value = if is_nan { 0.0 } else { value };
        let of_run = latest_metrics::table.find((key.to_owned(), run.clone()));
        match self.random.random_range(0..20) {
            0..6 => {
                let step = self.random.random_range(0..1_000);
                let request = json!({"run_id": run, "key": key, "timestamp": step, "step": step,
                    "value": if is_nan { json!("NaN") } else { json!(value) }});
                // A run that is deleted takes none.
                let request: LogMetric = serde_json::from_value(request).unwrap();
                let _ = run_one(db, &checked(request));
            }
            6..12 => db
                .batch_execute(&format!(
                    "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) \
                     VALUES ('{key}', {value:e}, 1, 1, {is_nan}, '{run}') \
                     ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan"
                ))
                .unwrap(),
            12..15 => {
                diesel::update(of_run)
                    .set((
                        latest_metrics::value.eq(value),
                        latest_metrics::is_nan.eq(is_nan),
                    ))
                    .execute(db)
                    .unwrap();
            }
            15 => {
                diesel::delete(of_run).execute(db).unwrap();
            }
            16 => {
                let other = diesel::update(of_run).set(latest_metrics::key.eq("c"));
                // There may be such a metric already.
                let _ = db.transaction(|db| other.execute(db));
            }
            17 => {
                let to = self.experiments[self.random.random_range(0..2)];
                diesel::update(runs::table.find(&run))
                    .set(runs::experiment_id.eq(to))
                    .execute(db)
                    .unwrap();
            }
            18 => {
                let stage = ["active", "deleted"][self.random.random_range(0..2)];
                diesel::update(runs::table.find(&run))
                    .set(runs::lifecycle_stage.eq(stage))
                    .execute(db)
                    .unwrap();
            }
            _ => {
                let rows = self.random.random_range(1..20);
                step(db, rows).unwrap();
            }
        }
    }
}

fn read_all(db: &mut Db) -> Vec<NaiveRun> {
    type Columns = (String, Option<i32>, Option<String>, Option<i64>);
    let rows: Vec<Columns> = runs::table
        .select((
            runs::run_uuid,
            runs::experiment_id,
            runs::lifecycle_stage,
            runs::start_time,
        ))
        .load(db)
        .unwrap();
    rows.into_iter()
        .map(|(id, experiment, stage, start)| {
            let metrics: Vec<(String, f64, bool)> = latest_metrics::table
                .filter(latest_metrics::run_uuid.eq(&id))
                .select((
                    latest_metrics::key,
                    latest_metrics::value,
                    latest_metrics::is_nan,
                ))
                .load(db)
                .unwrap();
            let param = params::table
                .filter(params::run_uuid.eq(&id))
                .select(params::value)
                .first(db)
                .optional()
                .unwrap();
            NaiveRun {
                experiment: experiment.unwrap(),
                stage: stage.unwrap(),
                start,
                metrics: metrics
                    .into_iter()
                    .map(|(key, value, is_nan)| (key, (value, is_nan)))
                    .collect(),
                param,
                id,
            }
        })
        .collect()
}

impl NaiveRun {
    fn number(&self, key: &str) -> Option<f64> {
        let (value, is_nan) = self.metrics.get(key)?;
        (!is_nan).then_some(*value)
    }

    /// Where the run stands in the order of a metric: numbers, NaN, and those without.
    fn rank(&self, key: &str) -> u8 {
        match self.metrics.get(key) {
            Some((_, false)) => 0,
            Some((_, true)) => 1,
            None => 2,
        }
    }

    fn by_metric(&self, other: &Self, key: &str, ascending: bool) -> Ordering {
        let rank = self.rank(key).cmp(&other.rank(key));
        let value = |run: &Self| run.metrics.get(key).map_or(0.0, |metric| metric.0);
        let by_value = value(self).partial_cmp(&value(other)).unwrap();
        rank.then(if ascending {
            by_value
        } else {
            by_value.reverse()
        })
    }

    /// The order between equals.
    fn by_default(&self, other: &Self) -> Ordering {
        let start = other.start.is_some().cmp(&self.start.is_some());
        start
            .then(other.start.cmp(&self.start))
            .then(self.id.cmp(&other.id))
    }
}

type Holds = fn(&NaiveRun) -> bool;
type Compares = fn(&NaiveRun, &NaiveRun) -> Ordering;

const FILTERS: [(&str, Holds); 11] = [
    ("", |_| true),
    ("metrics.a > 0.25", |run| {
        run.number("a").is_some_and(|a| a > 0.25)
    }),
    ("metrics.a >= -1 AND metrics.a < 1", |run| {
        run.number("a").is_some_and(|a| (-1.0..1.0).contains(&a))
    }),
    ("metrics.a = 0", |run| run.number("a") == Some(0.0)),
    ("metrics.a != 0.5", |run| {
        run.rank("a") == 1 || run.number("a").is_some_and(|a| !(0.5..=0.5).contains(&a))
    }),
    ("metrics.a > 1e300", |run| {
        run.number("a").is_some_and(|a| a > 1e300)
    }),
    ("metrics.b <= 0.5", |run| {
        run.number("b").is_some_and(|b| b <= 0.5)
    }),
    ("metrics.b <= 0.5 AND metrics.a > 0", |run| {
        run.number("b").is_some_and(|b| b <= 0.5) && run.number("a").is_some_and(|a| a > 0.0)
    }),
    ("params.p = 'x'", |run| run.param.as_deref() == Some("x")),
    ("params.p = 'x' AND metrics.a < 1", |run| {
        run.param.as_deref() == Some("x") && run.number("a").is_some_and(|a| a < 1.0)
    }),
    ("metrics.c > -2", |run| {
        run.number("c").is_some_and(|c| c > -2.0)
    }),
];

const ORDERS: [(&[&str], Compares); 5] = [
    (&[], |_, _| Ordering::Equal),
    (&["metrics.a DESC"], |one, other| {
        one.by_metric(other, "a", false)
    }),
    (&["metrics.a"], |one, other| one.by_metric(other, "a", true)),
    (&["metrics.b", "metrics.a DESC"], |one, other| {
        one.by_metric(other, "b", true)
            .then(one.by_metric(other, "a", false))
    }),
    (&["params.p", "metrics.a"], |one, other| {
        let param = one.param.is_none().cmp(&other.param.is_none());
        param
            .then(one.param.cmp(&other.param))
            .then(one.by_metric(other, "a", true))
    }),
];

/// All pages of a search.
fn searched(db: &mut Db, mut request: SearchRuns) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let found = search::search_runs(
            db,
            &request.clone().parse().unwrap(),
            &search::VisibleNames::All,
        )
        .unwrap();
        ids.extend(
            found
                .runs
                .iter()
                .map(|run| run.info.as_ref().unwrap().run_id().to_owned()),
        );
        request.page_token = found.next_page_token;
        if request.page_token.is_none() {
            return ids;
        }
    }
}

fn compare(db: &mut Db, sandbox: &mut Sandbox) {
    let all = read_all(db);
    for (filter, holds) in FILTERS {
        for (order, compares) in ORDERS {
            let both = sandbox.random.random_bool(0.3);
            let experiments = &sandbox.experiments[..if both { 2 } else { 1 }];
            let with_deleted = sandbox.random.random_bool(0.3);
            let mut expected: Vec<&NaiveRun> = all
                .iter()
                .filter(|run| experiments.contains(&run.experiment) && holds(run))
                .filter(|run| with_deleted || run.stage == "active")
                .collect();
            expected.sort_by(|one, other| compares(one, other).then(one.by_default(other)));
            let expected: Vec<&str> = expected.iter().map(|run| run.id.as_str()).collect();
            let view = if with_deleted {
                ViewType::All
            } else {
                ViewType::ActiveOnly
            };
            let request = SearchRuns {
                experiment_ids: experiments.iter().map(ToString::to_string).collect(),
                filter: Some(filter.to_owned()),
                order_by: order.iter().map(ToString::to_string).collect(),
                max_results: Some([2, 3, 7, 100][sandbox.random.random_range(0..4)]),
                run_view_type: Some(view.into()),
                ..SearchRuns::default()
            };
            let found = searched(db, request.clone());
            if found != expected {
                let differing: Vec<_> = all
                    .iter()
                    .filter(|run| found.contains(&run.id) != expected.contains(&run.id.as_str()))
                    .collect();
                panic!("{request:?} gives\n{found:?} and not\n{expected:?}\n{differing:?}");
            }
        }
    }
}

fn gives_what_a_look_at_each_run_gives(db: &mut Db) {
    let mut sandbox = sandbox(db, 3);
    for round in 0..12 {
        for _ in 0..25 {
            sandbox.change(db);
        }
        if round % 4 == 3 {
            catch_up(db);
        }
        compare(db, &mut sandbox);
    }
}

fn catch_up(db: &mut Db) {
    while is_behind(db).unwrap() {
        step(db, 50).unwrap();
    }
}

/// The rows of the table, and those that it should have.
fn table_and_truth(db: &mut Db) -> [BTreeSet<(i32, String, String, String)>; 2] {
    let table: Vec<(i32, String, f64, String)> = flowkeep_metric_values::table.load(db).unwrap();
    let truth: Vec<(Option<i32>, String, f64, String)> = latest_metrics::table
        .inner_join(runs::table.on(runs::run_uuid.eq(latest_metrics::run_uuid)))
        .filter(latest_metrics::is_nan.eq(false))
        .select((
            runs::experiment_id,
            latest_metrics::key,
            latest_metrics::value,
            latest_metrics::run_uuid,
        ))
        .load(db)
        .unwrap();
    let text = |value: f64| format!("{:?}", value + 0.0);
    [
        table
            .into_iter()
            .map(|(id, key, value, run)| (id, key, text(value), run))
            .collect(),
        truth
            .into_iter()
            .map(|(id, key, value, run)| (id.unwrap(), key, text(value), run))
            .collect(),
    ]
}

fn fills_the_table_from_older_metrics(db: &mut Db) {
    let mut sandbox = sandbox(db, 5);
    for _ in 0..300 {
        sandbox.change(db);
    }
    // As if all of this had been there before.
    for table in ["values", "marks"] {
        db.batch_execute(&format!("DELETE FROM flowkeep_metric_{table}"))
            .unwrap();
    }
    diesel::update(flowkeep_metric_fill::table)
        .set(flowkeep_metric_fill::complete.eq(false))
        .execute(db)
        .unwrap();
    compare(db, &mut sandbox);
    // Changes go on while the table is filled.
    let mut rounds = 0;
    while step(db, 7).unwrap().more {
        sandbox.change(db);
        rounds += 1;
        assert!(rounds < 1_000);
    }
    compare(db, &mut sandbox);
    catch_up(db);
    let [table, truth] = table_and_truth(db);
    assert!(
        truth.is_subset(&table),
        "{table:?} has not all of {truth:?}"
    );
    compare(db, &mut sandbox);
}

fn leaves_nothing_of_what_is_deleted(db: &mut Db) {
    let experiment = add_experiment(db, "one");
    for id in ["kept", "gone", "moved"] {
        add_run(db, id, experiment);
        db.batch_execute(&format!(
            "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) \
             VALUES ('a', 0.5, 1, 1, FALSE, '{id}'), ('b', 2, 1, 1, FALSE, '{id}'), ('n', 0, 1, 1, TRUE, '{id}')"
        ))
        .unwrap();
    }
    catch_up(db);
    let [table, truth] = table_and_truth(db);
    assert_eq!((table.len(), &table), (6, &truth));
    let other = add_experiment(db, "two");
    db.batch_execute(&format!(
        "DELETE FROM latest_metrics WHERE run_uuid = 'gone'; DELETE FROM runs WHERE run_uuid = 'gone'; \
         UPDATE runs SET experiment_id = {other} WHERE run_uuid = 'moved'; \
         UPDATE latest_metrics SET value = 7 WHERE run_uuid = 'kept' AND key = 'a'; \
         UPDATE latest_metrics SET value = 8 WHERE run_uuid = 'kept' AND key = 'a'; \
         UPDATE latest_metrics SET is_nan = TRUE, value = 0 WHERE run_uuid = 'kept' AND key = 'b'; \
         UPDATE latest_metrics SET is_nan = FALSE, value = 3 WHERE run_uuid = 'kept' AND key = 'n'; \
         UPDATE latest_metrics SET key = 'c' WHERE run_uuid = 'moved' AND key = 'a';"
    ))
    .unwrap();
    catch_up(db);
    let [table, truth] = table_and_truth(db);
    assert_eq!((table.len(), &table), (4, &truth));
    let marks: i64 = flowkeep_metric_marks::table.count().get_result(db).unwrap();
    assert_eq!(marks, 0);
}

/// A client may have begun with stock MLflow, whose tokens count rows.
fn takes_a_token_of_stock_mlflow(db: &mut Db) {
    let mut sandbox = sandbox(db, 9);
    for _ in 0..200 {
        sandbox.change(db);
    }
    for order in [vec![], vec!["metrics.a DESC".to_owned()]] {
        let request = SearchRuns {
            experiment_ids: vec![sandbox.experiments[0].to_string()],
            order_by: order,
            max_results: Some(4),
            ..SearchRuns::default()
        };
        let all = searched(db, request.clone());
        assert!(all.len() > 12);
        let from_stock = SearchRuns {
            page_token: Some("eyJvZmZzZXQiOiA4fQ==".to_owned()),
            ..request
        };
        assert_eq!(searched(db, from_stock), all[8..]);
    }
}

/// A mark stays while a transaction is open that has changed the metric: it stands for that change too.
#[test]
fn a_mark_outlives_a_change_that_is_under_way() {
    let database = TestDatabase::postgres();
    let db = &mut database.connect();
    let experiment = add_experiment(db, "one");
    add_run(db, "r", experiment);
    let set = |db: &mut Db, value: f64| {
        db.batch_execute(&format!(
            "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) \
             VALUES ('a', {value}, 1, 1, FALSE, 'r') \
             ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value"
        ))
        .unwrap();
    };
    set(db, 1.0);
    let other = &mut database.connect();
    other.batch_execute("BEGIN").unwrap();
    set(other, 2.0);
    step(db, 10).unwrap();
    other.batch_execute("COMMIT").unwrap();
    assert!(is_behind(db).unwrap());
    catch_up(db);
    let [table, truth] = table_and_truth(db);
    assert_eq!(table, truth);
    let only: Vec<f64> = flowkeep_metric_values::table
        .select(flowkeep_metric_values::value)
        .load(db)
        .unwrap();
    assert_eq!(only, [2.0]);
}
