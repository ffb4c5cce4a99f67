//! Tokens that stand for a user's password: how they look, and what is kept of them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// How tokens begin, so that people and programs that look for leaked secrets know them.
pub const PREFIX: &str = "fkt_";

/// Returns a new token: 256 random bits.
pub fn new_token() -> String {
    let secret: [u8; 32] = rand::random();
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(secret))
}

/// Returns what is kept of a token. It needs no salt and no slow hash: nobody can guess 256 bits.
pub fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

pub fn is_token(text: &str) -> bool {
    text.starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_are_long() {
        let token = new_token();
        assert_eq!(token.len(), PREFIX.len() + 43);
        assert!(is_token(&token));
        assert_ne!(token, new_token());
        assert_eq!(token_hash(&token).len(), 64);
    }
}
