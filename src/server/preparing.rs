//! Prepares the database before the server starts.
//!
//! If that takes long, it logs its progress and runs a small server meanwhile, which answers
//! `/health` as usual and everything else with status 503.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer, rt};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::info;

use super::listeners::Listeners;
use crate::api;
use crate::config::{DatabaseUri, HttpSettings, MlflowSchema};
use crate::error::{Error, Result};
use crate::store::{self, DatabaseState, Step};

/// The time after which a preparation counts as long. Clients wait that long for a connection
/// anyway.
const LONG_PREPARATION: Duration = Duration::from_millis(500);
/// The time between two log lines about a long step.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// The current step, or `None` while another process holds the database's lock.
type Progress = watch::Receiver<Option<Step>>;

/// Prepares the database and returns its state before that. Answers requests on the listeners
/// meanwhile.
///
/// Fails if the database cannot be opened or migrated.
pub async fn prepare(
    uri: &DatabaseUri,
    listeners: &Listeners,
    http: &HttpSettings,
) -> Result<DatabaseState, Box<dyn std::error::Error>> {
    let (tell, progress) = watch::channel(None);
    let database = uri.clone();
    let mut work = rt::task::spawn_blocking(move || {
        store::prepare(&database, MlflowSchema::default(), |step| {
            tell.send_replace(Some(step));
        })
    });
    if let Ok(found) = timeout(LONG_PREPARATION, &mut work).await {
        return Ok(found??);
    }
    info!(
        "{uri} is being made ready. Until it is, /health is answered, and all else with status 503."
    );
    let interim = InterimServer::open(listeners, http, progress.clone())?;
    let found = tokio::select! {
        found = &mut work => found?,
        never = report(progress) => match never {},
    };
    interim.close().await;
    Ok(found?)
}

/// A small server that uses the listeners until the real server starts.
struct InterimServer {
    handle: ServerHandle,
    running: rt::task::JoinHandle<io::Result<()>>,
}

impl InterimServer {
    fn open(listeners: &Listeners, http: &HttpSettings, progress: Progress) -> io::Result<Self> {
        let health = format!("{}/health", http.static_prefix);
        let mut server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(progress.clone()))
                .route(&health, web::get().to(api::health))
                .default_service(web::to(not_ready))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1);
        for listener in listeners.try_clone()? {
            server = server.listen(listener)?;
        }
        let running = server.run();
        Ok(Self {
            handle: running.handle(),
            running: rt::spawn(running),
        })
    }

    /// Waits for its open requests. Connections that are not accepted yet wait for the real server.
    async fn close(self) {
        self.handle.stop(true).await;
        // The result does not matter any more.
        let _ = self.running.await;
    }
}

/// Answers a request with status 503 and the current step.
async fn not_ready(progress: Data<Progress>) -> Result<&'static str> {
    let step = describe(progress.borrow().as_ref());
    Err(Error::unavailable(format!(
        "The server is making its database ready: {step}. Try again."
    )))
}

/// Logs each step when it begins, and repeatedly how long the preparation has taken.
async fn report(mut progress: Progress) -> Infallible {
    let started = Instant::now();
    loop {
        let step = describe(progress.borrow_and_update().as_ref());
        info!(
            "Making the database ready: {step} ({} s).",
            started.elapsed().as_secs()
        );
        if let Ok(Err(_)) = timeout(REPORT_INTERVAL, progress.changed()).await {
            // The sender is gone, so the last step is finished.
            return pending().await;
        }
    }
}

/// Describes a step for the log and for clients.
fn describe(step: Option<&Step>) -> String {
    match step {
        Some(step) => format!("step {} of {}, {}", step.number, step.total, step.makes),
        None => "waiting until no other server works on it".to_owned(),
    }
}
