//! URIs of models: `models:/name/version`, `models:/name/stage`, `models:/name@alias` and `models:/m-…`.

use super::url;

/// The parts of a model URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelUri {
    LoggedModel(String),
    Version {
        name: String,
        version: String,
    },
    Alias {
        name: String,
        alias: String,
    },
    /// The newest version of a stage, or of all.
    Latest {
        name: String,
        stage: Option<String>,
    },
}

impl ModelUri {
    /// Parses a model URI. Returns `None` for any other text.
    pub fn parse(uri: &str) -> Option<Self> {
        parse(uri)
    }
}

/// Parses a model URI. Returns `None` for any other text.
pub fn parse(uri: &str) -> Option<ModelUri> {
    // A fragment is no special part of these.
    let escaped = uri.replace('#', "%23");
    let parsed = url::parse(&escaped)?;
    if parsed.scheme != "models" {
        return None;
    }
    let path = parsed.path.replace("%23", "#");
    let parts: Vec<&str> = path
        .strip_prefix('/')?
        .trim_start_matches('/')
        .split('/')
        .collect();
    match parts.as_slice() {
        [name] if !name.trim().is_empty() => match name.rsplit_once('@') {
            Some((_, alias)) if alias.trim().is_empty() => None,
            Some((name, alias)) => Some(ModelUri::Alias {
                name: name.to_owned(),
                alias: alias.to_owned(),
            }),
            None => Some(ModelUri::LoggedModel((*name).to_owned())),
        },
        [name, suffix] if !name.trim().is_empty() && !suffix.trim().is_empty() => {
            let name = (*name).to_owned();
            Some(if suffix.bytes().all(|byte| byte.is_ascii_digit()) {
                ModelUri::Version {
                    name,
                    version: (*suffix).to_owned(),
                }
            } else if suffix.to_lowercase() == "latest" {
                ModelUri::Latest { name, stage: None }
            } else {
                ModelUri::Latest {
                    name,
                    stage: Some((*suffix).to_owned()),
                }
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_models_are_read() {
        let name = || "a b".to_owned();
        for (uri, expected) in [
            ("models:/m-1", ModelUri::LoggedModel("m-1".to_owned())),
            (
                "models:/a b/12",
                ModelUri::Version {
                    name: name(),
                    version: "12".to_owned(),
                },
            ),
            (
                "models:/a b@x",
                ModelUri::Alias {
                    name: name(),
                    alias: "x".to_owned(),
                },
            ),
            (
                "models:/a b/LATEST",
                ModelUri::Latest {
                    name: name(),
                    stage: None,
                },
            ),
            (
                "models:/a b/Production",
                ModelUri::Latest {
                    name: name(),
                    stage: Some("Production".to_owned()),
                },
            ),
        ] {
            assert_eq!(parse(uri), Some(expected), "{uri}");
        }
        for uri in [
            "models:",
            "models:/",
            "models:a/1",
            "models:/a/1/b",
            "models:/a/",
            "models:/ /1",
            "models:/a@",
            "runs:/a/1",
            "a",
        ] {
            assert_eq!(parse(uri), None, "{uri}");
        }
    }
}
