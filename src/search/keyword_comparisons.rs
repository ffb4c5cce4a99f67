//! Recognizes the comparisons whose comparator is a keyword: IN, NOT IN, IS NULL and IS NOT NULL.

use super::clauses::{Clause, ClauseKind, Comparator, Comparison};
use super::lexer::TokenKind;

/// Replaces the clauses of these comparisons by comparison clauses. Other clauses stay unchanged.
pub fn join_keyword_comparisons(text: &str, clauses: Vec<Clause>) -> Vec<Clause> {
    let mut joined = Vec::with_capacity(clauses.len());
    let mut rest = clauses.as_slice();
    while let [first, behind @ ..] = rest {
        if behind.len() < 2 {
            joined.extend_from_slice(rest);
            break;
        }
        if !first.is_identifier() {
            joined.push(first.clone());
            rest = behind;
            continue;
        }
        if let Some((comparison, length)) = comparison(text, first, behind) {
            joined.push(comparison);
            rest = &behind[length..];
            continue;
        }
        // Clauses that cannot form a comparison are skipped together; the caller reports the error.
        let passed = rest.len().min(4);
        joined.extend_from_slice(&rest[..passed]);
        rest = &rest[passed..];
    }
    joined
}

/// Returns the comparison that begins with `left`, and the number of clauses after `left` in it.
fn comparison(text: &str, left: &Clause, behind: &[Clause]) -> Option<(Clause, usize)> {
    let word = |index: usize| -> &str {
        match behind.get(index) {
            Some(clause) if clause.is(TokenKind::Keyword) => &text[clause.span.clone()],
            _ => "",
        }
    };
    let is = |index, keyword| word(index).eq_ignore_ascii_case(keyword);
    let list = |index: usize| {
        behind
            .get(index)
            .filter(|clause| clause.kind == ClauseKind::Parenthesis)
    };
    let (comparator, right, length) = if is(0, "IN") && list(1).is_some() {
        (Comparator::Written(behind[0].span.clone()), list(1), 2)
    } else if is(0, "IS") && is(1, "NULL") {
        (Comparator::IsNull, None, 2)
    } else if is(0, "IS") && is(1, "NOT NULL") {
        (Comparator::IsNotNull, None, 2)
    } else if is(0, "NOT") && is(1, "IN") && list(2).is_some() {
        (Comparator::NotIn, list(2), 3)
    } else {
        return None;
    };
    let whole = Clause {
        span: left.span.start..behind[length - 1].span.end,
        kind: ClauseKind::Comparison(Box::new(Comparison {
            left: left.clone(),
            comparator,
            right: right.cloned(),
        })),
    };
    Some((whole, length))
}
