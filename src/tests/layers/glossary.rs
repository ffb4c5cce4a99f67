//! The glossary in ARCHITECTURE.md, held against `src/`: each file and type that it names exists.

use std::fs;
use std::path::{Path, PathBuf};

/// A file or folder that the glossary names, with the types that it looks for there.
struct GlossaryPlace {
    path: PathBuf,
    types: Vec<String>,
}

#[test]
fn the_glossary_names_files_and_types_that_exist() {
    let places = read_glossary();
    assert!(places.len() >= 30, "{}", places.len());
    for GlossaryPlace { path, types } in places {
        let shown = path.display();
        assert!(path.exists(), "ARCHITECTURE.md names {shown}");
        let text = read_all(&path);
        for name in types {
            assert!(
                defines(&text, &name),
                "ARCHITECTURE.md looks for {name} in {shown}"
            );
        }
    }
}

/// Reads the last column of each row, such as "`audit/entry.rs`: `Entry`; `store/runs/`".
fn read_glossary() -> Vec<GlossaryPlace> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("the page is there");
    let glossary = page
        .split("\n## ")
        .find(|part| part.starts_with("Glossary\n"))
        .expect("the page has a glossary");
    let mut places: Vec<GlossaryPlace> = Vec::new();
    for row in glossary.lines().filter(|line| line.starts_with('|')) {
        let cell = row.trim_end_matches('|').rsplit('|').next().unwrap_or("");
        for word in cell.split('`').skip(1).step_by(2) {
            if word.contains('/') {
                // The structs of the wire are generated from the messages.
                let path = if word == "wire/" {
                    root.join("proto/mlflow")
                } else {
                    root.join("src").join(word)
                };
                let types = Vec::new();
                places.push(GlossaryPlace { path, types });
            } else {
                let place = places.last_mut().expect("a file stands before its types");
                place.types.push(word.to_owned());
            }
        }
    }
    places
}

/// Returns the text of a file, or of all files below a folder.
fn read_all(path: &Path) -> String {
    if path.is_file() {
        return fs::read_to_string(path).unwrap();
    }
    fs::read_dir(path)
        .unwrap()
        .map(|entry| read_all(&entry.unwrap().path()))
        .collect()
}

/// Whether a text of Rust or of proto defines a type of this name.
fn defines(text: &str, name: &str) -> bool {
    ["struct", "enum", "type", "message"].iter().any(|keyword| {
        let definition = format!("{keyword} {name}");
        text.match_indices(&definition).any(|(start, _)| {
            let rest = &text[start + definition.len()..];
            !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_')
        })
    })
}
