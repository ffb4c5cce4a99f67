//! How many rows one statement carries. SQLite binds at most 32,766 values in a statement, PostgreSQL 65,535.

use std::slice::Chunks;

/// The most values that a list in a statement binds. It is a power of two, because lists of keys are filled up to
/// one, and it leaves room for the other values of the statement.
const MOST_VALUES: usize = 16_384;

/// Splits rows into parts, each small enough for one statement. `values_per_row` says how many values a row binds.
pub fn statements<T>(rows: &[T], values_per_row: usize) -> Chunks<'_, T> {
    rows.chunks((MOST_VALUES / values_per_row.max(1)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_binds_no_more_values_than_a_database_takes() {
        let rows = vec![(); 40_000];
        for values_per_row in [0, 1, 2, 5, 15, 100_000] {
            let parts: Vec<usize> = statements(&rows, values_per_row).map(<[()]>::len).collect();
            assert_eq!(parts.iter().sum::<usize>(), rows.len());
            assert!(
                parts
                    .iter()
                    .all(|rows| *rows == 1 || rows * values_per_row <= MOST_VALUES)
            );
        }
    }
}
