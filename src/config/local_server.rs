//! Finds the server that runs on this machine with the same environment variables.

use super::environment;

/// Returns the URL under which this machine reaches the server that the variables describe.
pub fn local_server() -> String {
    address(environment::variable)
}

/// Builds the URL from the values of the variables.
fn address(variable: impl Fn(&str) -> Option<String>) -> String {
    let host = variable("MLFLOW_HOST").unwrap_or_default();
    let host = match host.as_str() {
        "" | "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        host if host.contains(':') => format!("[{host}]"),
        host => host.to_owned(),
    };
    let port = variable("MLFLOW_PORT").unwrap_or_else(|| "5000".to_owned());
    let prefix = variable("MLFLOW_STATIC_PREFIX").unwrap_or_default();
    format!("http://{host}:{port}{prefix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str, port: &str, prefix: &str) -> String {
        address(|name| {
            let value = match name {
                "MLFLOW_HOST" => host,
                "MLFLOW_PORT" => port,
                _ => prefix,
            };
            (!value.is_empty()).then(|| value.to_owned())
        })
    }

    #[test]
    fn builds_the_url_from_the_variables() {
        assert_eq!(server("", "", ""), "http://127.0.0.1:5000");
        assert_eq!(server("0.0.0.0", "8080", ""), "http://127.0.0.1:8080");
        assert_eq!(
            server("10.0.0.7", "", "/mlflow"),
            "http://10.0.0.7:5000/mlflow"
        );
        assert_eq!(server("::", "", ""), "http://[::1]:5000");
        assert_eq!(server("fd00::1", "", ""), "http://[fd00::1]:5000");
    }
}
