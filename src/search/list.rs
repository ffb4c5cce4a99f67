//! Reads the list after IN, which MLflow reads as a Python literal.

use std::str::CharIndices;

use crate::wire::python::repr;

/// The reason why a text is not a list of strings.
#[derive(Debug, PartialEq, Eq)]
pub enum ListError {
    Empty,
    IllFormed,
    /// The list has an element that is not a string. Holds the whole list as Python prints it.
    OtherElements(String),
}

enum Element {
    Text(String),
    Number(String),
}

/// Reads a list such as `('a', "b")`, with its parentheses. Fails if it is empty, malformed, or has
/// an element that is not a string.
pub fn read(text: &str) -> Result<Vec<String>, ListError> {
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
        .ok_or(ListError::IllFormed)?;
    let mut elements = Vec::new();
    let mut rest = inner.trim_start();
    while !rest.is_empty() {
        let (element, behind) = element(rest)?;
        elements.push(element);
        rest = behind.trim_start();
        if let Some(behind) = rest.strip_prefix(',') {
            rest = behind.trim_start();
        } else if !rest.is_empty() {
            return Err(ListError::IllFormed);
        }
    }
    if elements.is_empty() {
        return Err(ListError::Empty);
    }
    if elements
        .iter()
        .any(|element| matches!(element, Element::Number(_)))
    {
        return Err(ListError::OtherElements(as_tuple(&elements)));
    }
    Ok(elements
        .into_iter()
        .map(|element| match element {
            Element::Text(text) | Element::Number(text) => text,
        })
        .collect())
}

/// Reads one element and returns it with the text after it.
fn element(text: &str) -> Result<(Element, &str), ListError> {
    if !text.starts_with(['\'', '"']) {
        let end = text.find([',', ')', ' ']).unwrap_or(text.len());
        let number = &text[..end];
        return if number.parse::<f64>().is_ok()
            && number.ends_with(|last: char| last.is_ascii_digit())
        {
            Ok((Element::Number(number.to_owned()), &text[end..]))
        } else {
            Err(ListError::IllFormed)
        };
    }
    // Adjacent string literals are one string.
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

/// Reads up to the closing quote, appends the content to `whole`, and returns the text after the
/// quote.
fn string<'a>(text: &'a str, quote: char, whole: &mut String) -> Result<&'a str, ListError> {
    let mut letters = text.char_indices();
    while let Some((index, letter)) = letters.next() {
        match letter {
            '\\' => match letters.next().ok_or(ListError::IllFormed)?.1 {
                '\n' => {}
                'x' => whole.push(coded(&mut letters, 2)?),
                'u' => whole.push(coded(&mut letters, 4)?),
                'n' => whole.push('\n'),
                'r' => whole.push('\r'),
                't' => whole.push('\t'),
                escaped @ ('\\' | '\'' | '"') => whole.push(escaped),
                other => whole.extend(['\\', other]),
            },
            '\n' => return Err(ListError::IllFormed),
            letter if letter == quote => return Ok(&text[index + 1..]),
            letter => whole.push(letter),
        }
    }
    Err(ListError::IllFormed)
}

/// Reads a character that is given as a hexadecimal code of `digits` digits.
fn coded(letters: &mut CharIndices<'_>, digits: usize) -> Result<char, ListError> {
    let code: String = letters.take(digits).map(|(_, letter)| letter).collect();
    u32::from_str_radix(&code, 16)
        .ok()
        .filter(|_| code.len() == digits)
        .and_then(char::from_u32)
        .ok_or(ListError::IllFormed)
}

/// Formats the elements as a Python tuple, for the error message.
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
