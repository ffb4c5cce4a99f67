//! Decides whether and when a delivery is retried.

use std::time::Duration;

use super::client::{Reply, SendError};
use crate::store::webhooks::outbox::{DeliveryOutcome, Failure};

/// The maximum number of attempts. Each wait is four times as long as the one before, up to six
/// hours, so the ten waits take about 21 hours in total.
pub const MAX_ATTEMPTS: u32 = 11;
const FIRST_WAIT: Duration = Duration::from_secs(2);
const MAX_WAIT: Duration = Duration::from_secs(6 * 60 * 60);

/// Returns the outcome of an attempt, with the time of the retry if there is one. `attempt` counts
/// from zero; `now_ms` is the time in milliseconds since 1970.
pub fn outcome_of(sent: Result<Reply, SendError>, attempt: u32, now_ms: i64) -> DeliveryOutcome {
    let (failure, is_final, retry_after) = match sent {
        Ok(reply) if reply.status < 400 => {
            return DeliveryOutcome::Delivered {
                status: reply.status,
            };
        }
        Ok(reply) => {
            let failure = Failure {
                status: Some(reply.status),
                error: format!("the receiver answered {}", reply.status),
            };
            let is_temporary = matches!(reply.status, 408 | 425 | 429 | 500..);
            (failure, !is_temporary, reply.retry_after)
        }
        Err(error) => {
            let failure = Failure {
                status: None,
                error: error.message,
            };
            (failure, error.is_final, None)
        }
    };
    if is_final || attempt + 1 >= MAX_ATTEMPTS {
        return DeliveryOutcome::GivenUp(failure);
    }
    let wait = wait(attempt, rand::random_range(0.75..1.25)).max(retry_after.unwrap_or_default());
    DeliveryOutcome::Failed {
        failure,
        retry_at: now_ms + milliseconds(wait.min(MAX_WAIT)),
    }
}

/// Returns the wait before the next attempt.
fn wait(attempt: u32, jitter: f64) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(4_u32.saturating_pow(attempt));
    wait.min(MAX_WAIT).mul_f64(jitter)
}

/// Returns a duration in whole milliseconds.
pub fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "what a delivery comes to")]
    fn reply(status: u16) -> Result<Reply, SendError> {
        Ok(Reply {
            status,
            body: String::new(),
            retry_after: None,
        })
    }

    #[test]
    fn waits_grow_up_to_the_limit() {
        let waits: Vec<u64> = (0..10)
            .map(|attempt| wait(attempt, 1.0).as_secs())
            .collect();
        assert_eq!(waits, [2, 8, 32, 128, 512, 2048, 8192, 21600, 21600, 21600]);
    }

    #[test]
    fn temporary_failures_are_retried_a_limited_number_of_times() {
        assert_eq!(
            outcome_of(reply(204), 0, 0),
            DeliveryOutcome::Delivered { status: 204 }
        );
        for status in [408, 429, 500, 503] {
            assert!(
                matches!(
                    outcome_of(reply(status), 0, 0),
                    DeliveryOutcome::Failed { .. }
                ),
                "{status}"
            );
            assert!(
                matches!(
                    outcome_of(reply(status), 10, 0),
                    DeliveryOutcome::GivenUp(_)
                ),
                "{status}"
            );
        }
        for status in [400, 401, 404, 410] {
            assert!(
                matches!(outcome_of(reply(status), 0, 0), DeliveryOutcome::GivenUp(_)),
                "{status}"
            );
        }
        let error = |is_final| {
            Err(SendError {
                message: "no".to_owned(),
                is_final,
            })
        };
        assert!(matches!(
            outcome_of(error(false), 0, 0),
            DeliveryOutcome::Failed { .. }
        ));
        assert!(matches!(
            outcome_of(error(true), 0, 0),
            DeliveryOutcome::GivenUp(_)
        ));
    }
}
