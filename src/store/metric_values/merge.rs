//! Works off marks: each leads from a value in `flowkeep_metric_values` to the one that the metric has now.

use diesel::prelude::*;

use crate::store::Db;

/// Works off at most so many marks, and returns how many. Marks of metrics that somebody is changing stay for later.
pub fn marks(db: &mut Db, most: u32) -> QueryResult<usize> {
    match db {
        Db::Sqlite(connection) => {
            diesel::sql_query(remove_old(most)).execute(connection)?;
            diesel::sql_query(insert_new(most)).execute(connection)?;
            diesel::sql_query(remove_marks(most)).execute(connection)
        }
        Db::Postgres(connection) => {
            let chosen = diesel::sql_query(format!(
                "{MERGE_ON_POSTGRES_BEFORE} {most} {MERGE_ON_POSTGRES}"
            ));
            let merged: Merged = chosen.get_result(connection)?;
            Ok(usize::try_from(merged.marks).unwrap_or_default())
        }
    }
}

#[derive(QueryableByName)]
struct Merged {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    marks: i64,
}

fn first(most: u32) -> String {
    format!(
        "(SELECT key, run_uuid, experiment_id, value FROM flowkeep_metric_marks ORDER BY key, run_uuid LIMIT {most})"
    )
}

fn remove_old(most: u32) -> String {
    format!(
        "DELETE FROM flowkeep_metric_values WHERE (experiment_id, key, value, run_uuid) IN ( \
             SELECT coalesce(mark.experiment_id, runs.experiment_id), mark.key, mark.value, mark.run_uuid \
             FROM {} mark LEFT JOIN runs ON runs.run_uuid = mark.run_uuid WHERE mark.value IS NOT NULL)",
        first(most)
    )
}

fn insert_new(most: u32) -> String {
    format!(
        "INSERT OR IGNORE INTO flowkeep_metric_values (experiment_id, key, value, run_uuid) \
         SELECT runs.experiment_id, latest.key, latest.value, latest.run_uuid \
         FROM {} mark CROSS JOIN latest_metrics latest CROSS JOIN runs \
         WHERE latest.key = mark.key AND latest.run_uuid = mark.run_uuid AND NOT latest.is_nan \
             AND runs.run_uuid = mark.run_uuid AND runs.experiment_id IS NOT NULL",
        first(most)
    )
}

fn remove_marks(most: u32) -> String {
    format!(
        "DELETE FROM flowkeep_metric_marks WHERE (key, run_uuid) IN (SELECT key, run_uuid FROM {})",
        first(most)
    )
}

/// Whoever changes a metric locks its row before it is marked, and keeps the lock until the change is committed. So a
/// mark may be removed only with the lock on the row: then no change is under way that takes the mark for its own.
/// A value that stays is not removed, because the order of the parts of one statement is not defined.
const MERGE_ON_POSTGRES_BEFORE: &str = "WITH chosen AS ( \
        SELECT key, run_uuid, experiment_id, value FROM flowkeep_metric_marks \
        ORDER BY key, run_uuid LIMIT";

const MERGE_ON_POSTGRES: &str = "FOR UPDATE SKIP LOCKED), \
    locked AS ( \
        SELECT latest.key, latest.run_uuid, latest.value, latest.is_nan \
        FROM chosen JOIN latest_metrics latest ON latest.key = chosen.key AND latest.run_uuid = chosen.run_uuid \
        FOR NO KEY UPDATE OF latest SKIP LOCKED), \
    done AS ( \
        DELETE FROM flowkeep_metric_marks mark USING chosen \
        WHERE mark.key = chosen.key AND mark.run_uuid = chosen.run_uuid AND ( \
            EXISTS (SELECT 1 FROM locked WHERE locked.key = mark.key AND locked.run_uuid = mark.run_uuid) \
            OR NOT EXISTS (SELECT 1 FROM latest_metrics latest \
                WHERE latest.key = mark.key AND latest.run_uuid = mark.run_uuid)) \
        RETURNING mark.key, mark.run_uuid, mark.experiment_id, mark.value), \
    removed AS ( \
        DELETE FROM flowkeep_metric_values found \
        USING done LEFT JOIN runs ON runs.run_uuid = done.run_uuid \
        WHERE found.experiment_id = coalesce(done.experiment_id, runs.experiment_id) \
            AND found.key = done.key AND found.value = done.value AND found.run_uuid = done.run_uuid \
            AND NOT EXISTS (SELECT 1 FROM locked WHERE locked.key = done.key AND locked.run_uuid = done.run_uuid \
                AND locked.value = done.value AND NOT locked.is_nan \
                AND found.experiment_id = runs.experiment_id)), \
    inserted AS ( \
        INSERT INTO flowkeep_metric_values (experiment_id, key, value, run_uuid) \
        SELECT runs.experiment_id, locked.key, locked.value, locked.run_uuid \
        FROM done JOIN locked ON locked.key = done.key AND locked.run_uuid = done.run_uuid \
            JOIN runs ON runs.run_uuid = done.run_uuid \
        WHERE NOT locked.is_nan AND runs.experiment_id IS NOT NULL \
        ON CONFLICT DO NOTHING) \
    SELECT count(*) AS marks FROM done";
