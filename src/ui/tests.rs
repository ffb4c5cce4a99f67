//! Tests of installing a UI from good and bad wheels, and of finding it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::install::install_within;
use super::wheel::UnpackLimits;
use super::{Encoding, UiFolder, UiSearchPath, install};

const METADATA: (&str, &str) = (
    "mlflow-3.17.2.dist-info/METADATA",
    "Metadata-Version: 2.1\nName: mlflow\nVersion: 3.17.2\n",
);
const INDEX: (&str, &str) = ("mlflow/server/js/build/index.html", "<title>MLflow</title>");

struct Scratch(TempDir);

impl Scratch {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn wheel(&self, files: &[(&str, &str)]) -> PathBuf {
        let path = self.path("mlflow-3.17.2-py3-none-any.whl");
        let mut writer = ZipWriter::new(File::create(&path).unwrap());
        for (name, text) in files {
            writer
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
        path
    }

    /// Returns the names of all files here, without the wheel.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| {
                Path::new(name)
                    .extension()
                    .is_none_or(|extension| extension != "whl")
            })
            .collect();
        names.sort();
        names
    }
}

#[test]
fn a_ui_is_taken_out_of_a_wheel_and_compressed() {
    let scratch = Scratch::new();
    let script = "let answer = 42;\n".repeat(1000);
    let wheel = scratch.wheel(&[
        METADATA,
        INDEX,
        ("mlflow/server/js/build/static/js/main.c2f5f8d4.js", &script),
        ("mlflow/server/__init__.py", "import flask"),
    ]);
    let folder = scratch.path("ui");
    let installed = install(&wheel, &folder).unwrap();
    assert_eq!(installed.version, "3.17.2");
    assert_eq!(scratch.names(), ["ui"]);

    let ui = UiFolder::open(&folder).unwrap();
    assert_eq!(ui.version(), Some("3.17.2"));
    assert!(!ui.has("flowkeep-ui.json") && !ui.has("__init__.py"));
    assert_eq!(ui.encodings("index.html").count(), 0);
    let mut unpacked = Vec::new();
    for encoding in Encoding::ALL {
        let (path, found) = ui
            .locate("static/js/main.c2f5f8d4.js", |takes| takes == encoding)
            .unwrap();
        assert_eq!(found, Some(encoding));
        let file = File::open(path).unwrap();
        let mut text = String::new();
        match encoding {
            Encoding::Brotli => brotli::Decompressor::new(file, 4096).read_to_string(&mut text),
            Encoding::Gzip => flate2::read::GzDecoder::new(file).read_to_string(&mut text),
        }
        .unwrap();
        unpacked.push(text);
    }
    assert_eq!(unpacked, [script.as_str(), &script]);
}

#[test]
fn a_second_install_replaces_the_first_and_nothing_else() {
    let scratch = Scratch::new();
    let folder = scratch.path("ui");
    let old = ("mlflow/server/js/build/old.js", "old");
    install(&scratch.wheel(&[METADATA, INDEX, old]), &folder).unwrap();
    install(&scratch.wheel(&[METADATA, INDEX]), &folder).unwrap();
    assert!(!UiFolder::open(&folder).unwrap().has("old.js"));
    assert_eq!(scratch.names(), ["ui"]);

    let thesis = scratch.path("thesis");
    fs::create_dir(&thesis).unwrap();
    fs::write(thesis.join("chapter-1.tex"), "all of it").unwrap();
    let refusal = install(&scratch.wheel(&[METADATA, INDEX]), &thesis).unwrap_err();
    assert!(
        refusal.to_string().ends_with(
            "holds other things than a UI that flowkeep installed. Name a new or empty folder with --dir."
        ),
        "{refusal}"
    );
    assert!(thesis.join("chapter-1.tex").exists());
}

#[test]
fn bad_wheels_are_refused_and_leave_nothing_behind() {
    let long = "x".repeat(2000);
    for (files, reason) in [
        (
            &[METADATA, INDEX, ("../../evil", "")][..],
            "it has a file with the name \"../../evil\"",
        ),
        (
            &[
                METADATA,
                INDEX,
                ("mlflow/server/js/build/../../../../../evil", ""),
            ],
            "it has a file with the name \"mlflow/server/js/build/../../../../../evil\"",
        ),
        (
            &[METADATA, INDEX, ("/etc/evil", "")],
            "it has a file with the name \"/etc/evil\"",
        ),
        (
            &[METADATA],
            "it has no UI, which would be in mlflow/server/js/build",
        ),
        (&[INDEX], "it has no metadata of MLflow"),
        (
            &[
                ("mlflow-3.17.2.dist-info/METADATA", "Version: ../..\n"),
                INDEX,
            ],
            "its metadata name no version",
        ),
        (
            &[METADATA, INDEX, ("mlflow/server/js/build/large.js", &long)],
            "its UI is larger than 1000 bytes",
        ),
        (
            &[
                METADATA,
                INDEX,
                ("mlflow/server/js/build/a", ""),
                ("mlflow/server/js/build/b", ""),
            ],
            "its UI has more than 2 files",
        ),
    ] {
        let scratch = Scratch::new();
        let wheel = scratch.wheel(files);
        let limits = UnpackLimits {
            files: 2,
            bytes: 1000,
        };
        let refusal = install_within(&wheel, &scratch.path("ui"), &limits).unwrap_err();
        let expected = format!(
            "{} is not a wheel that flowkeep can take the UI from: {reason}.",
            wheel.display()
        );
        assert_eq!(refusal.to_string(), expected);
        assert_eq!(scratch.names(), [""; 0], "{reason}");
    }
}

#[test]
fn files_that_are_not_wheels_are_refused() {
    let scratch = Scratch::new();
    let text = scratch.path("notes.whl");
    fs::write(&text, "no zip file").unwrap();
    install(&text, &scratch.path("ui")).unwrap_err();
    install(&scratch.path("missing.whl"), &scratch.path("ui")).unwrap_err();
    assert_eq!(scratch.names(), [""; 0]);
}

#[test]
fn a_ui_is_found_where_it_is_named_then_installed_then_in_an_environment() {
    let scratch = Scratch::new();
    let environment = |name: &str, version: &str| {
        let package = scratch
            .path(name)
            .join("lib/python3.12/site-packages/mlflow");
        fs::create_dir_all(package.join("server/js/build")).unwrap();
        fs::write(package.join("server/js/build/index.html"), "").unwrap();
        fs::write(
            package.join("version.py"),
            format!("import re\nVERSION = \"{version}\"\n"),
        )
        .unwrap();
        scratch.path(name)
    };
    let mut places = UiSearchPath {
        environments: vec![environment("old", "2.9.0"), scratch.path("none")],
        data: Some(scratch.path("data")),
        named: None,
    };
    let find = |places: &UiSearchPath| {
        places.find("3.17.2").unwrap().map(|ui| {
            let below = ui.root().strip_prefix(scratch.0.path()).unwrap();
            below.components().next().unwrap().as_os_str().to_owned()
        })
    };
    assert_eq!(find(&places), None);
    places.environments.push(environment("new", "3.17.2"));
    assert_eq!(find(&places).unwrap(), "new");
    install(&scratch.wheel(&[METADATA, INDEX]), &scratch.path("data")).unwrap();
    assert_eq!(find(&places).unwrap(), "data");
    places.named = Some(scratch.path("old/lib/python3.12/site-packages/mlflow/server/js/build"));
    assert_eq!(find(&places).unwrap(), "old");
    places.named = Some(scratch.path("none"));
    let refusal = places.find("3.17.2").unwrap_err().to_string();
    assert!(
        refusal.ends_with("none: it has no index.html."),
        "{refusal}"
    );
}
