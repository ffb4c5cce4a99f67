//! The list behind IN: MLflow reads it as a literal of Python.

use std::str::CharIndices;

use crate::wire::python::repr;

/// Why a text is no list of strings.
#[derive(Debug, PartialEq, Eq)]
pub enum NoList {
    Empty,
    IllFormed,
    /// It holds something else; written as Python would.
    OtherElements(String),
}

enum Element {
    Text(String),
    Number(String),
}

/// Reads `('a', "b")`, parentheses included.
pub fn read(text: &str) -> Result<Vec<String>, NoList> {
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
        .ok_or(NoList::IllFormed)?;
    let mut elements = Vec::new();
    let mut rest = inner.trim_start();
    while !rest.is_empty() {
        let (element, behind) = element(rest)?;
        elements.push(element);
        rest = behind.trim_start();
        if let Some(behind) = rest.strip_prefix(',') {
            rest = behind.trim_start();
        } else if !rest.is_empty() {
            return Err(NoList::IllFormed);
        }
    }
    if elements.is_empty() {
        return Err(NoList::Empty);
    }
    if elements
        .iter()
        .any(|element| matches!(element, Element::Number(_)))
    {
        return Err(NoList::OtherElements(as_tuple(&elements)));
    }
    Ok(elements
        .into_iter()
        .map(|element| match element {
            Element::Text(text) | Element::Number(text) => text,
        })
        .collect())
}

fn element(text: &str) -> Result<(Element, &str), NoList> {
    if !text.starts_with(['\'', '"']) {
        let end = text.find([',', ')', ' ']).unwrap_or(text.len());
        let number = &text[..end];
        return if number.parse::<f64>().is_ok()
            && number.ends_with(|last: char| last.is_ascii_digit())
        {
            Ok((Element::Number(number.to_owned()), &text[end..]))
        } else {
            Err(NoList::IllFormed)
        };
    }
    // Strings that stand side by side are one.
    let mut whole = String::new();
    let mut rest = text;
    while let Some(quote) = rest
        .chars()
        .next()
        .filter(|first| ['\'', '"'].contains(first))
    {
        rest = string(&rest[1..], quote, &mut whole)?.trim_start();
    }
    Ok((Element::Text(whole), rest))
}

/// Reads up to the closing quote, and gives what follows it.
fn string<'a>(text: &'a str, quote: char, whole: &mut String) -> Result<&'a str, NoList> {
    let mut letters = text.char_indices();
    while let Some((index, letter)) = letters.next() {
        match letter {
            '\\' => match letters.next().ok_or(NoList::IllFormed)?.1 {
                '\n' => {}
                'x' => whole.push(coded(&mut letters, 2)?),
                'u' => whole.push(coded(&mut letters, 4)?),
                'n' => whole.push('\n'),
                'r' => whole.push('\r'),
                't' => whole.push('\t'),
                escaped @ ('\\' | '\'' | '"') => whole.push(escaped),
                other => whole.extend(['\\', other]),
            },
            '\n' => return Err(NoList::IllFormed),
            letter if letter == quote => return Ok(&text[index + 1..]),
            letter => whole.push(letter),
        }
    }
    Err(NoList::IllFormed)
}

/// The letter that is given by its number.
fn coded(letters: &mut CharIndices<'_>, digits: usize) -> Result<char, NoList> {
    let code: String = letters.take(digits).map(|(_, letter)| letter).collect();
    u32::from_str_radix(&code, 16)
        .ok()
        .filter(|_| code.len() == digits)
        .and_then(char::from_u32)
        .ok_or(NoList::IllFormed)
}

fn as_tuple(elements: &[Element]) -> String {
    let written: Vec<String> = elements
        .iter()
        .map(|element| match element {
            Element::Text(text) => repr(text),
            Element::Number(number) => number.clone(),
        })
        .collect();
    let comma = if written.len() == 1 { "," } else { "" };
    format!("({}{comma})", written.join(", "))
}
