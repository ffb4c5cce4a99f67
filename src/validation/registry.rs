//! Requests to the registry. Requests that register or move a version are checked in `lifecycle/`, which knows sources
//! and stages.

use super::Check;
use super::registry_names::{
    check_alias, check_alias_is_free, check_model, check_model_tag, check_new_model, check_tag_key,
    check_version_tag, version,
};
use crate::config::Limits;
use crate::error::Result;
use crate::wire::{
    CreateRegisteredModel, DeleteModelVersion, DeleteModelVersionTag, DeleteRegisteredModel,
    DeleteRegisteredModelAlias, DeleteRegisteredModelTag, GetLatestVersions, GetModelVersion,
    GetModelVersionByAlias, GetModelVersionDownloadUri, GetRegisteredModel, RenameRegisteredModel,
    SetModelVersionTag, SetRegisteredModelAlias, SetRegisteredModelTag, UpdateModelVersion,
    UpdateRegisteredModel,
};

/// Implements [`Check`] for requests, each with the checks that it needs, in the order in which MLflow makes them.
macro_rules! checks {
    ($($request:ident($it:ident) { $($check:expr;)+ })+) => {
        $(impl Check for $request {
            fn check(&mut self, _: &Limits) -> Result<()> {
                let $it = &*self;
                $($check?;)+
                Ok(())
            }
        })+
    };
}

checks! {
    GetRegisteredModel(it) { check_model(it.name()); }
    GetLatestVersions(it) { check_model(it.name()); }
    GetModelVersion(it) { check_model(it.name()); version(it.version()); }
    GetModelVersionDownloadUri(it) { check_model(it.name()); version(it.version()); }
    GetModelVersionByAlias(it) { check_model(it.name()); check_alias(it.alias()); }
    UpdateRegisteredModel(it) { check_model(it.name()); }
    RenameRegisteredModel(it) { check_new_model(it.new_name()); check_model(it.name()); }
    DeleteRegisteredModel(it) { check_model(it.name()); }
    SetRegisteredModelTag(it) {
        check_model(it.name());
        check_model_tag(it.key(), it.value());
    }
    DeleteRegisteredModelTag(it) { check_model(it.name()); check_tag_key(it.key()); }
    SetRegisteredModelAlias(it) {
        check_model(it.name());
        check_alias(it.alias());
        check_alias_is_free(it.alias());
        version(it.version());
    }
    DeleteRegisteredModelAlias(it) { check_model(it.name()); check_alias(it.alias()); }
    UpdateModelVersion(it) { check_model(it.name()); version(it.version()); }
    // Of a wrong name and a wrong number, MLflow complains about the number here.
    DeleteModelVersion(it) { version(it.version()); check_model(it.name()); }
    SetModelVersionTag(it) {
        check_model(it.name());
        version(it.version());
        check_version_tag(it.key(), it.value());
    }
    DeleteModelVersionTag(it) {
        check_model(it.name());
        version(it.version());
        check_tag_key(it.key());
    }
}

impl Check for CreateRegisteredModel {
    fn check(&mut self, _: &Limits) -> Result<()> {
        check_model(self.name())?;
        self.tags
            .iter()
            .try_for_each(|tag| check_model_tag(tag.key(), tag.value()))
    }
}
