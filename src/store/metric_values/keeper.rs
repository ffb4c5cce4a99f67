//! Works off marks in the background, in short steps, so that no other write waits long for one.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::warn;

use super::{Step, is_behind, step};
use crate::store::Store;

/// How long marks gather. A metric that changes often is then worked off once.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long one step may hold up other writes.
const STEP: Duration = Duration::from_millis(8);
/// While others write, steps take one part in so many of the time.
const SHARE: u32 = 10;
const FEWEST_ROWS: u32 = 50;
const MOST_ROWS: u32 = 5_000;

/// Works off marks until the task is dropped. What is left then is worked off after the next start.
pub async fn keep_forever(store: Arc<Store>) {
    let mut rows = FEWEST_ROWS;
    loop {
        sleep(INTERVAL).await;
        loop {
            let before = store.writes();
            match work(&store, rows).await {
                Ok(None) => break,
                Ok(Some(Step { more, took })) => {
                    rows = fitting(rows, took);
                    if !more {
                        break;
                    }
                    // The step itself is one of the writes.
                    if store.writes() > before + 1 {
                        sleep(took * (SHARE - 1)).await;
                    }
                }
                // The store itself logs when the database is gone and when it is back.
                Err(error) => {
                    if !error.is_worth_retrying() {
                        warn!(%error, "the values of metrics were not sorted");
                    }
                    break;
                }
            }
        }
    }
}

async fn work(store: &Store, rows: u32) -> crate::error::Result<Option<Step>> {
    if !store.read(is_behind).await? {
        return Ok(None);
    }
    store.write(move |db| step(db, rows)).await.map(Some)
}

/// How many rows the next step takes, after one that took so long.
fn fitting(rows: u32, took: Duration) -> u32 {
    let fitting = if took > STEP {
        rows / 2
    } else {
        rows.saturating_mul(2)
    };
    fitting.clamp(FEWEST_ROWS, MOST_ROWS)
}
