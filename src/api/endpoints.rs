//! docs/endpoints.md: the one list of what MLflow's server answers, and of what this one does.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use tracing::warn;

const PAGE: &str = include_str!("../../docs/endpoints.md");

/// Whether flowkeep answers an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Yes,
    Partly,
    NotYet,
    /// Answered by flowkeep and not by MLflow.
    Own,
}

/// A row of the page.
pub struct Endpoint {
    pub method: Method,
    pub path: String,
    pub status: Status,
}

/// All rows of the page. A path that begins with a version stands for one under each prefix.
pub fn all(prefixes: &[&'static str]) -> impl Iterator<Item = Endpoint> {
    PAGE.lines()
        .filter_map(read_row)
        .flat_map(move |(method, path, status)| {
            let versioned = ["/1.0", "/2.0", "/3.0"];
            let prefixes = if versioned.iter().any(|version| path.starts_with(version)) {
                prefixes
            } else {
                &[""]
            };
            prefixes.iter().map(move |prefix| Endpoint {
                method: method.clone(),
                path: format!("{prefix}{path}"),
                status,
            })
        })
}

/// `| GET | /path | yes | note |`
fn read_row(line: &str) -> Option<(Method, &str, Status)> {
    let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
    let method = cells.next()?;
    let path = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
    let status = match cells.next()? {
        "yes" => Status::Yes,
        "partly" => Status::Partly,
        "not yet" => Status::NotYet,
        "own" => Status::Own,
        _ => return None,
    };
    Some((method.parse().ok()?, path, status))
}

/// Returns the pattern of a path. A key or a name at its end is the rest of the address, because clients
/// send keys with slashes as they are.
pub fn with_rest(path: &str) -> String {
    let ends_in_text = path.rsplit_once("/{").is_some_and(|(_, last)| {
        last == "key}" || last.ends_with("_key}") || last == "name}" || last.ends_with("_name}")
    });
    match path.strip_suffix('}') {
        Some(before) if ends_in_text => format!("{before}:.+}}"),
        _ => path.to_owned(),
    }
}

/// The endpoints that MLflow's server has and this one does not have yet.
pub struct NotYet(Vec<Missing>);

/// One of them.
pub struct Missing {
    method: Method,
    pattern: ResourceDef,
    told: AtomicBool,
}

impl NotYet {
    /// Reads them from the page, each under all prefixes.
    pub fn under(prefixes: &[&'static str]) -> Self {
        let endpoints = all(prefixes)
            .filter(|endpoint| endpoint.status == Status::NotYet)
            .map(|endpoint| Missing {
                method: endpoint.method,
                pattern: ResourceDef::new(with_rest(&endpoint.path)),
                told: AtomicBool::new(false),
            });
        Self(endpoints.collect())
    }

    /// The one that a request is for.
    pub fn find(&self, method: &Method, path: &str) -> Option<&Missing> {
        self.0
            .iter()
            .find(|missing| missing.method == method && missing.pattern.is_match(path))
    }
}

impl Missing {
    /// Says in the log that a client asked for the route: once, however often it is asked for.
    pub fn tell(&self) {
        if self.told.swap(true, Ordering::Relaxed) {
            return;
        }
        let route = self.pattern.pattern().unwrap_or_default();
        warn!("{}", self.sentence(route));
    }

    /// Clients export traces aside, and pass over what becomes of it. So it must be said here what was lost.
    fn sentence(&self, route: &str) -> String {
        let method = &self.method;
        let keeps_traces = match *method {
            Method::PATCH => route.contains("/traces/"),
            Method::POST => {
                let parts = ["/traces", "/assessments", "/link-to-run", "/link-prompts"];
                parts.iter().any(|part| route.ends_with(part))
            }
            _ => false,
        };
        if keeps_traces {
            format!(
                "A client called {method} {route}: flowkeep does not keep traces yet. What was sent is lost, and \
                 the client may go on as if it were not: mlflow.genai.evaluate ends as completed without its rows. \
                 This is said once for each route."
            )
        } else {
            format!(
                "A client called {method} {route}, which flowkeep does not have yet (501). This is said once for \
                 each route."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::API_PREFIXES;
    use super::*;

    /// What a parameter is called makes no difference to the one who calls.
    fn without_names(path: &str) -> String {
        let parameter = regex::Regex::new(r"\{[^}]*\}").unwrap();
        parameter.replace_all(path, "{}").into_owned()
    }

    #[test]
    fn the_page_tells_of_each_route() {
        let listed: BTreeSet<String> = all(&API_PREFIXES)
            .filter(|endpoint| endpoint.status != Status::NotYet)
            .map(|endpoint| format!("{} {}", endpoint.method, without_names(&endpoint.path)))
            .collect();
        let routed: BTreeSet<String> = super::super::routes(&API_PREFIXES)
            .list()
            .map(|(method, path, _)| format!("{method} {}", without_names(path)))
            .collect();
        let only_listed: Vec<_> = listed.difference(&routed).collect();
        let only_routed: Vec<_> = routed.difference(&listed).collect();
        assert!(
            only_listed.is_empty() && only_routed.is_empty(),
            "docs/endpoints.md is wrong.\nMarked as answered, without a route: {only_listed:#?}\n\
             With a route, and not marked as answered: {only_routed:#?}"
        );
    }

    #[test]
    fn no_row_is_lost_or_doubled() {
        let rows: Vec<_> = all(&API_PREFIXES)
            .map(|endpoint| format!("{} {}", endpoint.method, endpoint.path))
            .collect();
        let unique: BTreeSet<_> = rows.iter().collect();
        assert_eq!(rows.len(), unique.len());
        let lines = PAGE.lines().filter(|line| line.contains("| `/")).count();
        assert_eq!(lines, PAGE.lines().filter_map(read_row).count());
    }

    #[test]
    fn what_is_lost_is_said_in_words() {
        let not_yet = NotYet::under(&API_PREFIXES);
        let find = |path| not_yet.find(&Method::POST, path);
        let traces = find("/api/3.0/mlflow/traces").unwrap();
        let sentence = traces.sentence("/api/3.0/mlflow/traces");
        assert!(sentence.contains("does not keep traces yet"), "{sentence}");
        assert!(find("/api/2.0/mlflow/runs/create").is_none());
        assert!(!traces.told.load(Ordering::Relaxed));
        traces.tell();
        assert!(traces.told.load(Ordering::Relaxed));
    }
}
