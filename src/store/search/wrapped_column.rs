//! Columns in a wrapper: what Diesel asks of an expression around one column.

/// Makes a struct with a column in it an expression of this SQL type. How it is written in a query is left to the file
/// of the struct.
macro_rules! wrapped_column {
    ($name:ident, $sql_type:ty) => {
        impl<Column: diesel::Expression> diesel::Expression for $name<Column> {
            type SqlType = $sql_type;
        }

        impl<Column> diesel::expression::ValidGrouping<()> for $name<Column> {
            type IsAggregate = diesel::expression::is_aggregate::No;
        }

        impl<Column, Source> diesel::AppearsOnTable<Source> for $name<Column> where
            Column: diesel::AppearsOnTable<Source>
        {
        }

        impl<Column, Source> diesel::SelectableExpression<Source> for $name<Column> where
            Column: diesel::SelectableExpression<Source>
        {
        }
    };
}
pub(super) use wrapped_column;
