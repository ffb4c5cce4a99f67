//! Webhooks: create, list, look up, change, delete and test.

use uuid::Uuid;

use crate::api::Permit;
use crate::error::{Error, Result};
use crate::store::webhooks::events::Event;
use crate::store::webhooks::{self as store, Changes, NewWebhook, outbox};
use crate::webhooks::{check_events, check_name, check_url, events, example};
use crate::wire::{
    CreateWebhook, DeleteWebhook, GetWebhook, ListWebhooks, TestWebhook, UpdateWebhook, Webhook,
    WebhookTestResult, create_webhook, delete_webhook, get_webhook, list_webhooks, test_webhook,
    update_webhook,
};

/// Creates a webhook. Its secret is stored encrypted.
pub async fn create(permit: Permit, request: CreateWebhook) -> Result<create_webhook::Response> {
    let events = events(&request.events)?;
    check_name(request.name())?;
    check_url(request.url(), permit.webhooks.settings()).await?;
    check_events(&events)?;
    let new = NewWebhook {
        name: request.name().to_owned(),
        url: request.url().to_owned(),
        events,
        description: Some(request.description().to_owned()).filter(|text| !text.is_empty()),
        encrypted_secret: encrypt(
            &permit,
            Some(request.secret()).filter(|secret| !secret.is_empty()),
        ),
        status: request.status.map(|_| request.status()),
    };
    let now_ms = permit.clock.now_ms();
    let webhook = permit
        .write(move |db| store::create(db, &new, now_ms))
        .await?;
    Ok(create_webhook::Response {
        webhook: Some(webhook),
    })
}

/// Lists webhooks, a page at a time.
pub async fn list(permit: Permit, request: ListWebhooks) -> Result<list_webhooks::Response> {
    let (webhooks, next_page_token) = permit.read(move |db| store::list(db, &request)).await?;
    Ok(list_webhooks::Response {
        webhooks,
        next_page_token,
    })
}

/// Returns a webhook, without its secret.
pub async fn get(permit: Permit, request: GetWebhook) -> Result<get_webhook::Response> {
    let webhook = find(&permit, request.webhook_id().to_owned()).await?;
    Ok(get_webhook::Response {
        webhook: Some(webhook),
    })
}

/// Changes what is given of a webhook.
pub async fn update(permit: Permit, request: UpdateWebhook) -> Result<update_webhook::Response> {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let events = events(&request.events)?;
    find(&permit, request.webhook_id().to_owned()).await?;
    let changes = Changes {
        name: given(request.name()),
        url: given(request.url()),
        description: request.description.clone(),
        secret: encrypt(&permit, request.secret.as_deref()),
        status: request
            .status
            .map(|_| request.status().as_str_name().to_owned()),
        last_updated_timestamp: permit.clock.now_ms(),
    };
    if let Some(name) = &changes.name {
        check_name(name)?;
    }
    if let Some(url) = &changes.url {
        check_url(url, permit.webhooks.settings()).await?;
    }
    let webhook = permit
        .write(move |db| store::update(db, request.webhook_id(), &changes, &events))
        .await?;
    Ok(update_webhook::Response {
        webhook: Some(webhook),
    })
}

/// Deletes a webhook.
pub async fn delete(permit: Permit, request: DeleteWebhook) -> Result<delete_webhook::Response> {
    let now_ms = permit.clock.now_ms();
    permit
        .write(move |db| store::delete(db, request.webhook_id(), now_ms))
        .await?;
    Ok(delete_webhook::Response {})
}

/// Sends an example at once, and says what the receiver answered.
pub async fn test(permit: Permit, request: TestWebhook) -> Result<test_webhook::Response> {
    let asked = request
        .event
        .as_ref()
        .map(Event::from_message)
        .transpose()?;
    let id = request.webhook_id().to_owned();
    let webhook = find(&permit, id.clone()).await?;
    let event = match (asked, webhook.events.first()) {
        (Some(event), _) => event,
        (None, Some(first)) => Event::from_message(first)?,
        (None, None) => return Err(Error::invalid_parameter("Webhook events cannot be empty")),
    };
    let target = permit
        .read(move |db| store::target(db, &id, true))
        .await?
        .ok_or_else(|| Error::does_not_exist("The webhook was deleted."))?;
    let delivery_id = Uuid::new_v4().to_string();
    let body = outbox::body(event, example(event), permit.clock.now_ms());
    let result = match permit.webhooks.send(&target, &delivery_id, body).await {
        Ok(reply) => WebhookTestResult {
            success: Some(reply.status < 400),
            response_status: Some(reply.status.into()),
            response_body: Some(reply.body),
            ..WebhookTestResult::default()
        },
        Err(error) => WebhookTestResult {
            success: Some(false),
            error_message: Some(format!("Failed to test webhook: {}", error.message)),
            ..WebhookTestResult::default()
        },
    };
    Ok(test_webhook::Response {
        result: Some(result),
    })
}

async fn find(permit: &Permit, id: String) -> Result<Webhook> {
    permit.read(move |db| store::get(db, &id)).await
}

fn encrypt(permit: &Permit, secret: Option<&str>) -> Option<String> {
    let settings = permit.webhooks.settings();
    let encrypted = secret.map(|secret| settings.key.encrypt(secret.as_bytes()))?;
    if settings.key_is_temporary {
        tracing::warn!(
            "A webhook was given a secret, and MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY is not set: the secret \
             cannot be read after the next start."
        );
    }
    Some(encrypted)
}
