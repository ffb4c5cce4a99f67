//! Names for runs and models that were created without one, such as `quiet-otter-417`.

use rand::RngExt;

/// Returns a random name of at most twenty characters.
pub fn random_name() -> String {
    let mut random = rand::rng();
    let adjective = ADJECTIVES[random.random_range(0..ADJECTIVES.len())];
    let noun = NOUNS[random.random_range(0..NOUNS.len())];
    let number = random.random_range(0..1000);
    format!("{adjective}-{noun}-{number}")
}

// With the number, no name is longer than twenty characters.
const ADJECTIVES: [&str; 64] = [
    "able", "agile", "amber", "ample", "autumn", "brave", "bright", "brisk", "calm", "candid",
    "clear", "clever", "cosmic", "crisp", "curious", "dapper", "deft", "eager", "early", "earnest",
    "fair", "fleet", "fluent", "fond", "frank", "gentle", "glad", "golden", "grand", "happy",
    "hardy", "honest", "humble", "jolly", "keen", "kind", "lively", "lucid", "lucky", "mellow",
    "merry", "mighty", "modest", "neat", "nimble", "noble", "patient", "placid", "plucky",
    "polite", "proud", "quick", "quiet", "rapid", "ready", "serene", "sharp", "silent", "smart",
    "steady", "sunny", "swift", "tidy", "witty",
];
const NOUNS: [&str; 64] = [
    "acorn", "alder", "anchor", "badger", "beacon", "beaver", "birch", "bison", "brook", "canyon",
    "cedar", "cliff", "comet", "condor", "coral", "crane", "creek", "delta", "dingo", "dolphin",
    "eagle", "ember", "falcon", "fern", "finch", "fjord", "gecko", "glacier", "grove", "harbor",
    "hawk", "heron", "hill", "ibex", "island", "jackal", "juniper", "koala", "lagoon", "lark",
    "lemur", "lynx", "maple", "marten", "meadow", "meteor", "moose", "newt", "ocean", "orca",
    "osprey", "otter", "panda", "pebble", "pine", "puffin", "quail", "raven", "reef", "river",
    "salmon", "tundra", "walrus", "willow",
];

#[cfg(test)]
mod tests {
    use super::{ADJECTIVES, NOUNS};

    #[test]
    fn no_name_is_long() {
        let longest = |words: &[&str]| words.iter().map(|word| word.len()).max().unwrap();
        assert!(longest(&ADJECTIVES) + longest(&NOUNS) + "--999".len() <= 20);
    }
}
