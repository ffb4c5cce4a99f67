//! Builds the actix-web app, binds it to its addresses, and drains it on shutdown.
//!
//! It uses `api` for the routes and starts `webhooks::deliver_forever`.

mod error;
mod listeners;
mod preparing;

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use std::{io, process};

use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

use crate::api::request_log::{RequestLog, log_request};
use crate::api::security::{Protection, protect, without_port};
use crate::api::{self, State};
use crate::config::{HttpSettings, SecuritySettings};
use crate::webhooks::deliver_forever;

pub use self::error::ServerError;
pub use self::listeners::Listeners;
pub use self::preparing::prepare;

/// The time in seconds that a stopping server waits for running requests.
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 30;
/// The time that an idle connection stays open. It is longer than that of load balancers and
/// clients: the other side must close first, otherwise a request can meet a closing connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// The time that a client has to send the head of a request.
const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Serves until a signal stops it. Calls `announce` with the address as soon as it is served.
///
/// Fails if a listener or a signal handler cannot be set up, or if the server stops with an error.
pub async fn run(
    state: State,
    listeners: Listeners,
    http: HttpSettings,
    security: Option<SecuritySettings>,
    announce: impl FnOnce(&str),
) -> Result<(), ServerError> {
    let (deliver_from, deliver_with) = (Arc::clone(&state.store), Arc::clone(&state.webhooks));
    let state = Data::new(state);
    let settings = http.clone();
    let public_name = security.as_ref().and_then(SecuritySettings::public_name);
    let mut server = HttpServer::new(move || {
        let protection = security
            .as_ref()
            .map(|security| Protection::new(security, &settings));
        let protection = Rc::new(protection);
        let requests = Rc::new(RequestLog::new(&settings));
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(api::refuse_disabled))
            .wrap(from_fn(api::authenticate))
            .wrap(from_fn(move |request, next| {
                protect(Rc::clone(&protection), request, next)
            }))
            .wrap(from_fn(api::merge_leading_slashes))
            // This is the outermost layer, so it also logs requests that the others refuse.
            .wrap(from_fn(move |request, next| {
                log_request(Rc::clone(&requests), request, next)
            }))
            .configure(|config| api::configure_under(&settings.static_prefix, config))
    })
    .disable_signals()
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(REQUEST_HEAD_TIMEOUT)
    .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS);
    if let Some(workers) = http.workers {
        server = server.workers(workers.get());
    }
    for listener in listeners.into_inner() {
        server = server.listen(listener)?;
    }
    let url = match server.addrs().first() {
        Some(address) => address_line(*address, &http, public_name.as_deref()),
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
            // A second signal stops the server at once.
            () = signals.next() => process::exit(1),
        }
    });
    announce(&url);
    running.await?;
    // Deliveries that are cut off here are retried after the next start.
    deliveries.abort();
    Ok(())
}

/// Returns the address to open in a browser, and the address that the server listens on if that
/// differs.
fn address_line(listening: SocketAddr, http: &HttpSettings, public_name: Option<&str>) -> String {
    let port = listening.port();
    let host = match public_name {
        Some(name) if without_port(name) != name => name.to_owned(),
        Some(name) => format!("{name}:{port}"),
        // The unspecified address means all interfaces; a browser cannot open it everywhere.
        None if listening.ip().is_unspecified() => format!("127.0.0.1:{port}"),
        None => return format!("http://{listening}{}", http.static_prefix),
    };
    format!(
        "http://{host}{} (listening on {listening})",
        http.static_prefix
    )
}

/// The signals that stop the server: SIGINT (Ctrl-C) and SIGTERM (a supervisor).
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
