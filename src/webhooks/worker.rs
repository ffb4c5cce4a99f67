//! Delivers the messages of the outbox at least once, with retries for about a day.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tracing::{info, warn};

use super::client::Client;
use super::retries::{MAX_ATTEMPTS, milliseconds, outcome_of};
use crate::error::Result;
use crate::store::webhooks::delivery_slots::DeliverySlots;
use crate::store::webhooks::outbox::{self, Delivery, DeliveryOutcome, Failure};
use crate::store::{Store, webhooks};

/// The time between two looks into the outbox.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// The time that storing the outcomes of deliveries can take.
const SETTLE_TIME: Duration = Duration::from_secs(10);

/// Delivers messages until the task is dropped. Deliveries that are interrupted then are retried
/// after the next start.
pub async fn deliver_forever(store: Arc<Store>, client: Arc<Client>) {
    let mut worker = Worker::new(store, client);
    loop {
        match worker.start_due().await {
            // The store itself logs when the database is gone and when it is back.
            Err(error) if error.is_worth_retrying() => {}
            Err(error) => warn!(%error, "the outbox of webhooks cannot be read"),
            Ok(()) => {}
        }
        // A finished delivery can make room for the next one, so the wait ends then.
        let _ = tokio::time::timeout(POLL_INTERVAL, worker.finish_one()).await;
    }
}

/// Runs deliveries concurrently. A slow receiver delays no other one unless all slots are taken.
struct Worker {
    store: Arc<Store>,
    client: Arc<Client>,
    running: FuturesUnordered<BoxFuture<'static, FinishedDelivery>>,
    slots: DeliverySlots,
}

/// A finished delivery.
struct FinishedDelivery {
    webhook_id: String,
    answered: bool,
}

impl Worker {
    fn new(store: Arc<Store>, client: Arc<Client>) -> Self {
        let slots = DeliverySlots::new(client.settings().concurrency);
        Self {
            store,
            client,
            running: FuturesUnordered::new(),
            slots,
        }
    }

    /// Starts the deliveries that are due, as many as there is room for.
    async fn start_due(&mut self) -> Result<()> {
        if self.slots.is_full() {
            return Ok(());
        }
        let now = self.client.clock().now_ms();
        let full = self.slots.full_for();
        let is_any_due = self
            .store
            .read(move |db| outbox::is_any_due(db, now, &full))
            .await?;
        if !is_any_due {
            return Ok(());
        }
        // Until then, each delivery either has a reply or has timed out.
        let until = now + milliseconds(self.client.settings().timeout * 2 + SETTLE_TIME);
        let slots = self.slots.clone();
        let taken = self
            .store
            .write(move |db| outbox::take(db, now, until, &slots))
            .await?;
        for delivery in taken {
            self.slots.begin(&delivery.webhook_id);
            let (store, client) = (Arc::clone(&self.store), Arc::clone(&self.client));
            self.running.push(Box::pin(async move {
                let webhook_id = delivery.webhook_id.clone();
                let answered = deliver(&store, &client, delivery)
                    .await
                    .unwrap_or_else(|error| {
                        warn!(%error, "the outcome of a delivery cannot be kept");
                        true
                    });
                FinishedDelivery {
                    webhook_id,
                    answered,
                }
            }));
        }
        Ok(())
    }

    /// Waits until a delivery is finished. Without a running delivery, it waits forever.
    async fn finish_one(&mut self) {
        match self.running.next().await {
            Some(finished) => self.slots.finish(&finished.webhook_id, finished.answered),
            None => std::future::pending().await,
        }
    }
}

/// Makes one attempt and stores its outcome. Returns whether the receiver answered, with any
/// status.
async fn deliver(store: &Store, client: &Client, delivery: Delivery) -> Result<bool> {
    let webhook_id = delivery.webhook_id.clone();
    let target = store
        .read(move |db| webhooks::target(db, &webhook_id, false))
        .await?;
    let attempt = u32::try_from(delivery.attempts).unwrap_or(MAX_ATTEMPTS);
    let mut answered = true;
    let outcome = match target {
        Some(target) => {
            let sent = client
                .send(&target, &delivery.delivery_id, delivery.body.clone())
                .await;
            answered = sent.is_ok();
            outcome_of(sent, attempt, client.clock().now_ms())
        }
        None => DeliveryOutcome::GivenUp(Failure {
            status: None,
            error: "the webhook was deleted or disabled".to_owned(),
        }),
    };
    match &outcome {
        DeliveryOutcome::Delivered { .. } => info!(webhook = delivery.webhook_id, "delivered"),
        DeliveryOutcome::Failed { failure, .. } => {
            warn!(
                webhook = delivery.webhook_id,
                reason = failure.error,
                "delivery failed"
            );
        }
        DeliveryOutcome::GivenUp(failure) => {
            warn!(
                webhook = delivery.webhook_id,
                reason = failure.error,
                "delivery given up"
            );
        }
    }
    let now = client.clock().now_ms();
    store
        .write(move |db| outbox::settle(db, &delivery, &outcome, now))
        .await?;
    Ok(answered)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use serde_json::json;

    use super::*;
    use crate::clock::Clock;
    use crate::config::{DatabaseSettings, DatabaseUri, WebhookSettings};
    use crate::store;
    use crate::store::webhooks::NewWebhook;
    use crate::store::webhooks::events::Event;
    use crate::wire::{WebhookAction, WebhookEntity};

    /// Starts a receiver that answers with the given statuses, and passes on the requests that it
    /// gets.
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

    /// Starts a receiver that accepts connections and never answers.
    fn silent_receiver() -> (String, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        (
            format!("http://{}/hook", listener.local_addr().unwrap()),
            listener,
        )
    }

    struct Sender {
        _folder: tempfile::TempDir,
        store: Arc<Store>,
        client: Arc<Client>,
    }

    fn sender() -> Sender {
        let folder = tempfile::tempdir().unwrap();
        let uri = DatabaseUri::Sqlite(folder.path().join("mlflow.db"));
        store::initialize(&uri).unwrap();
        let settings = WebhookSettings {
            allowed_schemes: vec!["http".to_owned()],
            allow_private_addresses: true,
            ..WebhookSettings::default()
        };
        Sender {
            _folder: folder,
            store: Arc::new(Store::connect(&DatabaseSettings::new(uri)).unwrap()),
            client: Arc::new(Client::new(settings, Clock::default()).unwrap()),
        }
    }

    /// Creates a webhook with a URL, and puts messages for it into the outbox.
    async fn add_deliveries(sender: &Sender, url: &str, deliveries: usize) {
        let event = Event::new(WebhookEntity::Prompt, WebhookAction::Created);
        let secret = sender.client.settings().key.encrypt(b"s3cret");
        let url = url.to_owned();
        let now = sender.client.clock().now_ms();
        sender
            .store
            .write(move |db| {
                let new = NewWebhook {
                    name: "ci".to_owned(),
                    url: url.clone(),
                    events: vec![event],
                    description: None,
                    encrypted_secret: Some(secret.clone()),
                    status: None,
                };
                let webhook = webhooks::create(db, &new, now)?;
                let listeners = vec![webhook.webhook_id().to_owned(); deliveries];
                outbox::add(db, event, &listeners, json!({"name": "p"}), now)
            })
            .await
            .unwrap();
    }

    #[actix_web::test]
    async fn a_silent_receiver_does_not_delay_other_webhooks() {
        let sender = sender();
        let (silent, _listener) = silent_receiver();
        add_deliveries(&sender, &silent, 50).await;
        let (url, received) = receiver(&[200, 200, 200]);
        add_deliveries(&sender, &url, 3).await;
        let mut worker = Worker::new(Arc::clone(&sender.store), Arc::clone(&sender.client));
        for left in [2, 1, 0] {
            worker.start_due().await.unwrap();
            // The deliveries with a reply finish first; the silent receiver's are still running.
            worker.finish_one().await;
            received.recv().unwrap();
            assert!(!worker.running.is_empty(), "{left}");
        }
    }

    #[actix_web::test]
    async fn a_refused_delivery_is_sent_again_with_the_same_id() {
        let sender = sender();
        let (url, received) = receiver(&[503, 200]);
        add_deliveries(&sender, &url, 1).await;
        let mut worker = Worker::new(Arc::clone(&sender.store), Arc::clone(&sender.client));

        worker.start_due().await.unwrap();
        worker.finish_one().await;
        let first = received.recv().unwrap();
        assert!(first.contains("x-mlflow-signature: v1,"), "{first}");
        assert!(first.contains(r#""data": {"name": "p"}"#), "{first}");
        // The delivery was refused and waits for its retry.
        let later = sender.client.clock().now_ms() + 60_000;
        worker.start_due().await.unwrap();
        assert!(worker.running.is_empty());
        let store = &sender.store;
        assert!(
            store
                .read(move |db| outbox::is_any_due(db, later, &[]))
                .await
                .unwrap()
        );

        let again = store
            .write(move |db| outbox::take(db, later, later, &DeliverySlots::new(1)))
            .await
            .unwrap();
        for delivery in again {
            assert!(deliver(store, &sender.client, delivery).await.unwrap());
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
                .read(|db| outbox::is_any_due(db, i64::MAX, &[]))
                .await
                .unwrap()
        );
    }
}
