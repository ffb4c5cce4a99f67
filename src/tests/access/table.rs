//! The table of routes and what each needs.

use std::collections::BTreeMap;

use crate::api::route_table;

#[test]
fn each_route_says_what_it_needs() {
    let mut table: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (route, access) in route_table() {
        table.entry(route).or_default().push(access.to_string());
    }
    let mut lines = Vec::new();
    for (route, accesses) in &table {
        assert_eq!(accesses.len(), 1, "{route}");
        let access = &accesses[0];
        // Both prefixes are the same route.
        if let Some(twin) = route
            .find(" /ajax-api/")
            .map(|_| route.replace(" /ajax-api/", " /api/"))
            && let Some(same) = table.get(&twin)
        {
            assert_eq!(same, accesses, "{route}");
            continue;
        }
        lines.push(format!("{route}: {access}"));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

/// The rows of docs/rights.md, and of what the routes say.
#[test]
fn the_page_of_rights_has_each_route_with_what_it_needs() {
    let page = include_str!("../../../docs/rights.md");
    let mut listed: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let table = route_table();
    let twins: std::collections::HashSet<&str> =
        table.iter().map(|(route, _)| route.as_str()).collect();
    let mut routed: Vec<String> = table
        .iter()
        .filter(|(route, _)| {
            !route.contains(" /ajax-api/")
                || !twins.contains(route.replacen(" /ajax-api/", " /api/", 1).as_str())
        })
        .map(|(route, access)| {
            let route = route.replacen(" /api/", " /", 1);
            format!("| `{route}` | {access} |")
        })
        .collect();
    listed.sort_unstable();
    routed.sort_unstable();
    assert_eq!(listed, routed);
}
