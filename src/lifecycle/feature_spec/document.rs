//! The content of a feature retrieval spec, as its author writes it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use serde_saphyr::options::DuplicateKeyPolicy;
use utoipa::ToSchema;

use super::yaml::{at, sentence};
use super::{Problems, limits};

const MOST_FEATURES: usize = 10_000;
const LONGEST_URI: usize = 2_000;
const LONGEST_NAME: usize = 500;
/// The maximum number of mistakes that are reported for a file.
const MOST_PROBLEMS: usize = 20;

/// Which features a model takes, in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeatureSpec {
    pub feature_store_uri: String,
    pub features: Vec<Feature>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Feature {
    pub name: String,
    /// `table:version`, as it is written.
    pub source: String,
    pub table: String,
    pub version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    feature_store_uri: Spanned<String>,
    features: Spanned<Vec<Item>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    name: Spanned<String>,
    source: Spanned<String>,
}

impl FeatureSpec {
    /// Reads a spec, or says all that is wrong with it.
    pub fn parse(file: &[u8]) -> Result<Self, Problems> {
        if file.len() > limits::SPEC {
            return Err(vec![format!(
                "the file has more than {} bytes",
                limits::SPEC
            )]);
        }
        let text = std::str::from_utf8(file).map_err(|error| {
            let line = file[..error.valid_up_to()]
                .split(|byte| *byte == b'\n')
                .count();
            vec![format!("line {line}: the file is not UTF-8")]
        })?;
        if text.trim().is_empty() {
            return Err(vec!["the file is empty".to_owned()]);
        }
        let options = serde_saphyr::options! {
            duplicate_keys: DuplicateKeyPolicy::Error,
            with_snippet: false,
        };
        let document: Document = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| vec![sentence(&error)])?;
        document.checked()
    }
}

impl Document {
    fn checked(self) -> Result<FeatureSpec, Problems> {
        let mut problems = Vec::new();
        check_uri(&self.feature_store_uri, &mut problems);
        let (start, items) = (self.features.referenced, self.features.value);
        if items.is_empty() {
            problems.push(at(start, "there must be at least one feature"));
        }
        if items.len() > MOST_FEATURES {
            problems.push(at(
                start,
                &format!("there are more than {MOST_FEATURES} features"),
            ));
            return Err(problems);
        }
        let mut lines: HashMap<&str, u64> = HashMap::new();
        let mut features = Vec::with_capacity(items.len());
        for item in &items {
            check_name(&item.name, &mut problems);
            let line = item.name.referenced.line();
            if let Some(first) = lines.insert(&item.name.value, line) {
                let name = &item.name.value;
                let twice = format!("feature '{name}' is there already, in line {first}");
                problems.push(at(item.name.referenced, &twice));
            }
            if let Some((table, version)) = split_source(&item.source.value) {
                features.push(Feature {
                    name: item.name.value.clone(),
                    source: item.source.value.clone(),
                    table: table.to_owned(),
                    version: version.to_owned(),
                });
            } else {
                let source = shown(&item.source.value);
                let malformed = format!(
                    "source '{source}' of feature '{}' is not of the form table:version, such as customer_profile:v2",
                    shown(&item.name.value)
                );
                problems.push(at(item.source.referenced, &malformed));
            }
        }
        if problems.len() > MOST_PROBLEMS {
            let more = problems.len() - MOST_PROBLEMS;
            problems.truncate(MOST_PROBLEMS);
            problems.push(format!("and {more} more"));
        }
        if problems.is_empty() {
            Ok(FeatureSpec {
                feature_store_uri: self.feature_store_uri.value,
                features,
            })
        } else {
            Err(problems)
        }
    }
}

fn check_uri(uri: &Spanned<String>, problems: &mut Problems) {
    let text = &uri.value;
    let wrong = if text.is_empty() {
        "feature_store_uri must not be empty"
    } else if text.len() > LONGEST_URI {
        "feature_store_uri is too long"
    } else if text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        "feature_store_uri has a space or a control character in it"
    } else {
        return;
    };
    problems.push(at(uri.referenced, wrong));
}

fn check_name(name: &Spanned<String>, problems: &mut Problems) {
    let text = &name.value;
    let wrong = if text.trim().is_empty() {
        "the name of a feature must not be empty"
    } else if text.len() > LONGEST_NAME {
        "the name of a feature is too long"
    } else if text.contains(char::is_control) {
        "the name of a feature has a control character in it"
    } else {
        return;
    };
    problems.push(at(name.referenced, wrong));
}

/// A table may have a schema and a catalog before it; a version is one word.
fn split_source(source: &str) -> Option<(&str, &str)> {
    let (table, version) = source.split_once(':')?;
    let table_is_well_formed = table.split(['.', '/']).all(is_word);
    (source.len() <= LONGEST_NAME && table_is_well_formed && is_version(version))
        .then_some((table, version))
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'))
}

fn is_version(text: &str) -> bool {
    text.split('.').all(is_word)
}

/// What is quoted in a sentence must not fill a page.
fn shown(text: &str) -> String {
    if text.chars().count() > 80 {
        text.chars().take(80).chain(['…']).collect()
    } else {
        text.to_owned()
    }
}
