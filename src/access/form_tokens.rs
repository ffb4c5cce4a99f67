//! Proofs that a form which a browser sends was made by this server for the user who sends it: a foreign page can make a
//! browser send a form with the user's password, but cannot know the proof.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::passwords::random_text;

pub struct FormTokens {
    key: [u8; 32],
}

impl FormTokens {
    /// Servers with the same secret accept each other's forms. Without one, the key is as old as the process.
    pub fn new(secret: Option<&str>) -> Self {
        let key = match secret {
            Some(secret) => Sha256::digest(secret).into(),
            None => rand::random(),
        };
        Self { key }
    }

    pub fn issue(&self, user: &str, expires_ms: i64) -> String {
        format!("{expires_ms}.{}", self.proof(user, expires_ms))
    }

    pub fn accepts(&self, token: &str, user: &str, now_ms: i64) -> bool {
        let Some((expires_ms, proof)) = token.split_once('.') else {
            return false;
        };
        let Ok(expires_ms) = expires_ms.parse::<i64>() else {
            return false;
        };
        let expected = self.proof(user, expires_ms);
        now_ms < expires_ms && bool::from(expected.as_bytes().ct_eq(proof.as_bytes()))
    }

    fn proof(&self, user: &str, expires_ms: i64) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            // A key of any length will do.
            return random_text(64);
        };
        mac.update(&expires_ms.to_be_bytes());
        mac.update(user.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_one_user_and_a_while() {
        let tokens = FormTokens::new(None);
        let token = tokens.issue("ann", 1_000);
        assert!(tokens.accepts(&token, "ann", 999));
        assert!(!tokens.accepts(&token, "bob", 999));
        assert!(!tokens.accepts(&token, "ann", 1_000));
        assert!(!tokens.accepts(&token.replace("1000.", "9000."), "ann", 999));
        assert!(!FormTokens::new(None).accepts(&token, "ann", 999));
        for forged in ["", ".", "1000.", "1000.zz", "a.b"] {
            assert!(!tokens.accepts(forged, "ann", 999), "{forged}");
        }
    }

    #[test]
    fn servers_with_one_secret_accept_each_others_forms() {
        let token = FormTokens::new(Some("secret")).issue("ann", 1_000);
        assert!(FormTokens::new(Some("secret")).accepts(&token, "ann", 0));
        assert!(!FormTokens::new(Some("other")).accepts(&token, "ann", 0));
    }
}
