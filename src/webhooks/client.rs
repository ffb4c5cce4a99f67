//! Sends one message to a webhook.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use sha2::Sha256;
use url::Url;

use super::address::{is_public, may_connect_to, resolve};
use crate::clock::Clock;
use crate::config::WebhookSettings;
use crate::error::{Error, Result};
use crate::store::webhooks::Target;

/// The maximum number of bytes that are read from a reply.
const MAX_REPLY_BYTES: usize = 64 << 10;
/// The maximum number of redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// An HTTP client for webhooks, which connects to allowed addresses only.
pub struct Client {
    http: reqwest::Client,
    settings: WebhookSettings,
    clock: Clock,
}

/// The reply of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, up to the maximum length.
    pub body: String,
    /// The delay that the receiver asks for before a retry.
    pub retry_after: Option<Duration>,
}

/// The reason why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError {
    /// The reason, for the log and the user.
    pub message: String,
    /// Whether a retry cannot succeed.
    pub is_final: bool,
}

impl Client {
    /// Creates the client, whose messages are dated by a clock. Fails if TLS cannot be set up.
    pub fn new(settings: WebhookSettings, clock: Clock) -> Result<Self> {
        // The call fails if the process already has a provider, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let for_redirects = settings.clone();
        let redirects = Policy::custom(move |attempt| {
            if attempt.previous().len() > MAX_REDIRECTS {
                attempt.error("too many redirects")
            } else if may_connect_to(attempt.url(), &for_redirects) {
                attempt.follow()
            } else {
                attempt.error("a redirect to an address that webhooks may not have")
            }
        });
        let http = reqwest::Client::builder()
            .timeout(settings.timeout)
            .redirect(redirects)
            // A proxy would connect to addresses that were not checked.
            .no_proxy()
            .dns_resolver(Arc::new(Resolver {
                allow_private_addresses: settings.allow_private_addresses,
            }))
            .build()
            .map_err(|error| Error::internal(format!("There can be no webhooks: {error}")))?;
        Ok(Self {
            http,
            settings,
            clock,
        })
    }

    /// Returns the clock by which messages are dated.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the settings of the client.
    pub fn settings(&self) -> &WebhookSettings {
        &self.settings
    }

    /// Sends a body once and returns the reply, whatever its status is. The delivery ID lets
    /// receivers recognize a repeated message.
    ///
    /// Fails if the address is not allowed, if the secret cannot be decrypted, or if there is no
    /// reply.
    pub async fn send(
        &self,
        target: &Target,
        delivery_id: &str,
        body: String,
    ) -> Result<Reply, SendError> {
        let refused = |message: &str| SendError {
            message: message.to_owned(),
            is_final: true,
        };
        let url = Url::parse(&target.url).map_err(|error| refused(&error.to_string()))?;
        if !may_connect_to(&url, &self.settings) {
            return Err(refused("the address is none that webhooks may have"));
        }
        let timestamp = self.clock.now_ms().div_euclid(1_000).to_string();
        let mut request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("X-MLflow-Delivery-Id", delivery_id)
            .header("X-MLflow-Timestamp", &timestamp);
        if let Some(secret) = &target.encrypted_secret {
            let secret = self.settings.key.decrypt(secret).map_err(|_| {
                refused("the secret was encrypted with another key than this server's")
            })?;
            let signature = sign(&secret, delivery_id, &timestamp, &body);
            request = request.header("X-MLflow-Signature", signature);
        }
        let reply = request.body(body).send().await.map_err(failed)?;
        let retry_after = reply
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        Ok(Reply {
            status: reply.status().as_u16(),
            retry_after,
            body: read(reply).await,
        })
    }
}

/// Reads a reply up to the maximum length.
async fn read(mut reply: reqwest::Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = reply.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= MAX_REPLY_BYTES {
            body.truncate(MAX_REPLY_BYTES);
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// Converts an error with its causes. Leaves the URL out, because it can contain a token.
fn failed(error: reqwest::Error) -> SendError {
    let error = error.without_url();
    let is_final = error.is_builder() || error.is_redirect();
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        message = format!("{message}: {inner}");
        cause = inner.source();
    }
    SendError { message, is_final }
}

/// Returns MLflow's signature of a message.
fn sign(secret: &[u8], delivery_id: &str, timestamp: &str, body: &str) -> String {
    let signature = Hmac::<Sha256>::new_from_slice(secret).map(|mut signature| {
        signature.update(format!("{delivery_id}.{timestamp}.{body}").as_bytes());
        signature.finalize().into_bytes()
    });
    // HMAC accepts keys of any length.
    let signature = signature
        .map(|bytes| BASE64_STANDARD.encode(bytes))
        .unwrap_or_default();
    format!("v1,{signature}")
}

/// A DNS resolver that passes the checked addresses to the connection, so that the name is resolved
/// only once.
struct Resolver {
    allow_private_addresses: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private_addresses = self.allow_private_addresses;
        Box::pin(async move {
            let addresses = resolve(name.as_str()).await?;
            let allowed = |address: &SocketAddr| allow_private_addresses || is_public(address.ip());
            if !addresses.iter().all(allowed) {
                return Err("the name leads to an address that is not public".into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_mlflow() {
        assert_eq!(
            sign(b"secret", "id", "1", "{\"a\": 1}"),
            "v1,6AmrAqKhP6QQ2IAgp1xoSvo5fwAU61jCCBuEk3E7T1U="
        );
    }
}
