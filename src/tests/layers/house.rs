//! The files of `src/`, the rooms that ARCHITECTURE.md puts them into, and the arrows among them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::source::{Path, Source};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The whole of `src/`, without what is only for tests.
pub struct House {
    /// By module. The path of a module begins with `crate`.
    sources: BTreeMap<Path, Source>,
}

/// One file uses another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    pub from: Path,
    pub to: Path,
}

/// Each arrow, with the names that the one file takes from the other.
pub type Arrows = BTreeMap<Arrow, BTreeSet<String>>;

impl House {
    pub fn read() -> Self {
        let mut texts = BTreeMap::new();
        read_folder(&["crate".to_owned()], &mut texts);
        let modules: BTreeSet<Path> = texts.keys().cloned().collect();
        let sources = texts
            .into_iter()
            .map(|(module, text)| {
                let source = Source::read(&text, &module, &modules);
                (module, source)
            })
            .collect();
        Self { sources }
    }

    /// The top-level rooms that `src/` has, by name.
    pub fn rooms(&self) -> BTreeSet<String> {
        self.sources
            .keys()
            .filter_map(|module| room(module))
            .collect()
    }

    /// The files and folders directly inside a module, by name.
    pub fn parts_of(&self, module: &[String]) -> BTreeSet<String> {
        self.sources
            .keys()
            .filter_map(|path| path.strip_prefix(module)?.first().cloned())
            .collect()
    }

    pub fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (from, source) in &self.sources {
            for path in &source.named {
                if let Some((to, name)) = self.resolve(path)
                    && to != *from
                {
                    let from = from.clone();
                    arrows.entry(Arrow { from, to }).or_default().insert(name);
                }
            }
        }
        arrows
    }

    /// The files that name one of these paths.
    pub fn users_of(&self, is_sought: impl Fn(&[String]) -> bool) -> Vec<&Path> {
        let names = |source: &Source| source.named.iter().any(|path| is_sought(path));
        self.sources
            .iter()
            .filter(|(_, source)| names(source))
            .map(|(module, _)| module)
            .collect()
    }

    /// The file in which a path ends, whichever others hand it on, and the name that it has there. A path to a whole
    /// module is none: what is used of the module is named elsewhere.
    fn resolve(&self, path: &[String]) -> Option<(Path, String)> {
        let mut path = path.to_vec();
        // A name is handed on a few times at most.
        for _ in 0..10 {
            if path.first()? != "crate" {
                return None;
            }
            let depth = (1..=path.len())
                .rev()
                .find(|&depth| self.sources.contains_key(&path[..depth]))?;
            let module = &path[..depth];
            let name = path.get(depth)?.clone();
            match self.sources[module].imports.get(&name) {
                Some(import) if *import != path => path = [import, &path[depth + 1..]].concat(),
                _ => return Some((module.to_vec(), name)),
            }
        }
        panic!("{} is handed on in a circle", path.join("::"));
    }
}

/// The name of the top-level room that a module belongs to.
pub fn room(module: &[String]) -> Option<String> {
    module.get(1).cloned()
}

fn read_folder(module: &[String], texts: &mut BTreeMap<Path, String>) {
    let folder = [&[format!("{ROOT}/src")], &module[1..]].concat().join("/");
    for entry in fs::read_dir(&folder).expect(&folder) {
        let entry = entry.expect(&folder);
        let name = entry.file_name().into_string().expect("names are text");
        let source = name.strip_suffix(".rs");
        let stem = source.unwrap_or(&name);
        if stem == "tests" {
            continue;
        }
        let child = match stem {
            "mod" | "lib" => module.to_vec(),
            stem => [module, &[stem.to_owned()]].concat(),
        };
        if entry.path().is_dir() {
            read_folder(&child, texts);
        } else if source.is_some() {
            let text = fs::read_to_string(entry.path()).expect(&name);
            texts.insert(child, text);
        }
    }
}

/// The table of rooms in ARCHITECTURE.md, from the top down.
pub struct Table {
    pub rooms: Vec<String>,
    /// Every file and folder that it names.
    pub places: Vec<String>,
    /// The files and folders inside of rooms, as they stand in one row.
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn read() -> Self {
        let page =
            fs::read_to_string(format!("{ROOT}/ARCHITECTURE.md")).expect("the page is there");
        let mut table = Self {
            rooms: Vec::new(),
            places: Vec::new(),
            rows: Vec::new(),
        };
        let mut room = String::new();
        let lines = page
            .lines()
            .skip_while(|line| !line.starts_with("    src/"));
        for line in lines.take_while(|line| line.starts_with("    ")) {
            let entry = line.trim_start();
            // The names end where the description begins.
            let names = entry.split("  ").next().unwrap_or_default().split(", ");
            if entry.starts_with("src/") {
                for place in names {
                    let name = place.trim_start_matches("src/").trim_end_matches(['/']);
                    let name = name.strip_suffix(".rs").unwrap_or(name);
                    table.rooms.push(name.to_owned());
                    table.places.push(place.to_owned());
                    place.clone_into(&mut room);
                }
            } else if line.starts_with("      ") {
                // A part of the room above.
                let row: Vec<String> = names.map(|name| format!("{room}{name}")).collect();
                table.places.extend(row.clone());
                table.rows.push(row);
            }
        }
        table
    }

    /// The parts of a room, by rows from the top down. Parts in one row do not use each other.
    pub fn parts(&self, room: &str) -> Vec<Vec<String>> {
        let path = format!("src/{room}/");
        let name = |place: &String| {
            let name = place.strip_prefix(&path)?.trim_end_matches('/');
            Some(name.strip_suffix(".rs").unwrap_or(name).to_owned())
        };
        self.rows
            .iter()
            .map(|row| row.iter().filter_map(name).collect::<Vec<_>>())
            .filter(|row| !row.is_empty())
            .collect()
    }

    /// The place of a room in the stack; a greater one is further down.
    pub fn floor(&self, room: &str) -> Option<usize> {
        self.rooms.iter().position(|name| name == room)
    }
}
