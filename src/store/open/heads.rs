//! MLflow's schemas, each known by the last of its migrations: the Alembic head.

use std::fmt;

use crate::config::MlflowSchema;

/// The heads of older schemas, oldest first. A database at one of them needs `mlflow db upgrade`.
const OLDER: &str = include_str!("older_heads.txt");

/// The schema of a database that is not too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    Known(MlflowSchema),
    /// One that came after this flowkeep. Only a look at the tables can say whether it will do.
    Unknown(String),
}

impl Head {
    /// Returns the schema of a head, or nothing for one of an older MLflow.
    pub fn of(revision: &str) -> Option<Self> {
        if OLDER.lines().any(|older| older == revision) {
            return None;
        }
        let known = MlflowSchema::ALL
            .into_iter()
            .find(|schema| schema.head() == revision);
        Some(known.map_or_else(|| Self::Unknown(revision.to_owned()), Self::Known))
    }
}

impl fmt::Display for Head {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(schema) => {
                write!(formatter, "{} (MLflow {})", schema.head(), schema.version())
            }
            Self::Unknown(revision) => {
                write!(formatter, "{revision}, which this flowkeep does not know")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_older_known_or_unknown() {
        assert_eq!(OLDER.lines().count(), 66);
        assert_eq!(Head::of("0a8213491aaa"), None);
        for schema in MlflowSchema::ALL {
            assert_eq!(Head::of(schema.head()), Some(Head::Known(schema)));
        }
        let unknown = Some(Head::Unknown("0123456789ab".to_owned()));
        assert_eq!(Head::of("0123456789ab"), unknown);
    }
}
