//! What is logged.

use super::environment::variable;

/// The name under which the request log is, for `RUST_LOG`: `info,flowkeep::requests=off` leaves it out.
pub const REQUESTS: &str = "flowkeep::requests";

/// The filter of the log: `RUST_LOG` as it is, or else the level that `MLFLOW_LOGGING_LEVEL` names
/// in Python's words.
pub fn log_filter() -> String {
    let (rust_log, mlflow_level) = (variable("RUST_LOG"), variable("MLFLOW_LOGGING_LEVEL"));
    filter(rust_log.as_deref(), mlflow_level.as_deref())
}

fn filter(rust_log: Option<&str>, mlflow_level: Option<&str>) -> String {
    if let Some(filter) = rust_log {
        return filter.to_owned();
    }
    let level = match mlflow_level
        .unwrap_or_default()
        .to_ascii_uppercase()
        .as_str()
    {
        "DEBUG" => "debug",
        "WARNING" | "WARN" => "warn",
        "ERROR" | "CRITICAL" | "FATAL" => "error",
        _ => "info",
    };
    // The libraries say at these levels what interests only who works on them.
    format!("warn,flowkeep={level}")
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn speaks_both_languages() {
        assert_eq!(filter(None, None), "warn,flowkeep=info");
        assert_eq!(filter(None, Some("warning")), "warn,flowkeep=warn");
        assert_eq!(filter(None, Some("DEBUG")), "warn,flowkeep=debug");
        assert_eq!(filter(Some("trace"), Some("ERROR")), "trace");
    }
}
