//! The newest versions of models, by stage.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Text;

use super::messages::with_tags;
use super::{ModelVersionRow, Stage};
use crate::error::{Error, Result};
use crate::store::in_list::padded;
use crate::store::registered_models::{self, aliases};
use crate::store::statement_size::statements;
use crate::store::{Backend, Db, WORKSPACE};
use crate::wire::ModelVersion;

/// The newest version in each stage of each of the models. Those of one model come in the order in
/// which its stages had their first versions. Aliases are left out.
pub fn latest_of_stages(db: &mut Db, names: &[String]) -> Result<Vec<ModelVersion>> {
    let mut rows: Vec<ModelVersionRow> = Vec::new();
    for names in statements(names, 1) {
        let query = LatestOf {
            columns: <ModelVersionRow as Selectable<Backend>>::construct_selection(),
            names,
        };
        rows.extend(query.load::<ModelVersionRow>(db)?);
    }
    with_tags(db, rows)
}

/// The columns of a row.
type Columns = <ModelVersionRow as Selectable<Backend>>::SelectExpression;

/// Looks up the ends of each stage in an index: it does not matter how many versions there are.
struct LatestOf<'a> {
    columns: Columns,
    names: &'a [String],
}

impl Query for LatestOf<'_> {
    type SqlType = <Columns as Expression>::SqlType;
}

impl QueryId for LatestOf<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Backend> for LatestOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(
            " FROM (\
               SELECT model.workspace AS workspace, model.name AS name, \
                 (SELECT MAX(version) FROM model_versions WHERE workspace = model.workspace \
                    AND name = model.name AND current_stage = stage.column1) AS version \
               FROM registered_models model \
               CROSS JOIN (VALUES ('None'), ('Staging'), ('Production'), ('Archived')) AS stage \
               WHERE model.workspace = '",
        );
        out.push_sql(WORKSPACE);
        out.push_sql("' AND model.name IN (");
        let Some(last) = self.names.last() else {
            return Err(diesel::result::Error::QueryBuilderError(
                "no model to look up".into(),
            ));
        };
        for (index, name) in padded(self.names, last).enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            out.push_bind_param::<Text, _>(name)?;
        }
        out.push_sql(
            ")\
             ) AS newest CROSS JOIN model_versions \
             WHERE model_versions.workspace = newest.workspace \
               AND model_versions.name = newest.name AND model_versions.version = newest.version \
             ORDER BY newest.name, (\
               SELECT MIN(version) FROM model_versions AS first \
               WHERE first.workspace = model_versions.workspace AND first.name = model_versions.name \
                 AND first.current_stage = model_versions.current_stage)",
        );
        Ok(())
    }
}

impl RunQueryDsl<Db> for LatestOf<'_> {}

/// The newest versions of one model in these stages, or in each stage where none are given.
pub fn latest_versions(db: &mut Db, name: &str, stages: &[String]) -> Result<Vec<ModelVersion>> {
    registered_models::check_exists(db, name)?;
    let stages = stages
        .iter()
        .map(|stage| Stage::parse(stage).map(Stage::as_str))
        .collect::<Result<Vec<_>>>()?;
    let mut versions = latest_of_stages(db, &[name.to_owned()])?;
    versions.retain(|version| stages.is_empty() || stages.contains(&version.current_stage()));
    aliases::add_to(db, &mut versions)?;
    Ok(versions)
}

/// The newest version of a model, whatever its stage.
pub fn latest(db: &mut Db, name: &str) -> Result<ModelVersion> {
    newest(latest_versions(db, name, &[])?)
        .ok_or_else(|| Error::does_not_exist(format!("Latest version not found for model {name}.")))
}

/// The one with the highest number.
pub fn newest(versions: Vec<ModelVersion>) -> Option<ModelVersion> {
    versions
        .into_iter()
        .max_by_key(|version| version.version().parse::<i32>().ok())
}
