//! Groups tokens into clauses: identifiers with their dots, comparisons, parentheses.
//!
//! Text that is not a comparison also becomes a clause, so that the error message can quote it. The
//! order of the grouping steps decides how unusual text is read; it is the order of the SQL parser
//! that MLflow uses.

use std::ops::Range;

use super::lexer::{Token, TokenKind, tokenize};

/// A part of a filter or an `order_by` text, with its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The kind of the clause.
    pub kind: ClauseKind,
    /// The byte range in the text.
    pub span: Range<usize>,
}

/// The kind of a clause.
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

/// A comparison of a field with a value, such as `metrics.loss < 1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The field.
    pub left: Clause,
    /// The comparator.
    pub comparator: Comparator,
    /// The value. `None` for IS NULL and IS NOT NULL.
    pub right: Option<Clause>,
}

/// The comparator of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// A comparator that is one piece of the text, given as its byte range.
    Written(Range<usize>),
    NotIn,
    IsNull,
    IsNotNull,
}

/// The reason why a text is not a single statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementError {
    Empty,
    Several { second: usize },
    TooLong,
}

/// Reads a text that must be a single statement.
///
/// Fails if the text is empty, has several statements, or has too many tokens.
pub fn read(text: &str) -> Result<Vec<Clause>, StatementError> {
    let tokens = tokenize(text).ok_or(StatementError::TooLong)?;
    if tokens.is_empty() {
        return Err(StatementError::Empty);
    }
    if let Some(second) = second_statement(text, &tokens) {
        return Err(StatementError::Several { second });
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

/// Returns the position, in bytes, at which a second statement begins. A statement ends with a
/// semicolon outside of parentheses.
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
    /// Returns whether the clause is a single token of this kind.
    pub fn is(&self, kind: TokenKind) -> bool {
        self.kind == ClauseKind::Token(kind)
    }

    /// Returns whether the clause is an identifier.
    pub fn is_identifier(&self) -> bool {
        self.kind == ClauseKind::Identifier
    }

    /// Returns one clause that reaches from this clause to the end of `last`.
    fn through(&self, last: &Self, kind: ClauseKind) -> Self {
        Self {
            kind,
            span: self.span.start..last.span.end,
        }
    }
}

/// States whether a group also takes the clause after its middle.
#[derive(PartialEq, Eq)]
enum Follows {
    Nothing,
    Next,
}

/// Applies the grouping steps to the clauses of one text.
struct Grouping<'a> {
    text: &'a str,
}

impl Grouping<'_> {
    /// Applies all grouping steps, in the order of MLflow's SQL parser.
    fn group(&self, clauses: Vec<Clause>) -> Vec<Clause> {
        let clauses = self.parentheses(clauses);
        let clauses = functions(clauses);
        let clauses = self.where_clause(clauses);
        let clauses = self.dots(clauses);
        let clauses = identifiers(clauses);
        let clauses = directions(clauses);
        let clauses = self.casts(clauses);
        let clauses = operations(clauses);
        let clauses = self.comparisons(clauses);
        let clauses = self.named_aliases(clauses);
        let clauses = bare_aliases(clauses);
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

    /// Groups each pair of parentheses with its content. Parentheses without a partner stay as they
    /// are.
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

    /// Groups everything from the first WHERE to the end.
    fn where_clause(&self, mut clauses: Vec<Clause>) -> Vec<Clause> {
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

    /// Groups names that are joined with dots.
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

    /// Groups casts such as `a::text`.
    fn casts(&self, clauses: Vec<Clause>) -> Vec<Clause> {
        join(
            clauses,
            |clause| self.is_punctuation(clause, "::"),
            |_| true,
            |next| next.map(|_| Follows::Next),
            |_, _, _| ClauseKind::Identifier,
        )
    }

    /// Groups comparisons whose comparator is a symbol or LIKE.
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

    /// Groups renamings such as `a AS b`.
    fn named_aliases(&self, clauses: Vec<Clause>) -> Vec<Clause> {
        join(
            clauses,
            |clause| self.is_keyword(clause, "AS"),
            |clause| !clause.is(TokenKind::Keyword) || self.is_keyword(clause, "NULL"),
            |next| next.map(|_| Follows::Next),
            |_, _, _| ClauseKind::Identifier,
        )
    }

    /// Groups elements that are separated by commas.
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

/// Groups a middle clause with the clause before it and, if `after` says so, the clause after it.
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
        // The last clause of a group decides whether another middle can follow.
        fits = before(next.as_ref().unwrap_or(&whole));
        grouped.push(whole);
    }
    grouped
}

/// Groups a name with the parenthesis after it into a function call.
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

/// Turns names and double-quoted text into identifiers.
fn identifiers(mut clauses: Vec<Clause>) -> Vec<Clause> {
    for clause in &mut clauses {
        if clause.is(TokenKind::Name) || clause.is(TokenKind::Symbol) {
            clause.kind = ClauseKind::Identifier;
        }
    }
    clauses
}

/// Groups an identifier with its sort direction.
fn directions(clauses: Vec<Clause>) -> Vec<Clause> {
    join(
        clauses,
        |clause| clause.is(TokenKind::Direction),
        |clause| clause.is_identifier() || is_number(clause),
        |_| Some(Follows::Nothing),
        |_, _, _| ClauseKind::Identifier,
    )
}

/// Groups operands that are joined with an operator.
fn operations(clauses: Vec<Clause>) -> Vec<Clause> {
    join(
        clauses,
        |clause| clause.is(TokenKind::Operator) || clause.is(TokenKind::Wildcard),
        is_operand,
        |next| next.filter(|next| is_operand(next)).map(|_| Follows::Next),
        |_, _, _| ClauseKind::Operation,
    )
}

/// Groups a clause with a name directly after it: in SQL, the name is an alias.
fn bare_aliases(clauses: Vec<Clause>) -> Vec<Clause> {
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

/// Groups each clause that `first` accepts with the next clause, if `second` accepts that.
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
