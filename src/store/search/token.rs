//! Page tokens. To a client they mean nothing; they hold the sort keys of a page's last row.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::search::repr_of_bytes;

/// The value of one sort key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyValue {
    #[serde(rename = "n")]
    Null,
    #[serde(rename = "i")]
    Integer(i64),
    /// The bits of a double, so that it comes back as it was.
    #[serde(rename = "f")]
    Float(u64),
    #[serde(rename = "t")]
    Text(String),
    #[serde(rename = "b")]
    Boolean(bool),
}

impl KeyValue {
    pub fn of_integer(value: Option<i64>) -> Self {
        value.map_or(Self::Null, Self::Integer)
    }
}

/// A token on the wire. `S` says which search it belongs to, where a token is good for one search only.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageToken<S = ()> {
    after: Vec<KeyValue>,
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    search: Option<S>,
    /// Tells a token that was changed from one that was not.
    check: u32,
}

impl PageToken {
    pub fn encode(after: Vec<KeyValue>) -> Result<String> {
        Self::written(after, None)
    }

    /// The keys in the token of a request, if it has one.
    pub fn of(token: Option<&str>) -> Result<Option<Vec<KeyValue>>> {
        token
            .filter(|token| !token.is_empty())
            .map(Self::decode)
            .transpose()
    }

    /// The keys in a token, or MLflow's words about a wrong one.
    pub fn decode(token: &str) -> Result<Vec<KeyValue>> {
        Ok(Self::decode_with_search(token)?.0)
    }
}

impl<S: Serialize + DeserializeOwned> PageToken<S> {
    /// A token that names its search.
    pub fn encode_for(search: S, after: Vec<KeyValue>) -> Result<String> {
        Self::written(after, Some(search))
    }

    /// The keys in a token, and the search that it names, if any.
    pub fn decode_with_search(token: &str) -> Result<(Vec<KeyValue>, Option<S>)> {
        let decoded = bytes(token)?;
        let token: Option<Self> = serde_json::from_slice(&decoded).ok();
        match token {
            Some(Self {
                after,
                search,
                check,
            }) if checksum(&after)? == check => Ok((after, search)),
            _ => Err(invalid(&decoded)),
        }
    }

    fn written(after: Vec<KeyValue>, search: Option<S>) -> Result<String> {
        let check = checksum(&after)?;
        let token = Self {
            after,
            search,
            check,
        };
        let json = serde_json::to_vec(&token)
            .map_err(|error| Error::internal(format!("A page token was not written: {error}")))?;
        Ok(STANDARD.encode(json))
    }
}

/// The number of rows that come before a page, in a token of stock MLflow.
pub fn offset_of_stock(token: &str) -> Option<i64> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct StockToken {
        offset: i64,
    }
    let token: StockToken = serde_json::from_slice(&bytes(token).ok()?).ok()?;
    (token.offset >= 0).then_some(token.offset)
}

/// What is in a token.
pub fn bytes(token: &str) -> Result<Vec<u8>> {
    // Python's decoder passes over what is not in its alphabet.
    let letters: String = token
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || "+/=".contains(*letter))
        .collect();
    STANDARD
        .decode(letters)
        .map_err(|_| Error::invalid_parameter("Invalid page token, could not base64-decode"))
}

pub fn invalid(decoded: &[u8]) -> Error {
    Error::invalid_parameter(format!(
        "Invalid page token, decoded value={}",
        repr_of_bytes(decoded)
    ))
}

/// The error for a token of a search with another order.
pub fn of_other_search() -> Error {
    Error::invalid_parameter("Invalid page token, it belongs to a search with another order_by")
}

/// FNV-1a over the keys. It need not keep a forger out: what is in a token is only compared with.
fn checksum(after: &[KeyValue]) -> Result<u32> {
    let json = serde_json::to_vec(after)
        .map_err(|error| Error::internal(format!("A page token was not read: {error}")))?;
    Ok(json.iter().fold(0x811c_9dc5, |hash: u32, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    }))
}
