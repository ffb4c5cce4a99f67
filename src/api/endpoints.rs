//! docs/endpoints.md: the one list of what MLflow's server answers, and of what this one does.

use actix_web::dev::ResourceDef;
use actix_web::http::Method;

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

/// The endpoints that MLflow's server has and this one does not have yet.
pub struct NotYet(Vec<(Method, ResourceDef)>);

impl NotYet {
    /// Reads them from the page, each under all prefixes.
    pub fn under(prefixes: &[&'static str]) -> Self {
        let endpoints = all(prefixes)
            .filter(|endpoint| endpoint.status == Status::NotYet)
            .map(|endpoint| (endpoint.method, ResourceDef::new(endpoint.path)));
        Self(endpoints.collect())
    }

    /// Whether a request is for one of them.
    pub fn has(&self, method: &Method, path: &str) -> bool {
        self.0
            .iter()
            .any(|(its_method, pattern)| its_method == method && pattern.is_match(path))
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
            .map(|(method, path)| format!("{method} {}", without_names(path)))
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
}
