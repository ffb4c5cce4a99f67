//! Delivers what is in the outbox: at least once, for about a day, while somebody listens.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use futures_util::StreamExt;
use futures_util::stream;
use tracing::{info, warn};

use super::client::{Client, Reply, SendError};
use crate::error::Result;
use crate::store::webhooks::outbox::{self, Delivery, Failure, Outcome};
use crate::store::{Store, webhooks};

/// How often the outbox is looked into.
const PAUSE: Duration = Duration::from_millis(500);
/// What it may take, beside the replies, to keep what became of deliveries.
const TO_SETTLE: Duration = Duration::from_secs(10);
/// Ten waits, each four times as long as the one before up to six hours: about 21 hours in all.
const MOST_ATTEMPTS: u32 = 11;
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 60 * 60);

/// Delivers until the task is dropped. What was begun and not finished then is tried again later.
pub async fn deliver_forever(store: Arc<Store>, client: Arc<Client>) {
    loop {
        match deliver_due(&store, &client).await {
            // There may be more than was taken.
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => warn!(%error, "the outbox of webhooks cannot be read"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn deliver_due(store: &Store, client: &Client) -> Result<bool> {
    let now = Utc::now().timestamp_millis();
    if !store.read(move |db| outbox::is_any_due(db, now)).await? {
        return Ok(false);
    }
    let concurrency = client.settings().concurrency;
    // By then each of them has been answered, or has run out of time.
    let until = now + milliseconds(client.settings().timeout * 2 + TO_SETTLE);
    let limit = i64::try_from(concurrency).unwrap_or(1);
    let taken = store
        .write(move |db| outbox::take(db, now, until, limit))
        .await?;
    let any = !taken.is_empty();
    stream::iter(taken)
        .for_each_concurrent(concurrency, |delivery| async move {
            if let Err(error) = deliver(store, client, delivery).await {
                warn!(%error, "the outcome of a delivery cannot be kept");
            }
        })
        .await;
    Ok(any)
}

async fn deliver(store: &Store, client: &Client, delivery: Delivery) -> Result<()> {
    let webhook_id = delivery.webhook_id.clone();
    let target = store
        .read(move |db| webhooks::target(db, &webhook_id, false))
        .await?;
    let attempt = u32::try_from(delivery.attempts).unwrap_or(MOST_ATTEMPTS);
    let outcome = match target {
        Some(target) => {
            let sent = client
                .send(&target, &delivery.delivery_id, delivery.body.clone())
                .await;
            judge(sent, attempt)
        }
        None => Outcome::GivenUp(Failure {
            status: None,
            error: "the webhook was deleted or disabled".to_owned(),
        }),
    };
    match &outcome {
        Outcome::Delivered { .. } => info!(webhook = delivery.webhook_id, "delivered"),
        Outcome::Failed { failure, .. } => {
            warn!(
                webhook = delivery.webhook_id,
                reason = failure.error,
                "delivery failed"
            );
        }
        Outcome::GivenUp(failure) => {
            warn!(
                webhook = delivery.webhook_id,
                reason = failure.error,
                "delivery given up"
            );
        }
    }
    store
        .write(move |db| outbox::settle(db, &delivery, &outcome))
        .await
}

/// What follows from a reply. `attempt` counts from zero.
fn judge(sent: Result<Reply, SendError>, attempt: u32) -> Outcome {
    let (failure, is_final, retry_after) = match sent {
        Ok(reply) if reply.status < 400 => {
            return Outcome::Delivered {
                status: reply.status,
            };
        }
        Ok(reply) => {
            let failure = Failure {
                status: Some(reply.status),
                error: format!("the receiver answered {}", reply.status),
            };
            let is_passing = matches!(reply.status, 408 | 425 | 429 | 500..);
            (failure, !is_passing, reply.retry_after)
        }
        Err(error) => {
            let failure = Failure {
                status: None,
                error: error.message,
            };
            (failure, error.is_final, None)
        }
    };
    if is_final || attempt + 1 >= MOST_ATTEMPTS {
        return Outcome::GivenUp(failure);
    }
    let wait = wait(attempt, rand::random_range(0.75..1.25)).max(retry_after.unwrap_or_default());
    Outcome::Failed {
        failure,
        retry_at: Utc::now().timestamp_millis() + milliseconds(wait.min(LONGEST_WAIT)),
    }
}

fn wait(attempt: u32, jitter: f64) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(4_u32.saturating_pow(attempt));
    wait.min(LONGEST_WAIT).mul_f64(jitter)
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use serde_json::json;

    use super::*;
    use crate::config::{DatabaseSettings, DatabaseUri, WebhookSettings};
    use crate::store;
    use crate::store::webhooks::NewWebhook;
    use crate::store::webhooks::events::Event;
    use crate::wire::{WebhookAction, WebhookEntity};

    #[expect(clippy::unnecessary_wraps, reason = "what a delivery comes to")]
    fn reply(status: u16) -> Result<Reply, SendError> {
        Ok(Reply {
            status,
            body: String::new(),
            retry_after: None,
        })
    }

    #[test]
    fn waits_grow_up_to_a_limit() {
        let waits: Vec<u64> = (0..10)
            .map(|attempt| wait(attempt, 1.0).as_secs())
            .collect();
        assert_eq!(waits, [2, 8, 32, 128, 512, 2048, 8192, 21600, 21600, 21600]);
    }

    #[test]
    fn what_may_pass_is_tried_again_and_nothing_for_ever() {
        assert_eq!(judge(reply(204), 0), Outcome::Delivered { status: 204 });
        for status in [408, 429, 500, 503] {
            assert!(
                matches!(judge(reply(status), 0), Outcome::Failed { .. }),
                "{status}"
            );
            assert!(
                matches!(judge(reply(status), 10), Outcome::GivenUp(_)),
                "{status}"
            );
        }
        for status in [400, 401, 404, 410] {
            assert!(
                matches!(judge(reply(status), 0), Outcome::GivenUp(_)),
                "{status}"
            );
        }
        let error = |is_final| {
            Err(SendError {
                message: "no".to_owned(),
                is_final,
            })
        };
        assert!(matches!(judge(error(false), 0), Outcome::Failed { .. }));
        assert!(matches!(judge(error(true), 0), Outcome::GivenUp(_)));
    }

    /// Answers one request after another, and tells what it was sent.
    fn receiver(statuses: &'static [u16]) -> (String, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, received) = mpsc::channel();
        std::thread::spawn(move || {
            for status in statuses {
                let (mut connection, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"}}") {
                    let mut part = [0; 4096];
                    let length = connection.read(&mut part).unwrap();
                    request.extend_from_slice(&part[..length]);
                }
                let reply = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                connection.write_all(reply.as_bytes()).unwrap();
                sender.send(String::from_utf8(request).unwrap()).unwrap();
            }
        });
        (url, received)
    }

    #[actix_web::test]
    async fn what_is_in_the_outbox_is_delivered_until_it_arrives() {
        let folder = tempfile::tempdir().unwrap();
        let uri = DatabaseUri::Sqlite(folder.path().join("mlflow.db"));
        store::initialize(&uri).unwrap();
        let store = Store::connect(&DatabaseSettings::new(uri)).unwrap();
        let settings = WebhookSettings {
            allowed_schemes: vec!["http".to_owned()],
            allow_private_addresses: true,
            ..WebhookSettings::default()
        };
        let (url, received) = receiver(&[503, 200]);
        let event = Event::new(WebhookEntity::Prompt, WebhookAction::Created);
        let secret = settings.key.encrypt(b"s3cret");
        store
            .write(move |db| {
                let new = NewWebhook {
                    name: "ci".to_owned(),
                    url: url.clone(),
                    events: vec![event],
                    description: None,
                    encrypted_secret: Some(secret.clone()),
                    status: None,
                };
                let webhook = webhooks::create(db, &new)?;
                let listeners = [webhook.webhook_id().to_owned()];
                outbox::add(db, event, &listeners, json!({"name": "p"}))
            })
            .await
            .unwrap();
        let client = Client::new(settings).unwrap();

        assert!(deliver_due(&store, &client).await.unwrap());
        let first = received.recv().unwrap();
        assert!(first.contains("x-mlflow-signature: v1,"), "{first}");
        assert!(first.contains(r#""data": {"name": "p"}"#), "{first}");
        // It was refused, and waits to be tried again.
        let later = Utc::now().timestamp_millis() + 60_000;
        assert!(!deliver_due(&store, &client).await.unwrap());
        assert!(
            store
                .read(move |db| outbox::is_any_due(db, later))
                .await
                .unwrap()
        );

        let again = store
            .write(move |db| outbox::take(db, later, later, 1))
            .await
            .unwrap();
        for delivery in again {
            deliver(&store, &client, delivery).await.unwrap();
        }
        let id = |request: &str| {
            let header = request
                .lines()
                .find(|line| line.starts_with("x-mlflow-delivery-id"));
            header.unwrap().to_owned()
        };
        assert_eq!(id(&first), id(&received.recv().unwrap()));
        assert!(
            !store
                .read(|db| outbox::is_any_due(db, i64::MAX))
                .await
                .unwrap()
        );
    }
}
