//! Formats types, JSON and numbers as Python does, because MLflow's messages quote values in this
//! form.

use std::fmt::Write;
use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// Returns the name of the Python type that a JSON value has after parsing.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// Returns compact ASCII JSON with sorted keys, as `json.dumps(sort_keys=True)` with short
/// separators.
pub fn dumps(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value);
    text
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::String(string) => write_string(text, string),
        Value::Array(elements) => {
            text.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(text, element);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort();
            text.push('{');
            for (index, key) in keys.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_string(text, key);
                text.push(':');
                write_value(text, &members[key]);
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

fn write_string(text: &mut String, string: &str) {
    let quoted = Value::from(string).to_string();
    for letter in quoted.chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
}

/// Returns the `repr` of a string.
pub fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut written = String::with_capacity(text.len() + 2);
    written.push(quote);
    for letter in text.chars() {
        // Writing to a String cannot fail.
        let _ = match letter {
            '\\' => written.write_str("\\\\"),
            '\n' => written.write_str("\\n"),
            '\r' => written.write_str("\\r"),
            '\t' => written.write_str("\\t"),
            letter if letter == quote => write!(written, "\\{letter}"),
            letter if letter.is_control() => match u32::from(letter) {
                code @ ..=0xff => write!(written, "\\x{code:02x}"),
                code => write!(written, "\\u{code:04x}"),
            },
            letter => written.write_char(letter),
        };
    }
    written.push(quote);
    written
}

/// Returns JSON as `json.dumps` writes it by default: ASCII, with a space after `,` and `:`.
pub fn json(value: &Value) -> String {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, Spaced);
    // Serializing a Value into a Vec cannot fail, and the formatter writes only ASCII.
    let _ = value.serialize(&mut serializer);
    String::from_utf8(text).unwrap_or_default()
}

/// A formatter that writes JSON as Python's `json.dumps` does.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for letter in fragment.chars() {
            if letter.is_ascii() {
                write!(writer, "{letter}")?;
            } else {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

/// Returns the `repr` of a float: the shortest digits that read back as the same number.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        format!("{value:?}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", exponent.abs())
    }
}

/// Parses an integer as Python's `int` does. Returns `None` if the text is not one, or is too
/// large.
pub fn int(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let separated_well =
        !digits.starts_with('_') && !digits.ends_with('_') && !digits.contains("__");
    if !separated_well {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// Puts NaN and the infinities in a JSON body into quotes.
///
/// Python writes them as bare words, which other JSON parsers refuse. Protobuf's JSON uses strings
/// for them.
pub fn quote_constants(body: &[u8]) -> Vec<u8> {
    const WORDS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
    let mut quoted = Vec::with_capacity(body.len() + 16);
    let mut rest = body;
    let mut in_string = false;
    while let Some(&byte) = rest.first() {
        let word = WORDS
            .iter()
            .find(|word| !in_string && rest.starts_with(word));
        let taken = match (word, byte) {
            (Some(word), _) => {
                quoted.push(b'"');
                quoted.extend_from_slice(word);
                quoted.push(b'"');
                rest = &rest[word.len()..];
                continue;
            }
            (None, b'\\') if in_string && rest.len() > 1 => 2,
            (None, _) => 1,
        };
        if byte == b'"' {
            in_string = !in_string;
        }
        quoted.extend_from_slice(&rest[..taken]);
        rest = &rest[taken..];
    }
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{float, int, json, quote_constants, repr};

    #[test]
    fn writes_json_as_python_does() {
        let value = json!([{"name": "ré\u{1f600}\"\n", "version": 1}, [], {}, [1.5, null, true]]);
        assert_eq!(
            json(&value),
            r#"[{"name": "r\u00e9\ud83d\ude00\"\n", "version": 1}, [], {}, [1.5, null, true]]"#
        );
    }

    #[test]
    fn reads_integers_as_python_does() {
        for (text, expected) in [
            (" 12\n", Some(12)),
            ("+1_000", Some(1000)),
            ("-7", Some(-7)),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("--1", None),
            ("1.0", None),
            ("", None),
        ] {
            assert_eq!(int(text), expected, "{text:?}");
        }
    }

    #[test]
    fn writes_floats_as_python_does() {
        for (value, written) in [
            (1.0, "1.0"),
            (-0.5, "-0.5"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float(value), written);
        }
    }

    #[test]
    fn quotes_strings_as_python_does() {
        assert_eq!(repr("it's"), r#""it's""#);
        assert_eq!(repr("it's \"so\""), r#"'it\'s "so"'"#);
        assert_eq!(repr("a\n\u{7f}é"), r"'a\n\x7fé'");
    }

    #[test]
    fn quotes_bare_constants_outside_of_strings() {
        let body = br#"{"a": NaN, "b": [-Infinity, Infinity], "NaN": "a \" NaN", "c": "NaN\\"}"#;
        let value: serde_json::Value = serde_json::from_slice(&quote_constants(body)).unwrap();
        assert_eq!(
            value,
            json!({
                "a": "NaN", "b": ["-Infinity", "Infinity"], "NaN": "a \" NaN", "c": "NaN\\"
            })
        );
    }
}
