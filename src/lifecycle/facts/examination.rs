//! The contents of a version's files, as far as a policy asks for them and they have been read.

use super::super::files::{
    self, Content, Description, FeatureSpecSources, FilesToRead, InheritedHints, ModelFiles,
    recorded_digest,
};
use super::super::policy::Tags;
use super::super::seals::{self, Seal};
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::seals::SealRow;

/// A version whose files are asked about.
pub struct ExaminedVersion<'a> {
    pub location: &'a str,
    pub tags: &'a Tags,
    /// What was read of files.
    pub files: &'a ModelFiles,
    /// What leads to its description beside its own tags; `None` if the description is not asked for.
    pub spec_hints: Option<InheritedHints>,
    pub wants_content: bool,
    /// Whether what was recorded of its bytes will do.
    pub wants_digest: bool,
    pub seal: Option<SealRow>,
}

/// What is known of the files of a version.
pub struct Examination {
    pub description: Description,
    pub content: Option<Content>,
    pub seal: Option<Seal>,
    /// Of the content: as it was read, else as it was sealed, else as it was recorded.
    pub digest: Option<String>,
    /// What was asked for and was not read yet.
    pub missing: FilesToRead,
}

/// Puts together what is known of the files of a version.
pub fn examine(db: &mut Db, version: ExaminedVersion) -> Result<Examination> {
    let ExaminedVersion {
        location,
        tags,
        files,
        spec_hints,
        wants_content,
        wants_digest,
        seal,
    } = version;
    let content = files.content(location).filter(|_| wants_content);
    let seal = match seal {
        Some(seal) => Some(seals::compare(db, seal, location, content.as_ref())?),
        None => None,
    };
    let digest = match (&content, &seal) {
        (Some(content), _) => content.digest().map(str::to_owned),
        (None, Some(seal)) if seal.row.is_sealed() => seal.row.digest.clone(),
        _ if wants_digest => recorded_digest(db, location)?,
        _ => None,
    };
    let tag = tags.get(files::TAG).map(String::as_str);
    let sources = match spec_hints {
        Some(hints) => Some(FeatureSpecSources::new(db, location, tag, hints)?),
        None => None,
    };
    let description = sources
        .as_ref()
        .and_then(|sources| files.description(sources));
    let mut missing = FilesToRead::default();
    if description.is_none() {
        missing.descriptions.extend(sources);
    }
    if wants_content && content.is_none() {
        missing.contents.push(location.to_owned());
    }
    Ok(Examination {
        description: description.unwrap_or_default(),
        content,
        seal,
        digest,
        missing,
    })
}
