//! Splits a filter or an `order_by` clause into tokens.
//!
//! MLflow uses a general SQL tokenizer for both, and users rely on what that accepts: `metrics.1a`,
//! `tags."a b"`, `params . x`. This module implements those of its rules that matter for the search
//! language.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Whitespace,
    /// A word that is not an SQL keyword, or any text in backticks or square brackets.
    Name,
    Keyword,
    /// The name of an SQL type, such as `timestamp`.
    TypeName,
    /// ASC or DESC, optionally with NULLS FIRST or NULLS LAST.
    Direction,
    Integer,
    Float,
    Hexadecimal,
    /// Text in single quotes.
    Text,
    /// Text in double quotes: a name or a value, depending on its position.
    Symbol,
    Comparator,
    Operator,
    Wildcard,
    Placeholder,
    Punctuation,
    Comment,
    Other,
}

/// A token of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    /// The byte range in the text.
    pub span: Range<usize>,
}

/// The maximum number of tokens in a text. Each whitespace character counts as one.
const MAX_TOKENS: usize = 10_000;

/// Splits a text into tokens without the whitespace. Returns `None` if there are too many tokens.
pub fn tokenize(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut count = 0;
    let mut position = 0;
    let mut comments_end = true;
    while position < text.len() {
        let rest = &text[position..];
        // One search is enough: if a comment has no end, no later comment has one.
        if comments_end && rest.starts_with("/*") {
            comments_end = rest[2..].contains("*/");
        }
        let (kind, length) = next(text, position, comments_end);
        count += 1;
        if count > MAX_TOKENS {
            return None;
        }
        if kind != TokenKind::Whitespace {
            tokens.push(Token {
                kind,
                span: position..position + length,
            });
        }
        position += length;
    }
    Some(tokens)
}

/// Returns the kind and the length, in bytes, of the next token. The first matching rule decides.
fn next(text: &str, position: usize, comments_end: bool) -> (TokenKind, usize) {
    let rest = &text[position..];
    let previous = text[..position].chars().next_back();
    let first = rest.chars().next().unwrap_or_default();
    whitespace(first)
        .or_else(|| comment(rest, comments_end))
        .or_else(|| fixed(rest))
        .or_else(|| quoted(rest, '`'))
        .or_else(|| quoted(rest, '´'))
        .or_else(|| placeholder(rest, previous))
        .or_else(|| leading_keyword(rest))
        .or_else(|| plain_name(rest, previous))
        .or_else(|| number(rest))
        .or_else(|| quoted(rest, '\''))
        .or_else(|| quoted(rest, '"'))
        .or_else(|| bracketed(rest, previous))
        .or_else(|| phrase(rest))
        .or_else(|| word(rest))
        .or_else(|| symbols(rest))
        .unwrap_or((TokenKind::Other, first.len_utf8()))
}

/// The kind of a token and its length in bytes, if a rule matches.
type TokenMatch = Option<(TokenKind, usize)>;

fn comment(rest: &str, comments_end: bool) -> TokenMatch {
    if comments_end && rest.starts_with("/*") {
        let length = rest[2..].find("*/")? + 4;
        return Some((TokenKind::Comment, length));
    }
    if rest.starts_with("--") || rest.starts_with("# ") {
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        return Some((TokenKind::Comment, length));
    }
    None
}

fn whitespace(first: char) -> TokenMatch {
    is_space(first).then_some((TokenKind::Whitespace, first.len_utf8()))
}

fn fixed(rest: &str) -> TokenMatch {
    if rest.starts_with(":=") {
        Some((TokenKind::Other, 2))
    } else if rest.starts_with("::") {
        Some((TokenKind::Punctuation, 2))
    } else if rest.starts_with('*') {
        Some((TokenKind::Wildcard, 1))
    } else {
        None
    }
}

/// Reads text between two quotes. A doubled quote does not end the text. A quote after a backslash
/// does not end it either, except for backticks. If no other quote follows, the last of these ends
/// it.
fn quoted(rest: &str, quote: char) -> TokenMatch {
    let kind = match quote {
        '\'' => TokenKind::Text,
        '"' => TokenKind::Symbol,
        _ => TokenKind::Name,
    };
    let mut letters = rest.char_indices().peekable();
    if letters.next()?.1 != quote {
        return None;
    }
    let mut end_if_unclosed = None;
    while let Some((index, letter)) = letters.next() {
        let following = letters.peek().map(|(_, letter)| *letter);
        if letter == quote {
            if following != Some(quote) {
                return Some((kind, index + quote.len_utf8()));
            }
            end_if_unclosed = Some(index + quote.len_utf8());
            letters.next();
        } else if letter == '\\' && following == Some(quote) && kind != TokenKind::Name {
            end_if_unclosed = Some(index + 1 + quote.len_utf8());
            letters.next();
        }
    }
    end_if_unclosed.map(|end| (kind, end))
}

fn placeholder(rest: &str, previous: Option<char>) -> TokenMatch {
    if rest.starts_with('?') {
        return Some((TokenKind::Placeholder, 1));
    }
    if rest.starts_with("%s") || rest.starts_with("%S") {
        return Some((TokenKind::Placeholder, 2));
    }
    if rest.starts_with(['$', ':']) && !previous.is_some_and(is_word) {
        let length = word_length(&rest[1..]);
        return (length > 0).then_some((TokenKind::Placeholder, 1 + length));
    }
    None
}

/// Reads a keyword that stays a keyword even where another word would be a name.
fn leading_keyword(rest: &str) -> TokenMatch {
    let length = word_length(rest);
    ["CASE", "IN", "VALUES", "USING", "FROM", "AS"]
        .iter()
        .any(|keyword| rest[..length].eq_ignore_ascii_case(keyword))
        .then_some((TokenKind::Keyword, length))
}

/// Reads a word next to a dot or before a parenthesis: it is a name, even if SQL reserves it.
fn plain_name(rest: &str, previous: Option<char>) -> TokenMatch {
    let mut start = 0;
    if rest.starts_with('@') {
        start = 1;
    } else if rest.starts_with('#') {
        start = if rest.starts_with("##") { 2 } else { 1 };
    }
    let first = rest[start..].chars().next()?;
    if !is_letter(first) {
        return None;
    }
    let length = start + word_length(&rest[start..]);
    if start > 0 {
        let letters = rest[start..length].chars().count();
        return (letters > 1).then_some((TokenKind::Name, length));
    }
    let behind = &rest[length..];
    let mut after_spaces = behind.trim_start_matches(is_space).chars();
    let before_dot = after_spaces.next() == Some('.')
        && !after_spaces
            .next()
            .is_some_and(|letter| letter.is_ascii_digit());
    (before_dot || previous == Some('.') || behind.starts_with('('))
        .then_some((TokenKind::Name, length))
}

fn number(rest: &str) -> TokenMatch {
    let sign = usize::from(rest.starts_with('-'));
    let unsigned = &rest[sign..];
    if unsigned.starts_with("0x") || unsigned.starts_with("0X") {
        let digits = count(&unsigned[2..], |letter| letter.is_ascii_hexdigit());
        if digits > 0 {
            return Some((TokenKind::Hexadecimal, sign + 2 + digits));
        }
    }
    let whole = digits(unsigned);
    if let Some(length) = with_exponent(unsigned, whole) {
        return Some((TokenKind::Float, sign + length));
    }
    // A number cannot touch a word: if a word follows, the last digit becomes part of the word.
    let apart = |length: usize, at_least: usize| {
        let touches = unsigned[length..].chars().next().is_some_and(is_word_start);
        match (touches, length > at_least) {
            (false, _) => Some(sign + length),
            (true, true) => Some(sign + length - 1),
            (true, false) => None,
        }
    };
    if unsigned[whole..].starts_with('.') {
        let fraction = digits(&unsigned[whole + 1..]);
        if whole > 0 {
            if let Some(length) = apart(whole + 1 + fraction, whole + 1) {
                return Some((TokenKind::Float, length));
            }
        } else if fraction > 0
            && let Some(length) = apart(1 + fraction, 2)
        {
            return Some((TokenKind::Float, length));
        }
    }
    if whole == 0 {
        return None;
    }
    apart(whole, 1).map(|length| (TokenKind::Integer, length))
}

/// Returns the length of a number with an exponent.
fn with_exponent(unsigned: &str, whole: usize) -> Option<usize> {
    if whole == 0 {
        return None;
    }
    let mut length = whole;
    if unsigned[length..].starts_with('.') {
        let fraction = digits(&unsigned[length + 1..]);
        if fraction > 0 {
            length += 1 + fraction;
        }
    }
    if !unsigned[length..].starts_with(['e', 'E']) {
        return None;
    }
    length += 1;
    length += usize::from(unsigned[length..].starts_with('-'));
    let exponent = digits(&unsigned[length..]);
    (exponent > 0).then_some(length + exponent)
}

fn bracketed(rest: &str, previous: Option<char>) -> TokenMatch {
    if !rest.starts_with('[')
        || previous.is_some_and(|letter| is_word(letter) || [']', ')'].contains(&letter))
    {
        return None;
    }
    let end = rest[1..].find(['[', ']'])? + 1;
    (end > 1 && rest[end..].starts_with(']')).then_some((TokenKind::Name, end + 1))
}

/// Reads a keyword that can have several words.
fn phrase(rest: &str) -> TokenMatch {
    const PHRASES: [(&[&str], TokenKind); 15] = [
        (&["NOT", "NULL"], TokenKind::Keyword),
        (&["ASC", "NULLS", "FIRST"], TokenKind::Direction),
        (&["ASC", "NULLS", "LAST"], TokenKind::Direction),
        (&["DESC", "NULLS", "FIRST"], TokenKind::Direction),
        (&["DESC", "NULLS", "LAST"], TokenKind::Direction),
        (&["ASC"], TokenKind::Direction),
        (&["DESC"], TokenKind::Direction),
        (&["GROUP", "BY"], TokenKind::Keyword),
        (&["ORDER", "BY"], TokenKind::Keyword),
        (&["NOT", "LIKE"], TokenKind::Comparator),
        (&["NOT", "ILIKE"], TokenKind::Comparator),
        (&["NOT", "RLIKE"], TokenKind::Comparator),
        (&["LIKE"], TokenKind::Comparator),
        (&["ILIKE"], TokenKind::Comparator),
        (&["RLIKE"], TokenKind::Comparator),
    ];
    PHRASES
        .iter()
        .find_map(|(words, kind)| Some((*kind, phrase_length(rest, words)?)))
}

/// Returns the length of a sequence of words that are separated by whitespace.
fn phrase_length(rest: &str, words: &[&str]) -> Option<usize> {
    let mut length = 0;
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            let spaces = count(&rest[length..], is_space);
            if spaces == 0 {
                return None;
            }
            length += spaces;
        }
        let found = word_length(&rest[length..]);
        if !rest[length..length + found].eq_ignore_ascii_case(word) {
            return None;
        }
        length += found;
    }
    Some(length)
}

fn word(rest: &str) -> TokenMatch {
    if !rest.chars().next().is_some_and(is_word) {
        return None;
    }
    let length = count(rest, |letter| {
        is_word(letter) || letter == '$' || letter == '#'
    });
    let upper = rest[..length].to_uppercase();
    let kind = if KEYWORDS.contains(upper.as_str()) {
        TokenKind::Keyword
    } else if TYPE_NAMES.contains(&upper.as_str()) {
        TokenKind::TypeName
    } else {
        TokenKind::Name
    };
    Some((kind, length))
}

fn symbols(rest: &str) -> TokenMatch {
    let first = rest.chars().next()?;
    if ";:()[],.".contains(first) {
        return Some((TokenKind::Punctuation, 1));
    }
    for operator in ["->>", "->", "#>>", "#>", "@>", "<@", "-", "#-"] {
        if rest.starts_with(operator) {
            return Some((TokenKind::Operator, operator.len()));
        }
    }
    let comparator = count(rest, |letter| "<>=~!".contains(letter));
    if comparator > 0 {
        return Some((TokenKind::Comparator, comparator));
    }
    let operator = count(rest, |letter| "+/@#%^&|-".contains(letter));
    (operator > 0).then_some((TokenKind::Operator, operator))
}

/// Returns the length, in bytes, of the characters at the start that `accepts` accepts.
fn count(text: &str, accepts: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !accepts(letter)).unwrap_or(text.len())
}

fn digits(text: &str) -> usize {
    count(text, |letter| letter.is_ascii_digit())
}

fn word_length(text: &str) -> usize {
    count(text, is_word)
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn is_word_start(letter: char) -> bool {
    is_letter(letter) || letter == '_'
}

fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphabetic() || matches!(letter, 'À'..='Ü' | 'à'..='ü')
}

/// Returns whether a character separates words: whitespace, or one of the four separator control
/// codes.
pub fn is_space(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{1c}'..='\u{1f}')
}

/// Words that SQL dialects reserve. They are names only if they are quoted or follow a dot.
static KEYWORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("keywords.txt").split_whitespace().collect());

const TYPE_NAMES: [&str; 51] = [
    "ARRAY",
    "BIGINT",
    "BIGNUMERIC",
    "BINARY",
    "BIT",
    "BLOB",
    "BOOLEAN",
    "CHAR",
    "DATE",
    "DEC",
    "DECIMAL",
    "FILE_TYPE",
    "FLOAT",
    "INT",
    "INT8",
    "INTEGER",
    "INTERVAL",
    "LONG",
    "MAP",
    "NATURALN",
    "NUMBER",
    "NUMERIC",
    "NVARCHAR",
    "PLS_INTEGER",
    "POSITIVE",
    "POSITIVEN",
    "REAL",
    "ROWID",
    "ROWLABEL",
    "ROWNUM",
    "SERIAL",
    "SERIAL8",
    "SIGNED",
    "SIGNTYPE",
    "SIMPLE_DOUBLE",
    "SIMPLE_FLOAT",
    "SIMPLE_INTEGER",
    "SMALLINT",
    "STRING",
    "STRUCT",
    "SYS_REFCURSOR",
    "TEXT",
    "TIMESTAMP",
    "TINYINT",
    "UNSIGNED",
    "UROWID",
    "UTL_FILE",
    "VARCHAR",
    "VARCHAR2",
    "VARIANT",
    "VARYING",
];
