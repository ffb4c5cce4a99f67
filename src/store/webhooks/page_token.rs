//! Page tokens for a short list. A token contains the number of items before the page.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::error::Result;
use crate::store::search::token;

/// Returns the token for the page after `offset` items.
pub fn at(offset: i64) -> String {
    BASE64_STANDARD.encode(json!({"offset": offset}).to_string())
}

/// Returns the number of items before a page. Fails if the token is invalid.
pub fn offset_of(token: &str) -> Result<i64> {
    if token.is_empty() {
        return Ok(0);
    }
    let decoded = token::bytes(token)?;
    let value: Value = serde_json::from_slice(&decoded).unwrap_or_default();
    value["offset"]
        .as_i64()
        .filter(|offset| *offset >= 0)
        .ok_or_else(|| token::invalid(&decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_as_offsets() {
        assert_eq!(offset_of(""), Ok(0));
        assert_eq!(offset_of(&at(40)), Ok(40));
        for token in ["?", "e30=", &at(-1)] {
            assert!(offset_of(token).is_err(), "{token}");
        }
    }
}
