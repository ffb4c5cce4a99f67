//! Puts tokens together to clauses: identifiers with their dots, comparisons, parentheses.
//!
//! What is no comparison stays a clause too, for the error that names it. The order of the steps
//! decides how an odd text is read, and is that of MLflow's reader.

use std::ops::Range;

use super::lexer::{Token, TokenKind, tokenize};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    pub kind: ClauseKind,
    /// In bytes of the text.
    pub span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClauseKind {
    Token(TokenKind),
    Parenthesis,
    Function,
    Identifier,
    Operation,
    List,
    Where,
    Comparison(Box<Comparison>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub left: Clause,
    pub comparator: Comparator,
    /// IS NULL and IS NOT NULL have none.
    pub right: Option<Clause>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// As it was written.
    Written(Range<usize>),
    NotIn,
    IsNull,
    IsNotNull,
}

/// Why a text is not one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoStatement {
    Empty,
    Several { second: usize },
    TooLong,
}

/// Reads a text that should be a single statement.
pub fn read(text: &str) -> Result<Vec<Clause>, NoStatement> {
    let tokens = tokenize(text).ok_or(NoStatement::TooLong)?;
    if tokens.is_empty() {
        return Err(NoStatement::Empty);
    }
    if let Some(second) = second_statement(text, &tokens) {
        return Err(NoStatement::Several { second });
    }
    let clauses = tokens
        .into_iter()
        .map(|token| Clause {
            kind: ClauseKind::Token(token.kind),
            span: token.span,
        })
        .collect();
    Ok(Grouping { text }.group(clauses))
}

/// Where a second statement begins, behind a semicolon that stands in no parenthesis.
fn second_statement(text: &str, tokens: &[Token]) -> Option<usize> {
    let mut level = 0;
    let mut ended = false;
    for token in tokens {
        if ended && token.kind != TokenKind::Comment {
            return Some(token.span.start);
        }
        match &text[token.span.clone()] {
            "(" => level += 1,
            ")" => level -= 1,
            ";" if level <= 0 => ended = true,
            _ => {}
        }
    }
    None
}

impl Clause {
    pub fn is(&self, kind: TokenKind) -> bool {
        self.kind == ClauseKind::Token(kind)
    }

    pub fn is_identifier(&self) -> bool {
        self.kind == ClauseKind::Identifier
    }

    /// One clause over all from this one to `last`.
    fn through(&self, last: &Self, kind: ClauseKind) -> Self {
        Self {
            kind,
            span: self.span.start..last.span.end,
        }
    }
}

/// How much a group takes of what follows its middle.
#[derive(PartialEq, Eq)]
enum Follows {
    Nothing,
    Next,
}

struct Grouping<'a> {
    text: &'a str,
}

impl Grouping<'_> {
    fn group(&self, clauses: Vec<Clause>) -> Vec<Clause> {
        let clauses = self.parentheses(clauses);
        let clauses = functions(clauses);
        let clauses = self.rest_of_where(clauses);
        let clauses = self.dots(clauses);
        let clauses = identifiers(clauses);
        let clauses = directions(clauses);
        let clauses = self.casts(clauses);
        let clauses = operations(clauses);
        let clauses = self.comparisons(clauses);
        let clauses = self.renamed(clauses);
        let clauses = aliases(clauses);
        self.lists(clauses)
    }

    fn text_of(&self, clause: &Clause) -> &str {
        &self.text[clause.span.clone()]
    }

    fn is_keyword(&self, clause: &Clause, keyword: &str) -> bool {
        clause.is(TokenKind::Keyword) && self.text_of(clause).eq_ignore_ascii_case(keyword)
    }

    fn is_punctuation(&self, clause: &Clause, mark: &str) -> bool {
        clause.is(TokenKind::Punctuation) && self.text_of(clause) == mark
    }

    /// Parentheses that do not pair stay as they are.
    fn parentheses(&self, clauses: Vec<Clause>) -> Vec<Clause> {
        let mut grouped: Vec<Clause> = Vec::with_capacity(clauses.len());
        let mut open = Vec::new();
        for clause in clauses {
            if self.is_punctuation(&clause, "(") {
                open.push(grouped.len());
            } else if self.is_punctuation(&clause, ")")
                && let Some(start) = open.pop()
            {
                let whole = grouped[start].through(&clause, ClauseKind::Parenthesis);
                grouped.truncate(start);
                grouped.push(whole);
                continue;
            }
            grouped.push(clause);
        }
        grouped
    }

    fn rest_of_where(&self, mut clauses: Vec<Clause>) -> Vec<Clause> {
        let Some(start) = clauses
            .iter()
            .position(|clause| self.is_keyword(clause, "WHERE"))
        else {
            return clauses;
        };
        let last = &clauses[clauses.len() - 1];
        let rest = clauses[start].through(last, ClauseKind::Where);
        clauses.truncate(start);
        clauses.push(rest);
        clauses
    }

    fn dots(&self, clauses: Vec<Clause>) -> Vec<Clause> {
        join(
            clauses,
            |clause| self.is_punctuation(clause, "."),
            |clause| {
                clause.is_identifier() || clause.is(TokenKind::Name) || clause.is(TokenKind::Symbol)
            },
            |next| {
                let part = next.is_some_and(|next| {
                    next.kind == ClauseKind::Function
                        || [
                            TokenKind::Name,
                            TokenKind::Symbol,
                            TokenKind::Wildcard,
                            TokenKind::Text,
                        ]
                        .iter()
                        .any(|kind| next.is(*kind))
                });
                Some(if part {
                    Follows::Next
                } else {
                    Follows::Nothing
                })
            },
            |_, _, _| ClauseKind::Identifier,
        )
    }

    fn casts(&self, clauses: Vec<Clause>) -> Vec<Clause> {
        join(
            clauses,
            |clause| self.is_punctuation(clause, "::"),
            |_| true,
            |next| next.map(|_| Follows::Next),
            |_, _, _| ClauseKind::Identifier,
        )
    }

    fn comparisons(&self, clauses: Vec<Clause>) -> Vec<Clause> {
        let operand = |clause: &Clause| is_operand(clause) || self.is_keyword(clause, "NULL");
        join(
            clauses,
            |clause| clause.is(TokenKind::Comparator),
            operand,
            |next| next.filter(|next| operand(next)).map(|_| Follows::Next),
            |left, middle, right| {
                ClauseKind::Comparison(Box::new(Comparison {
                    left: left.clone(),
                    comparator: Comparator::Written(middle.span.clone()),
                    right: right.cloned(),
                }))
            },
        )
    }

    fn renamed(&self, clauses: Vec<Clause>) -> Vec<Clause> {
        join(
            clauses,
            |clause| self.is_keyword(clause, "AS"),
            |clause| !clause.is(TokenKind::Keyword) || self.is_keyword(clause, "NULL"),
            |next| next.map(|_| Follows::Next),
            |_, _, _| ClauseKind::Identifier,
        )
    }

    fn lists(&self, clauses: Vec<Clause>) -> Vec<Clause> {
        let element = |clause: &Clause| {
            is_operand(clause) && clause.kind != ClauseKind::Parenthesis
                || matches!(clause.kind, ClauseKind::List | ClauseKind::Comparison(_))
                || clause.is(TokenKind::Keyword)
                || clause.is(TokenKind::Wildcard)
        };
        join(
            clauses,
            |clause| self.is_punctuation(clause, ","),
            element,
            |next| next.filter(|next| element(next)).map(|_| Follows::Next),
            |_, _, _| ClauseKind::List,
        )
    }
}

/// Groups a middle with what stands before it and, where `after` says so, with what follows.
fn join(
    clauses: Vec<Clause>,
    is_middle: impl Fn(&Clause) -> bool,
    before: impl Fn(&Clause) -> bool,
    after: impl Fn(Option<&Clause>) -> Option<Follows>,
    kind: impl Fn(&Clause, &Clause, Option<&Clause>) -> ClauseKind,
) -> Vec<Clause> {
    let mut grouped: Vec<Clause> = Vec::with_capacity(clauses.len());
    let mut rest = clauses.into_iter().peekable();
    let mut fits = false;
    while let Some(clause) = rest.next() {
        let follows = if fits && is_middle(&clause) {
            after(rest.peek())
        } else {
            None
        };
        let Some(follows) = follows else {
            fits = before(&clause);
            grouped.push(clause);
            continue;
        };
        let Some(left) = grouped.pop() else { continue };
        let next = (follows == Follows::Next).then(|| rest.next()).flatten();
        let whole = left.through(
            next.as_ref().unwrap_or(&clause),
            kind(&left, &clause, next.as_ref()),
        );
        // What a group ends with decides whether a further middle may follow it.
        fits = before(next.as_ref().unwrap_or(&whole));
        grouped.push(whole);
    }
    grouped
}

fn functions(clauses: Vec<Clause>) -> Vec<Clause> {
    pairs(
        clauses,
        |clause| {
            [TokenKind::Name, TokenKind::TypeName, TokenKind::Placeholder]
                .iter()
                .any(|kind| clause.is(*kind))
        },
        |next| next.kind == ClauseKind::Parenthesis,
        ClauseKind::Function,
    )
}

fn identifiers(mut clauses: Vec<Clause>) -> Vec<Clause> {
    for clause in &mut clauses {
        if clause.is(TokenKind::Name) || clause.is(TokenKind::Symbol) {
            clause.kind = ClauseKind::Identifier;
        }
    }
    clauses
}

fn directions(clauses: Vec<Clause>) -> Vec<Clause> {
    join(
        clauses,
        |clause| clause.is(TokenKind::Direction),
        |clause| clause.is_identifier() || is_number(clause),
        |_| Some(Follows::Nothing),
        |_, _, _| ClauseKind::Identifier,
    )
}

fn operations(clauses: Vec<Clause>) -> Vec<Clause> {
    join(
        clauses,
        |clause| clause.is(TokenKind::Operator) || clause.is(TokenKind::Wildcard),
        is_operand,
        |next| next.filter(|next| is_operand(next)).map(|_| Follows::Next),
        |_, _, _| ClauseKind::Operation,
    )
}

/// A name right behind something gives it another name, in SQL.
fn aliases(clauses: Vec<Clause>) -> Vec<Clause> {
    pairs(
        clauses,
        |clause| {
            matches!(
                clause.kind,
                ClauseKind::Parenthesis
                    | ClauseKind::Function
                    | ClauseKind::Identifier
                    | ClauseKind::Operation
                    | ClauseKind::Comparison(_)
            ) || is_number(clause)
        },
        Clause::is_identifier,
        ClauseKind::Identifier,
    )
}

fn pairs(
    clauses: Vec<Clause>,
    first: impl Fn(&Clause) -> bool,
    second: impl Fn(&Clause) -> bool,
    kind: ClauseKind,
) -> Vec<Clause> {
    let mut grouped = Vec::with_capacity(clauses.len());
    let mut rest = clauses.into_iter().peekable();
    while let Some(clause) = rest.next() {
        if first(&clause)
            && let Some(next) = rest.next_if(&second)
        {
            grouped.push(clause.through(&next, kind.clone()));
        } else {
            grouped.push(clause);
        }
    }
    grouped
}

fn is_number(clause: &Clause) -> bool {
    [TokenKind::Integer, TokenKind::Float, TokenKind::Hexadecimal]
        .iter()
        .any(|kind| clause.is(*kind))
}

fn is_operand(clause: &Clause) -> bool {
    match &clause.kind {
        ClauseKind::Parenthesis
        | ClauseKind::Function
        | ClauseKind::Identifier
        | ClauseKind::Operation => true,
        ClauseKind::Token(kind) => matches!(
            kind,
            TokenKind::Integer | TokenKind::Float | TokenKind::Text | TokenKind::Placeholder
        ),
        _ => false,
    }
}
