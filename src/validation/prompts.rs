//! What makes a prompt of a registered model: MLflow keeps prompts in the registry, marked by a tag.

/// The tag that marks a prompt, on the model and on its versions.
pub const IS_PROMPT_TAG: &str = "mlflow.prompt.is_prompt";

/// The sources of prompt versions. Prompts keep their text in a tag, and have no artifacts.
const PROMPT_SOURCES: [&str; 2] = ["dummy-source", "prompt-template"];

/// Whether a value of the tag marks a prompt.
pub fn marks_prompt(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

/// Whether tags, as keys and values, make a prompt of what carries them. Of a key that is given twice the
/// last value counts.
pub fn are_of_prompt<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> bool {
    tags.into_iter()
        .filter(|(key, _)| *key == IS_PROMPT_TAG)
        .last()
        .is_some_and(|(_, value)| marks_prompt(value))
}

/// Whether a source is one that only versions of prompts have.
pub fn is_prompt_source(source: &str) -> bool {
    PROMPT_SOURCES.contains(&source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_the_tag_decides() {
        assert!(are_of_prompt([(IS_PROMPT_TAG, "True")]));
        assert!(!are_of_prompt([
            (IS_PROMPT_TAG, "true"),
            (IS_PROMPT_TAG, "no")
        ]));
        assert!(!are_of_prompt([("other", "true")]));
    }
}
