//! Delivers webhooks: checks their addresses, signs messages, and runs the worker that delivers
//! from the outbox.
//!
//! It uses `store` for webhooks and the outbox, and `config` for its settings.

mod address;
mod checks;
mod client;
mod examples;
mod retries;
mod worker;

pub use self::address::check_url;
pub use self::checks::{check_events, check_name, events};
pub use self::client::{Client, Reply};
pub use self::examples::example;
pub use self::worker::deliver_forever;
