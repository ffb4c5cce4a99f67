//! Finds the feature retrieval spec of a model version among its artifacts, and reads it with the
//! model's signature. The database says where to look; the files are read outside of any transaction.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;

use super::super::feature_spec::{
    Comparison, FILE, FeatureSpec, Inputs, Problems, compare, limits,
};
use crate::artifacts::{ArtifactLocation, ArtifactPath, Artifacts};
use crate::error::{Error, ErrorCode, Result, found};
use crate::store::{Db, artifact_locations, logged_models, runs};
use crate::wire::{GetLoggedModel, ModelVersion, ModelVersionTag};

/// The tag that says where the spec is, for one that is not at its usual place.
pub const TAG: &str = "feature_retrieval_spec";
const RUN: &str = "run";
const LOGGED_MODEL: &str = "logged model";
const EXTRA_FILES: &str = "extra_files";
const MLMODEL: &str = "MLmodel";

/// Where the spec of a version may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FeatureSpecSources {
    /// The address of the model's artifacts.
    model: String,
    /// What the version itself says comes first; what its logged model or its run says, last.
    own: Option<Pointer>,
    inherited: Option<Pointer>,
}

/// What a tag says, and the files that this may mean.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pointer {
    owner: &'static str,
    value: String,
    files: Vec<FileAddress>,
}

/// A path below an address of artifacts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FileAddress {
    root: String,
    path: String,
}

/// A spec that was found, and what its model says that it takes.
#[derive(Clone, Debug)]
pub struct FoundFeatureSpec {
    /// Where, as a path below the artifacts of the model or of its run.
    pub path: String,
    pub spec: Result<FeatureSpec, Problems>,
    /// The error says why the `MLmodel` file could not be read.
    pub inputs: Result<Inputs, String>,
}

impl FoundFeatureSpec {
    /// Compares the spec with the signature of the model. Nothing differs where one of them cannot be read.
    pub fn comparison(&self) -> Comparison {
        match (&self.spec, &self.inputs) {
            (Ok(spec), Ok(inputs)) => compare(spec, inputs),
            _ => Comparison::default(),
        }
    }

    /// All that is wrong with the spec, in sentences; empty for one that can be relied upon.
    pub fn problems(&self) -> Problems {
        let mut problems = match &self.spec {
            Ok(_) => self.comparison().sentences(),
            Err(problems) => problems.clone(),
        };
        if let Err(error) = &self.inputs {
            problems.push(format!("the MLmodel file cannot be read: {error}"));
        }
        problems
    }
}

impl FeatureSpecSources {
    /// Looks up where the spec of a version may be. `location` is the address of the version's artifacts.
    pub fn of_version(db: &mut Db, version: &ModelVersion, location: &str) -> Result<Self> {
        let tag = version.tags.iter().find(|tag| tag.key() == TAG);
        let run_id = Some(version.run_id()).filter(|id| !id.is_empty());
        let run_location = match run_id {
            Some(id) => found(artifact_locations::of_run(db, id))?,
            None => None,
        };
        let inherited = InheritedHints {
            run_location,
            tag: inherited_tag(db, version.source(), run_id)?,
        };
        Self::new(db, location, tag.map(ModelVersionTag::value), inherited)
    }

    /// Looks up where the spec may be of a version whose artifacts are at `location` and whose own tag is
    /// `tag`.
    pub fn new(
        db: &mut Db,
        location: &str,
        tag: Option<&str>,
        inherited: InheritedHints,
    ) -> Result<Self> {
        let roots = Roots {
            model: location,
            run: inherited.run_location.as_deref(),
        };
        let own = match tag {
            Some(value) => Some(roots.pointer(db, "version", value)?),
            None => None,
        };
        let inherited = match &inherited.tag {
            Some(tag) => Some(roots.pointer(db, tag.owner, &tag.value)?),
            None => None,
        };
        Ok(Self {
            model: location.to_owned(),
            own,
            inherited,
        })
    }

    /// Reads the `MLmodel` file of the model, if it has one.
    pub async fn read_mlmodel(&self, artifacts: &Artifacts) -> Result<Option<Vec<u8>>> {
        read(artifacts, &self.model, MLMODEL, limits::MLMODEL).await
    }

    /// Looks for the spec and reads it. None: the version has none. An error: storage could not be
    /// reached, so that nobody knows.
    pub async fn read(
        &self,
        artifacts: &Artifacts,
        mlmodel: Option<&[u8]>,
    ) -> Result<Option<FoundFeatureSpec>> {
        let Some((path, spec)) = self.read_spec(artifacts).await? else {
            return Ok(None);
        };
        Ok(Some(FoundFeatureSpec {
            path,
            spec,
            inputs: mlmodel.map_or(Ok(Inputs::Absent), Inputs::of_mlmodel),
        }))
    }

    async fn read_spec(
        &self,
        artifacts: &Artifacts,
    ) -> Result<Option<(String, Result<FeatureSpec, Problems>)>> {
        if let Some(pointer) = &self.own {
            return pointer.read(artifacts).await.map(Some);
        }
        for path in [FILE.to_owned(), format!("{EXTRA_FILES}/{FILE}")] {
            if let Some(file) = read(artifacts, &self.model, &path, limits::SPEC).await? {
                return Ok(Some((path, FeatureSpec::parse(&file))));
            }
        }
        match &self.inherited {
            Some(pointer) => pointer.read(artifacts).await.map(Some),
            None => Ok(None),
        }
    }
}

/// What a version has from its run and its logged model that leads to a spec.
#[derive(Clone, Debug, Default)]
pub struct InheritedHints {
    /// Where the artifacts of its run are.
    pub run_location: Option<String>,
    pub tag: Option<InheritedTag>,
}

/// The tag of a logged model or a run that says where the spec is.
#[derive(Clone, Debug)]
pub struct InheritedTag {
    owner: &'static str,
    value: String,
}

impl InheritedTag {
    /// Takes what the logged model says, else what the run says.
    pub fn first_of(
        logged_model: Option<&BTreeMap<String, String>>,
        run: Option<&BTreeMap<String, String>>,
    ) -> Option<Self> {
        let tag = |owner, tags: Option<&BTreeMap<String, String>>| {
            let value = tags?.get(TAG)?.clone();
            Some(Self { owner, value })
        };
        tag(LOGGED_MODEL, logged_model).or_else(|| tag(RUN, run))
    }
}

impl Pointer {
    /// A tag that leads nowhere is a mistake, not the absence of a spec.
    async fn read(&self, artifacts: &Artifacts) -> Result<(String, Result<FeatureSpec, Problems>)> {
        for FileAddress { root, path } in &self.files {
            for path in [path.clone(), format!("{path}/{FILE}")] {
                if let Some(file) = read(artifacts, root, &path, limits::SPEC).await? {
                    return Ok((path, FeatureSpec::parse(&file)));
                }
            }
        }
        let nowhere = format!(
            "the tag '{TAG}' of the {} says '{}', and there is no such file among the artifacts of the model \
             or of its run",
            self.owner, self.value
        );
        Ok((self.value.clone(), Err(vec![nowhere])))
    }
}

/// Returns the addresses below which a tag can point. Other addresses are refused, because the server reads with rights
/// that the author of a tag may not have.
struct Roots<'a> {
    model: &'a str,
    run: Option<&'a str>,
}

impl Roots<'_> {
    fn pointer(&self, db: &mut Db, owner: &'static str, value: &str) -> Result<Pointer> {
        let value = value.trim();
        let near = if owner == RUN {
            [self.run, Some(self.model)]
        } else {
            [Some(self.model), self.run]
        };
        let address = |root: &str, path: &str| FileAddress {
            root: root.to_owned(),
            path: path.to_owned(),
        };
        let below = |root: &str| {
            let path = value.strip_prefix(root.trim_end_matches('/'))?;
            path.starts_with('/')
                .then(|| address(root, path.trim_matches('/')))
        };
        let near = near.into_iter().flatten().filter(|root| !root.is_empty());
        let files = if let Some((id, path)) = value
            .strip_prefix("runs:/")
            .and_then(|rest| rest.split_once('/'))
        {
            let root = found(artifact_locations::of_run(db, id))?;
            root.map(|root| address(&root, path)).into_iter().collect()
        } else if value.starts_with('/') || value.contains(":/") {
            near.filter_map(below).collect()
        } else {
            let path = value.trim_end_matches('/');
            near.map(|root| address(root, path)).collect()
        };
        Ok(Pointer {
            owner,
            value: value.to_owned(),
            files,
        })
    }
}

/// Reads what the logged model says, else what the run says.
fn inherited_tag(db: &mut Db, source: &str, run_id: Option<&str>) -> Result<Option<InheritedTag>> {
    if let Some(id) = source.strip_prefix("models:/")
        && !id.contains(['/', '@'])
    {
        let request = GetLoggedModel {
            model_id: Some(id.to_owned()),
            ..GetLoggedModel::default()
        };
        let tags = found(logged_models::get(db, &request))?
            .and_then(|model| model.info)
            .map(|info| info.tags)
            .unwrap_or_default();
        if let Some(tag) = tags.into_iter().find(|tag| tag.key() == TAG) {
            return Ok(Some(InheritedTag {
                owner: LOGGED_MODEL,
                value: tag.value.unwrap_or_default(),
            }));
        }
    }
    let Some(id) = run_id else {
        return Ok(None);
    };
    let tag = runs::get_tag(db, id, TAG)?;
    Ok(tag.map(|value| InheritedTag { owner: RUN, value }))
}

/// Reads a file below an address; `None` if there is none. Of a file that is too large, one byte more than
/// is allowed is read.
async fn read(
    artifacts: &Artifacts,
    root: &str,
    path: &str,
    most: usize,
) -> Result<Option<Vec<u8>>> {
    let place = artifacts.resolve(root)?;
    let opened = open(&place, path).await;
    let download = match opened {
        Err(error)
            if matches!(
                error.code,
                ErrorCode::ResourceDoesNotExist | ErrorCode::InvalidParameterValue
            ) =>
        {
            None
        }
        opened => opened?,
    };
    let Some(download) = download else {
        return Ok(None);
    };
    let size = download.size.min(most as u64 + 1);
    let pieces: Vec<_> = download
        .stream(0..size)
        .try_collect()
        .await
        .map_err(|error| {
            tracing::error!(%error, path, "an artifact could not be read to its end");
            Error::internal("The server could not read an artifact to its end.")
        })?;
    Ok(Some(pieces.concat()))
}

async fn open(place: &ArtifactLocation, path: &str) -> Result<Option<crate::artifacts::Download>> {
    let file = place.below(&ArtifactPath::from_plain(path)?);
    file.repository.open(&file.path).await
}
