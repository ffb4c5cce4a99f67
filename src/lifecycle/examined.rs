//! What the files of a version say and consist of, as far as a policy asks for that and they were read.

use super::content::{self, Content};
use super::feature_files::{self, Kin, Sources};
use super::model_files::{Description, ModelFiles};
use super::policy::document::Evidence;
use super::policy::{Policy, Tags};
use super::seals::{self, Seal};
use crate::error::Result;
use crate::store::Db;
use crate::store::governance::seals::Row;

/// A version that is to be examined.
pub struct Subject<'a> {
    pub location: &'a str,
    pub tags: &'a Tags,
    pub files: &'a ModelFiles,
    /// Where its description may be, if that is asked for.
    pub kin: Option<Kin>,
    pub wants_content: bool,
    /// Whether what was recorded of its bytes will do.
    pub wants_digest: bool,
    pub seal: Option<Row>,
}

pub struct Examined {
    pub description: Description,
    pub content: Option<Content>,
    pub seal: Option<Seal>,
    /// Of the content: as it was read, else as it was sealed, else as it was recorded.
    pub digest: Option<String>,
    /// What was asked for and nobody has looked at.
    pub undescribed: Option<Sources>,
    pub is_unread: bool,
}

pub fn examine(db: &mut Db, subject: Subject) -> Result<Examined> {
    let Subject {
        location,
        tags,
        files,
        kin,
        wants_content,
        wants_digest,
        seal,
    } = subject;
    let content = files.content(location).filter(|_| wants_content);
    let seal = match seal {
        Some(seal) => Some(seals::compare(db, seal, location, content.as_ref())?),
        None => None,
    };
    let digest = match (&content, &seal) {
        (Some(content), _) => content.digest().map(str::to_owned),
        (None, Some(seal)) if seal.row.is_sealed() => seal.row.digest.clone(),
        _ if wants_digest => content::recorded_digest(db, location)?,
        _ => None,
    };
    let tag = tags.get(feature_files::TAG).map(String::as_str);
    let sources = match kin {
        Some(kin) => Some(Sources::new(db, (location, tag), kin)?),
        None => None,
    };
    let description = sources
        .as_ref()
        .and_then(|sources| files.description(sources));
    Ok(Examined {
        undescribed: sources.filter(|_| description.is_none()),
        description: description.unwrap_or_default(),
        is_unread: wants_content && content.is_none(),
        content,
        seal,
        digest,
    })
}

/// Whether what the files of a model say is asked for anywhere in a policy.
pub fn wants_description(policy: &Policy) -> bool {
    let spec = policy.spec();
    let of_gate = |evidence: &Evidence| evidence.signature || evidence.feature_spec;
    spec.registration
        .as_ref()
        .is_some_and(|part| part.require.signature || part.require.feature_spec)
        || spec.stages.values().any(|gate| of_gate(&gate.require))
        || spec
            .aliases
            .values()
            .filter_map(|gate| gate.require.as_ref())
            .any(of_gate)
}
