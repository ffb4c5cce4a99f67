//! The two statements that log points. They run for each metric that a training job logs.

use diesel::pg::sql_types::Array;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Text};

use super::points::NewPoint;
use crate::store::Db;
use crate::store::prepared::{Statement, prepared};

/// Adds points. One that is there already stays as it is.
pub fn insert(db: &mut Db, points: &[NewPoint]) -> QueryResult<()> {
    run::<InsertPoint, InsertPoints>(db, points)
}

/// Makes points the latest of their metrics, unless those have later ones. The latest has the highest
/// step, of those the highest time, of those the highest value. The database compares, so nothing is
/// read first and no other request can come between.
pub fn update_latest(db: &mut Db, points: &[NewPoint]) -> QueryResult<()> {
    run::<UpdateLatest, UpdateLatests>(db, points)
}

fn run<OnSqlite: Statement, OnPostgres: Statement>(
    db: &mut Db,
    points: &[NewPoint],
) -> QueryResult<()> {
    if points.is_empty() {
        return Ok(());
    }
    match db {
        // A row at a time: unlike a statement with many rows it needs no journal to be undone by.
        Db::Sqlite(connection) => {
            for point in points {
                let values = (
                    point.key.into_sql::<Text>(),
                    point.value.into_sql::<Double>(),
                    point.timestamp.into_sql::<BigInt>(),
                    point.run_uuid.into_sql::<Text>(),
                    point.step.into_sql::<BigInt>(),
                    point.is_nan.into_sql::<Bool>(),
                );
                prepared::<OnSqlite, _>(values).execute(connection)?;
            }
        }
        // Each statement is a round trip: all rows in one, as a list for each column.
        Db::Postgres(connection) => {
            fn column<'a, T>(points: &[NewPoint<'a>], of: impl Fn(&NewPoint<'a>) -> T) -> Vec<T> {
                points.iter().map(of).collect()
            }
            let values = (
                column(points, |point| point.key).into_sql::<Array<Text>>(),
                column(points, |point| point.value).into_sql::<Array<Double>>(),
                column(points, |point| point.timestamp).into_sql::<Array<BigInt>>(),
                column(points, |point| point.run_uuid).into_sql::<Array<Text>>(),
                column(points, |point| point.step).into_sql::<Array<BigInt>>(),
                column(points, |point| point.is_nan).into_sql::<Array<Bool>>(),
            );
            prepared::<OnPostgres, _>(values).execute(connection)?;
        }
    }
    Ok(())
}

struct InsertPoint;

impl Statement for InsertPoint {
    const BEFORE_VALUES: &'static str =
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (";
    const AFTER_VALUES: &'static str = ") ON CONFLICT DO NOTHING";
}

struct InsertPoints;

impl Statement for InsertPoints {
    const BEFORE_VALUES: &'static str =
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) SELECT * FROM unnest(";
    const AFTER_VALUES: &'static str = ") ON CONFLICT DO NOTHING";
}

struct UpdateLatest;

impl Statement for UpdateLatest {
    const BEFORE_VALUES: &'static str =
        "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (";
    const AFTER_VALUES: &'static str = UNLESS_LATER;
}

struct UpdateLatests;

impl Statement for UpdateLatests {
    const BEFORE_VALUES: &'static str = "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) SELECT * FROM unnest(";
    const AFTER_VALUES: &'static str = UNLESS_LATER;
}

const UNLESS_LATER: &str = ") ON CONFLICT (key, run_uuid) DO UPDATE SET \
    value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan \
    WHERE excluded.step > latest_metrics.step OR excluded.step = latest_metrics.step AND ( \
        excluded.timestamp > latest_metrics.timestamp OR excluded.timestamp = latest_metrics.timestamp \
        AND excluded.value > latest_metrics.value)";
