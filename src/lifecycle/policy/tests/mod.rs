mod comparisons;
mod documents;
mod evaluation;

/// A policy with these lines under `spec`.
fn policy(spec: &str) -> String {
    let mut text = String::from(
        "apiVersion: flowkeep/v1\nkind: LifecyclePolicy\nmetadata:\n  name: credit\nspec:\n",
    );
    for line in spec.trim().lines() {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
    text
}
