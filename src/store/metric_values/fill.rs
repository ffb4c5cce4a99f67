//! Fills `flowkeep_metric_values` from the metrics that were there before it, a part at a time.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::store::Db;
use crate::store::schema::flowkeep_metric_fill as fill;

/// How far the table is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Begun,
    Complete,
}

/// The last metric of a part.
#[derive(QueryableByName)]
struct End {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Text)]
    run_uuid: String,
}

/// Fills in the next metrics. Those that change meanwhile are marked, and are left to the marks.
pub fn next(db: &mut Db, most: u32) -> QueryResult<Progress> {
    let begun = fill::table
        .filter(fill::complete.eq(false))
        .select((fill::key, fill::run_uuid));
    // Another server may be at it.
    let from: Option<(String, String)> = match db {
        Db::Sqlite(connection) => begun.get_result(connection).optional()?,
        Db::Postgres(connection) => begun
            .for_update()
            .skip_locked()
            .get_result(connection)
            .optional()?,
    };
    let Some((key, run_uuid)) = from else {
        return Ok(Progress::Complete);
    };
    // The end is looked up first: metrics may be deleted meanwhile, and a count would then lead too far.
    let end: Option<End> = diesel::sql_query(format!(
        "SELECT key, run_uuid FROM latest_metrics WHERE (key, run_uuid) > ($1, $2) \
         ORDER BY key, run_uuid LIMIT 1 OFFSET {most}"
    ))
    .bind::<Text, _>(&key)
    .bind::<Text, _>(&run_uuid)
    .get_result(db)
    .optional()?;
    let upto = if end.is_some() {
        "AND (latest.key, latest.run_uuid) <= ($3, $4)"
    } else {
        "AND ($3 = $4)"
    };
    let (end_key, end_run) = end
        .as_ref()
        .map_or(("", ""), |end| (&end.key, &end.run_uuid));
    diesel::sql_query(format!(
        "INSERT INTO flowkeep_metric_values (experiment_id, key, value, run_uuid) \
         SELECT runs.experiment_id, latest.key, latest.value, latest.run_uuid \
         FROM latest_metrics latest JOIN runs ON runs.run_uuid = latest.run_uuid \
         WHERE (latest.key, latest.run_uuid) > ($1, $2) {upto} \
             AND NOT latest.is_nan AND runs.experiment_id IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM flowkeep_metric_marks mark \
                 WHERE mark.key = latest.key AND mark.run_uuid = latest.run_uuid) \
         ON CONFLICT DO NOTHING"
    ))
    .bind::<Text, _>(&key)
    .bind::<Text, _>(&run_uuid)
    .bind::<Text, _>(end_key)
    .bind::<Text, _>(end_run)
    .execute(db)?;
    let complete = end.is_none();
    diesel::update(fill::table)
        .set((
            fill::key.eq(end_key),
            fill::run_uuid.eq(end_run),
            fill::complete.eq(complete),
        ))
        .execute(db)?;
    Ok(if complete {
        Progress::Complete
    } else {
        Progress::Begun
    })
}
