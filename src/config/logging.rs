//! Settings for the log.

use super::environment::variable;

/// The target of the request log. `RUST_LOG=info,flowkeep::requests=off` disables it.
pub const REQUESTS: &str = "flowkeep::requests";

/// Returns the log filter: `RUST_LOG` if it is set, otherwise the level of `MLFLOW_LOGGING_LEVEL`,
/// which has Python's names.
pub fn log_filter() -> String {
    let (rust_log, mlflow_level) = (variable("RUST_LOG"), variable("MLFLOW_LOGGING_LEVEL"));
    filter(rust_log.as_deref(), mlflow_level.as_deref())
}

/// Combines the values of both variables into a filter.
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
    // The libraries' messages below `warn` only help those who develop them.
    format!("warn,flowkeep={level}")
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn reads_levels_of_rust_and_of_python() {
        assert_eq!(filter(None, None), "warn,flowkeep=info");
        assert_eq!(filter(None, Some("warning")), "warn,flowkeep=warn");
        assert_eq!(filter(None, Some("DEBUG")), "warn,flowkeep=debug");
        assert_eq!(filter(Some("trace"), Some("ERROR")), "trace");
    }
}
