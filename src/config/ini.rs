//! Reads a section of an ini file as Python's `configparser` does, so that a file of MLflow means the same here.

use std::collections::BTreeMap;

/// The section whose values every other section has too.
const DEFAULTS: &str = "DEFAULT";
/// How often a value may name another one that names another one.
const DEEPEST: usize = 10;

/// Returns the values of a section by their names in lower case. `None` if there is no such section. Fails if a line
/// or a reference to another value cannot be read.
pub fn read_section(text: &str, section: &str) -> Result<Option<BTreeMap<String, String>>, String> {
    let sections = parse(text)?;
    let Some(own) = sections.get(section) else {
        return Ok(None);
    };
    let mut values = sections.get(DEFAULTS).cloned().unwrap_or_default();
    values.extend(own.clone());
    let mut resolved = BTreeMap::new();
    for (name, value) in &values {
        resolved.insert(name.clone(), interpolate(value, &values, DEEPEST)?);
    }
    Ok(Some(resolved))
}

type Section = BTreeMap<String, String>;

/// The value that a following, indented line goes on with.
struct OpenValue {
    section: String,
    name: String,
    indent: usize,
}

fn parse(text: &str) -> Result<BTreeMap<String, Section>, String> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut current: Option<String> = None;
    let mut open: Option<OpenValue> = None;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let content = line.trim();
        if content.starts_with(['#', ';']) {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        if let Some(value) = open.as_ref().filter(|value| indent > value.indent) {
            if !content.is_empty() {
                let section = sections.entry(value.section.clone()).or_default();
                let text = section.entry(value.name.clone()).or_default();
                text.push('\n');
                text.push_str(content);
            }
            continue;
        }
        if content.is_empty() {
            continue;
        }
        if let Some((name, _)) = content
            .strip_prefix('[')
            .and_then(|rest| rest.rsplit_once(']'))
        {
            if name != DEFAULTS && sections.contains_key(name) {
                return Err(format!("line {number} begins the section [{name}] again"));
            }
            sections.entry(name.to_owned()).or_default();
            current = Some(name.to_owned());
            open = None;
            continue;
        }
        let Some(section) = &current else {
            return Err(format!("line {number} stands before the first section"));
        };
        let Some((name, value)) = content.split_once(['=', ':']) else {
            return Err(format!("line {number} has neither '=' nor ':'"));
        };
        let name = name.trim_end().to_lowercase();
        let values = sections.entry(section.clone()).or_default();
        if values
            .insert(name.clone(), value.trim().to_owned())
            .is_some()
        {
            return Err(format!("line {number} sets {name} again"));
        }
        open = Some(OpenValue {
            section: section.clone(),
            name,
            indent,
        });
    }
    Ok(sections)
}

/// Replaces `%%` by a percent sign, and `%(name)s` by another value.
fn interpolate(value: &str, values: &Section, depth: usize) -> Result<String, String> {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            text.push('%');
            rest = after;
            continue;
        }
        let (name, after) = after
            .strip_prefix('(')
            .and_then(|after| after.split_once(")s"))
            .ok_or("a percent sign in a value is written twice: %%")?;
        let named = values
            .get(&name.to_lowercase())
            .ok_or_else(|| format!("%({name})s names no value"))?;
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| format!("%({name})s leads back to itself"))?;
        text.push_str(&interpolate(named, values, depth)?);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, name: &str) -> Option<String> {
        read_section(text, "mlflow").unwrap()?.get(name).cloned()
    }

    #[test]
    fn values_are_read_as_python_reads_them() {
        let text = "[DEFAULT]\nhost = db\n# a comment\n[mlflow]\nDatabase_URI: postgresql://%(host)s/auth\n\
                    admin_password = a#b;c=d:e %% f\n  ; another\nlong = one\n  two\n\n  three\nempty =\n[other]\nempty = x\n";
        assert_eq!(
            value(text, "database_uri").as_deref(),
            Some("postgresql://db/auth")
        );
        assert_eq!(
            value(text, "admin_password").as_deref(),
            Some("a#b;c=d:e % f")
        );
        assert_eq!(value(text, "long").as_deref(), Some("one\ntwo\nthree"));
        assert_eq!(value(text, "empty").as_deref(), Some(""));
        assert_eq!(value(text, "missing"), None);
    }

    #[test]
    fn a_file_without_the_section_has_no_values() {
        assert_eq!(read_section("[other]\na = b\n", "mlflow"), Ok(None));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, reason) in [
            ("a = b\n", "line 1 stands before the first section"),
            ("[mlflow]\nword\n", "line 2 has neither '=' nor ':'"),
            ("[mlflow]\na = 1\nA = 2\n", "line 3 sets a again"),
            (
                "[mlflow]\n[mlflow]\n",
                "line 2 begins the section [mlflow] again",
            ),
            (
                "[mlflow]\na = 5%\n",
                "a percent sign in a value is written twice: %%",
            ),
            ("[mlflow]\na = %(b)s\n", "%(b)s names no value"),
            ("[mlflow]\na = %(a)s\n", "%(a)s leads back to itself"),
        ] {
            assert_eq!(
                read_section(text, "mlflow"),
                Err(reason.to_owned()),
                "{text}"
            );
        }
    }
}
