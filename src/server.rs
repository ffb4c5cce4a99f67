//! Builds the app, binds it, and drains it on shutdown.

mod error;
mod listeners;
mod preparing;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use std::{io, process};

use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

use crate::api::security::{Protection, protect};
use crate::api::{self, State};
use crate::config::{HttpSettings, SecuritySettings};
use crate::webhooks::deliver_forever;

pub use self::error::ServerError;
pub use self::listeners::Listeners;
pub use self::preparing::prepare;

/// How long a stopping server waits for the requests that it is working on.
const PATIENCE_SECONDS: u64 = 30;
/// How long a connection is kept on which nothing comes. Longer than load balancers and clients keep
/// one: whoever closes first must be the other side, or a request meets a closing connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may take for the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);

/// Serves until a signal asks it to stop. `announce` is told the address once it is served.
pub async fn run(
    state: State,
    listeners: Listeners,
    http: HttpSettings,
    security: Option<SecuritySettings>,
    announce: impl FnOnce(&str),
) -> Result<(), ServerError> {
    let (deliver_from, deliver_with) = (Arc::clone(&state.store), Arc::clone(&state.webhooks));
    let state = Data::new(state);
    let static_prefix = http.static_prefix.clone();
    let mut server = HttpServer::new(move || {
        let protection = security
            .as_ref()
            .map(|settings| Protection::new(settings, &static_prefix));
        let protection = Rc::new(protection);
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(api::refuse_disabled))
            .wrap(from_fn(move |request, next| {
                protect(Rc::clone(&protection), request, next)
            }))
            .configure(|config| api::configure_under(&static_prefix, config))
    })
    .disable_signals()
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEAD_PATIENCE)
    .shutdown_timeout(PATIENCE_SECONDS);
    if let Some(workers) = http.workers {
        server = server.workers(workers.get());
    }
    for listener in listeners.into_inner() {
        server = server.listen(listener)?;
    }
    let url = match server.addrs().first() {
        Some(address) => format!("http://{address}{}", http.static_prefix),
        None => String::new(),
    };
    let deliveries = rt::spawn(deliver_forever(deliver_from, deliver_with));
    let running = server.run();
    let mut signals = Signals::listen()?;
    let handle = running.handle();
    rt::spawn(async move {
        signals.next().await;
        info!("Stopping, once the requests that are being worked on are answered.");
        tokio::select! {
            () = handle.stop(true) => {}
            // Whoever asks twice does not want to wait.
            () = signals.next() => process::exit(1),
        }
    });
    announce(&url);
    running.await?;
    // What is cut off here is delivered after the next start.
    deliveries.abort();
    Ok(())
}

/// What asks the server to stop: Ctrl-C, or a supervisor.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
