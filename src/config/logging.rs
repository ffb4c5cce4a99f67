//! What is logged.

/// The filter of the log: `RUST_LOG` as it is, or else the level that `MLFLOW_LOGGING_LEVEL` names
/// in Python's words.
pub fn log_filter(rust_log: Option<&str>, mlflow_level: Option<&str>) -> String {
    if let Some(filter) = rust_log.filter(|filter| !filter.is_empty()) {
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
    use super::log_filter;

    #[test]
    fn speaks_both_languages() {
        assert_eq!(log_filter(None, None), "warn,flowkeep=info");
        assert_eq!(log_filter(None, Some("warning")), "warn,flowkeep=warn");
        assert_eq!(log_filter(Some(""), Some("DEBUG")), "warn,flowkeep=debug");
        assert_eq!(log_filter(Some("trace"), Some("ERROR")), "trace");
    }
}
