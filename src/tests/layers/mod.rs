//! The layers of `src/`, held against the table in ARCHITECTURE.md.

mod glossary;
mod house;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;

use self::house::{Arrow, Arrows, House, Table, room};
use self::source::Path;

#[test]
fn the_table_names_each_room_and_nothing_else() {
    let table = Table::read();
    let named: BTreeSet<String> = table.rooms.iter().cloned().collect();
    assert_eq!(named, House::read().rooms());
    let root = FilePath::new(env!("CARGO_MANIFEST_DIR"));
    for place in &table.places {
        assert!(root.join(place).exists(), "ARCHITECTURE.md names {place}");
    }
}

#[test]
fn a_room_uses_only_rooms_below_it() {
    let table = Table::read();
    let floor = |module: &[String]| room(module).and_then(|room| table.floor(&room));
    let upward: Vec<String> = House::read()
        .arrows()
        .iter()
        .filter(|(arrow, _)| floor(&arrow.to) < floor(&arrow.from))
        .map(|(arrow, names)| write_up(arrow, names))
        .collect();
    assert!(upward.is_empty(), "upward arrows:\n{}", upward.join("\n"));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let arrows = in_circles(&House::read().arrows());
    let lines: Vec<String> = arrows
        .iter()
        .map(|(arrow, names)| write_up(arrow, names))
        .collect();
    assert!(lines.is_empty(), "arrows in circles:\n{}", lines.join("\n"));
}

#[test]
fn only_the_configuration_reads_the_environment() {
    let house = House::read();
    let readers: Vec<String> = house
        .users_of(|path| {
            path.starts_with(&["std".to_owned(), "env".to_owned()])
                && path.len() > 2
                && path[2].starts_with("var")
        })
        .into_iter()
        .filter(|module| room(module).as_deref() != Some("config"))
        .map(|module| module.join("::"))
        .collect();
    assert!(
        readers.is_empty(),
        "readers of the environment outside of config/: {readers:?}"
    );
}

#[test]
fn only_the_clock_asks_the_system_for_the_time() {
    let asks = |path: &[String]| {
        let last_two = path.iter().rev().take(2).rev().map(String::as_str);
        let last_two: Vec<&str> = last_two.collect();
        ["SystemTime", "Utc", "Local"]
            .iter()
            .any(|source| last_two == [source, "now"])
    };
    let askers: Vec<String> = House::read()
        .users_of(asks)
        .into_iter()
        .map(|module| module.join("::"))
        .collect();
    assert_eq!(askers, ["crate::clock"]);
}

#[test]
fn a_part_of_lifecycle_uses_only_parts_below_it() {
    let rows = Table::read().parts("lifecycle");
    let lifecycle = ["crate".to_owned(), "lifecycle".to_owned()];
    let part = |module: &[String]| {
        let inside = module.strip_prefix(&lifecycle)?;
        inside.first().cloned()
    };
    let house = House::read();
    let named: BTreeSet<String> = rows.iter().flatten().cloned().collect();
    assert_eq!(named, house.parts_of(&lifecycle));
    let floor = |part: &String| rows.iter().position(|row| row.contains(part));
    let wrong: Vec<String> = house
        .arrows()
        .iter()
        .filter(|(arrow, _)| match (part(&arrow.from), part(&arrow.to)) {
            (Some(from), Some(to)) => from != to && floor(&to) <= floor(&from),
            _ => false,
        })
        .map(|(arrow, names)| write_up(arrow, names))
        .collect();
    assert!(wrong.is_empty(), "wrong arrows:\n{}", wrong.join("\n"));
}

/// The arrows that some way leads back from.
fn in_circles(arrows: &Arrows) -> Arrows {
    let mut used: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
    for arrow in arrows.keys() {
        used.entry(&arrow.from).or_default().push(&arrow.to);
    }
    let leads_back = |arrow: &Arrow| {
        let mut seen = BTreeSet::new();
        let mut next = vec![&arrow.to];
        while let Some(file) = next.pop() {
            if *file == arrow.from {
                return true;
            }
            if seen.insert(file) {
                next.extend(used.get(file).into_iter().flatten());
            }
        }
        false
    };
    arrows
        .iter()
        .filter(|(arrow, _)| leads_back(arrow))
        .map(|(arrow, names)| (arrow.clone(), names.clone()))
        .collect()
}

fn write_up(arrow: &Arrow, names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    format!(
        "  {} -> {}: {}",
        arrow.from.join("::"),
        arrow.to.join("::"),
        names.join(", ")
    )
}
