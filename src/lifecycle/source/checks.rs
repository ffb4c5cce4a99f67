//! Checks the location that a new version names as its source. A client that can create versions must not get access
//! to other files of the server, nor to artifacts of runs and models that the version does not name.

use std::borrow::Cow;
use std::env;
use std::path::{Component, Path, PathBuf};

use super::model_uri::{self, ModelUri};
use super::url::{self, Url, unescape, unescape_fully};
use crate::error::{Error, Result};

/// The run or the logged model that a version names as its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    Run(&'a str),
    Model(&'a str),
}

impl<'a> Origin<'a> {
    fn id(self) -> &'a str {
        match self {
            Self::Run(id) | Self::Model(id) => id,
        }
    }

    fn parameter(self) -> &'static str {
        match self {
            Self::Run(_) => "run_id",
            Self::Model(_) => "model_id",
        }
    }
}

/// Checks a source against the run or model that the version names. `root` looks up the artifact location of that run or
/// model, and returns `None` if it does not exist.
pub fn check(
    source: &str,
    origin: Origin,
    root: impl FnOnce(&str) -> Result<Option<String>>,
) -> Result<()> {
    let foreign = || not_of(source, origin.parameter());
    if is_local(source)? {
        let mut shown = Cow::Borrowed(source);
        if !origin.id().is_empty() {
            let root = root(origin.id())?.ok_or_else(foreign)?;
            let path = local_path(source)?;
            if is_local(&root)? && path.starts_with(local_path(&root)?) {
                return Ok(());
            }
            shown = Cow::Owned(path.display().to_string());
        }
        let parameter = origin.parameter();
        return Err(Error::invalid_parameter(format!(
            "Invalid model version source: '{shown}'. To use a local path as a model version source, the \
             {parameter} request parameter has to be specified and the local path has to be contained within the \
             artifact directory of the run specified by the {parameter}."
        )));
    }
    refuse_traversal(source)?;
    let parsed = parse(source)?;
    match parsed.scheme.as_str() {
        "runs" => return check_run_uri(source, &parsed, origin),
        "models" => check_model_uri(source, &parsed, origin)?,
        _ => {}
    }
    if is_proxied(&parsed) {
        if origin.id().is_empty() {
            return Err(foreign());
        }
        let root = root(origin.id())?.ok_or_else(foreign)?;
        if !is_within(&parsed, &parse(&root)?) {
            return Err(foreign());
        }
    }
    Ok(())
}

fn check_run_uri(source: &str, parsed: &Url, origin: Origin) -> Result<()> {
    let foreign = || not_of(source, origin.parameter());
    let Origin::Run(run_id) = origin else {
        return Err(foreign());
    };
    if !parsed.authority.is_empty() {
        return Err(foreign());
    }
    let path = parsed.path.strip_prefix('/').unwrap_or_default();
    let source_run = path.split('/').next().unwrap_or_default();
    if source_run.is_empty() {
        return Err(Error::invalid_parameter(format!(
            "Not a proper runs:/ URI: {source}. Runs URIs must be of the form \
             'runs:/<run_id>/run-relative/path/to/artifact'"
        )));
    }
    if source_run == run_id {
        Ok(())
    } else {
        Err(foreign())
    }
}

fn check_model_uri(source: &str, parsed: &Url, origin: Origin) -> Result<()> {
    let foreign = || not_of(source, "model_id");
    if !parsed.authority.is_empty() {
        return Err(foreign());
    }
    match (model_uri::parse(source).ok_or_else(foreign)?, origin) {
        (ModelUri::LoggedModel(source_model), Origin::Model(model_id))
            if source_model == model_id =>
        {
            Ok(())
        }
        (ModelUri::LoggedModel(_), _) => Err(foreign()),
        _ => Ok(()),
    }
}

/// Returns the error for a source outside of the artifact location of the run or model.
pub fn not_of(source: &str, parameter: &str) -> Error {
    Error::invalid_parameter(format!(
        "Invalid model version source: '{source}'. The {parameter} request parameter must identify the resource \
         that contains the source."
    ))
}

/// Parses a source. Fails if it is not a URL or a path.
pub fn parse(source: &str) -> Result<Url> {
    url::parse(source).ok_or_else(|| {
        Error::invalid_parameter(format!("Invalid model version source: '{source}'."))
    })
}

fn is_local(uri: &str) -> Result<bool> {
    if uri == "databricks" {
        return Ok(false);
    }
    let parsed = parse(uri)?;
    let is_remote = parsed.host().is_some_and(|host| {
        host != "." && !host.starts_with("localhost") && !host.starts_with("127.0.0.1")
    });
    match parsed.scheme.as_str() {
        "file" if is_remote => Err(Error::invalid_parameter(format!(
            "{uri} is not a valid remote uri. For remote access on windows, please consider using a different \
             scheme such as SMB (e.g. smb://<hostname>/<path>)."
        ))),
        "" | "file" => Ok(true),
        _ => Ok(false),
    }
}

/// Returns the path of a local source, with links resolved.
fn local_path(uri: &str) -> Result<PathBuf> {
    let path = if uri.starts_with("file:") {
        parse(uri)?.path_without_parameters().to_owned()
    } else {
        uri.to_owned()
    };
    let path = unescape(&path);
    if path.contains('\0') {
        return Err(Error::invalid_parameter(format!(
            "Invalid model version source: '{uri}'."
        )));
    }
    Ok(resolve(Path::new(&path)))
}

/// Resolves links as far as the path exists. The rest of the path is resolved by its text.
fn resolve(path: &Path) -> PathBuf {
    let absolute = env::current_dir().unwrap_or_default().join(path);
    let mut resolved = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                resolved.pop();
            }
            part => {
                resolved.push(part);
                if let Ok(target) = resolved.canonicalize() {
                    resolved = target;
                }
            }
        }
    }
    resolved
}

/// Fails if the path of a source leads out of its root in any encoding.
fn refuse_traversal(source: &str) -> Result<()> {
    let plain = unescape_fully(source, |text| unescape(&text.replace('+', " ")));
    let parsed = parse(&plain)?;
    let path = parsed.path_without_parameters().trim_end_matches('/');
    let leads_astray = !path.starts_with('/')
        || path.contains('\0')
        || path.split('/').any(|part| part == ".")
        || plain.split('/').any(|part| part == "..");
    if leads_astray {
        return Err(Error::invalid_parameter(format!(
            "Invalid model version source: '{source}'. If supplying a source as an http, https, local file path, \
             ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path \
             references present. Please provide an absolute path."
        )));
    }
    Ok(())
}

/// Returns whether the artifacts are read through an MLflow server.
fn is_proxied(url: &Url) -> bool {
    const ROUTE: [&str; 4] = ["api", "2.0", "mlflow-artifacts", "artifacts"];
    match url.scheme.as_str() {
        "mlflow-artifacts" => true,
        "http" | "https" => path_parts(url)
            .windows(ROUTE.len())
            .any(|parts| parts == ROUTE),
        _ => false,
    }
}

fn is_within(source: &Url, root: &Url) -> bool {
    let root_parts = path_parts(root);
    source.scheme == root.scheme
        && source.authority.to_lowercase() == root.authority.to_lowercase()
        && !root_parts.is_empty()
        && path_parts(source).starts_with(&root_parts)
}

fn path_parts(url: &Url) -> Vec<String> {
    url.path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| unescape_fully(part, unescape))
        .collect()
}

#[cfg(test)]
mod tests;
