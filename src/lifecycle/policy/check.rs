//! What a document's types cannot say: that its parts fit together.

use serde_saphyr::Spanned;

use super::DocumentError;
use super::document::{AliasGate, Document};
use crate::store::model_versions::Stage;

impl Document {
    pub(super) fn check(&self) -> Result<(), DocumentError> {
        let names = &self.spec.models.names;
        if names.value.is_empty() {
            return Err(DocumentError::at(
                names.referenced,
                "names is empty, so that the policy is for no model; leave it out for all models",
            ));
        }
        for (alias, gate) in &self.spec.aliases {
            if let Some(stage) = &gate.same_as {
                self.check_same_as(alias, gate, stage)?;
            }
        }
        Ok(())
    }

    fn check_same_as(
        &self,
        alias: &str,
        gate: &AliasGate,
        stage: &Spanned<Stage>,
    ) -> Result<(), DocumentError> {
        let name = stage.value.as_str();
        if !self.spec.stages.contains_key(&stage.value) {
            let message =
                format!("the policy says nothing of the stage {name}, which same_as names");
            return Err(DocumentError::at(stage.referenced, message));
        }
        if !gate.is_only_same_as() {
            let message = format!(
                "the alias '{alias}' has the requirements of {name}; beside same_as it can have none of its own"
            );
            return Err(DocumentError::at(stage.referenced, message));
        }
        Ok(())
    }
}

impl AliasGate {
    fn is_only_same_as(&self) -> bool {
        self.from.is_none()
            && self.require.is_none()
            && self.approvals.is_none()
            && self.rules.is_empty()
    }
}
