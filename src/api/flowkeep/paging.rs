//! The parameters and tokens of lists that come in pages.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::store::paged::PageRequest;

const USUAL_PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 1_000;

/// How many items a page has at most: the parameter `max_results`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PageSize(i64);

impl TryFrom<String> for PageSize {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let size = text.parse().ok();
        size.filter(|size| (1..=LARGEST_PAGE).contains(size))
            .map(Self)
            .ok_or_else(|| format!("must be an integer from 1 to {LARGEST_PAGE}, got '{text}'."))
    }
}

/// Returns which page the parameters `max_results` and `page_token` ask for.
pub fn page_request(size: Option<PageSize>, token: Option<&str>) -> Result<PageRequest> {
    let after = match token {
        None => 0,
        Some(token) => after(token)
            .ok_or_else(|| Error::invalid_parameter(format!("Invalid page token: '{token}'.")))?,
    };
    let limit = size.map_or(USUAL_PAGE, |PageSize(size)| size);
    Ok(PageRequest { after, limit })
}

/// Returns the token with which a client asks for the page after a row.
pub fn page_token(after: i64) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(after.to_string())
}

fn after(token: &str) -> Option<i64> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let after = String::from_utf8(bytes).ok()?.parse().ok()?;
    (after > 0).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_tokens_come_back() {
        let token = page_token(42);
        let request = page_request(None, Some(&token)).unwrap();
        assert_eq!((request.after, request.limit), (42, USUAL_PAGE));
        assert_eq!(page_request(None, None).unwrap().after, 0);
        for token in ["?", "", "LTE", "MA", "eA"] {
            assert!(page_request(None, Some(token)).is_err(), "{token}");
        }
    }
}
