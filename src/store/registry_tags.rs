//! What tags of registered models and tags of versions have in common.

/// Adds the tags of a new model or version. Where a key is given twice, the last value counts. `$row` makes the columns
/// of a row from a key and a value.
macro_rules! insert_tags {
    ($db:expr, $table:expr, $tags:expr, $row:expr) => {{
        let by_key: std::collections::HashMap<&str, &str> =
            $tags.iter().map(|tag| (tag.key(), tag.value())).collect();
        let rows: Vec<_> = by_key.into_iter().map($row).collect();
        for rows in $crate::store::statement_size::statements(&rows, 5) {
            $crate::store::on_backend!($db, |connection| diesel::insert_into($table)
                .values(rows)
                .execute(connection))?;
        }
    }};
}
pub(super) use insert_tags;
