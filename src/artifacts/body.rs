//! The body of an upload. A body that is too long, or that pauses for too long, is refused.

use std::fmt::Display;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use crate::error::{Error, ErrorCode, Result};

/// The longest pause in a body. A client that pauses longer counts as disconnected.
const PATIENCE: Duration = Duration::from_secs(60);
/// The number of bytes that are read of a refused body. A client reads the reply only after it has sent the whole
/// body.
const REFUSED_AND_READ: u64 = 1024 * 1024 * 1024;

/// The body of an upload, which is read in chunks.
pub struct Incoming {
    chunks: Pin<Box<dyn Stream<Item = Result<Bytes>>>>,
    /// The length in bytes, if the client declares it.
    length: Option<u64>,
    most: Option<u64>,
    received: u64,
    patience: Duration,
}

impl Incoming {
    /// Takes a stream of chunks, with the length in bytes if the client declares it.
    pub fn new<S, E>(body: S, length: Option<u64>) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + 'static,
        E: Display,
    {
        let chunks = body.map(|chunk| {
            chunk
                .map_err(|error| Error::invalid_parameter(format!("The upload broke off: {error}")))
        });
        Self {
            chunks: Box::pin(chunks),
            length,
            most: None,
            received: 0,
            patience: PATIENCE,
        }
    }

    /// Makes a body of bytes that are in memory.
    pub fn whole(bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        let one = futures_util::stream::iter([Ok::<_, Error>(Bytes::from(bytes))]);
        Self::new(one, Some(length))
    }

    /// Returns the length in bytes that the client declares.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Sets the maximum length in bytes. Fails if the declared length is greater; [`Self::next`] fails as soon as
    /// more bytes arrive.
    pub fn limit(&mut self, most: Option<u64>) -> Result<()> {
        self.most = most;
        match (self.length, most) {
            (Some(length), Some(most)) if length > most => Err(too_large(most)),
            _ => Ok(()),
        }
    }

    /// Returns the next chunk, or `None` at the end. Fails if the body is too long, pauses for too long, or breaks
    /// off.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let Ok(chunk) = tokio::time::timeout(self.patience, self.chunks.next()).await else {
            return Err(Error::new(
                ErrorCode::RequestTimeout,
                format!(
                    "The upload sent nothing for {} seconds.",
                    self.patience.as_secs()
                ),
            ));
        };
        let chunk = chunk.transpose()?;
        self.received += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        match self.most {
            Some(most) if self.received > most => Err(too_large(most)),
            _ => Ok(chunk),
        }
    }

    /// Reads what is left of a body that is refused, so that the client gets to know why.
    pub async fn refuse(&mut self, error: Error) -> Error {
        let mut read = 0;
        while error.code != ErrorCode::RequestTimeout && read < REFUSED_AND_READ {
            match tokio::time::timeout(self.patience, self.chunks.next()).await {
                Ok(Some(Ok(chunk))) => read += chunk.len() as u64,
                _ => break,
            }
        }
        error
    }
}

fn too_large(most: u64) -> Error {
    Error::new(
        ErrorCode::ContentTooLarge,
        format!("The artifact is too large. This server takes up to {most} bytes."),
    )
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn chunks(count: usize) -> impl Stream<Item = Result<Bytes>> {
        stream::iter((0..count).map(|_| Ok(Bytes::from_static(b"12345"))))
    }

    #[tokio::test]
    async fn a_body_that_grows_too_long_is_refused() {
        let mut body = Incoming::new(chunks(3), None);
        body.limit(Some(12)).unwrap();
        assert_eq!(body.next().await.unwrap().unwrap(), "12345");
        assert_eq!(body.next().await.unwrap().unwrap(), "12345");
        let error = body.next().await.unwrap_err();
        assert_eq!(error.code, ErrorCode::ContentTooLarge);

        let mut body = Incoming::new(chunks(3), Some(15));
        assert_eq!(
            body.limit(Some(14)).unwrap_err().code,
            ErrorCode::ContentTooLarge
        );
        let mut body = Incoming::new(chunks(3), Some(15));
        body.limit(Some(15)).unwrap();
        while body.next().await.unwrap().is_some() {}
    }

    #[tokio::test]
    async fn a_body_that_is_refused_is_read_to_its_end() {
        let mut body = Incoming::new(chunks(3), None);
        body.next().await.unwrap();
        let error = body.refuse(too_large(5)).await;
        assert_eq!(error.code, ErrorCode::ContentTooLarge);
        assert!(body.next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_client_that_sends_nothing_is_not_waited_for() {
        let mut body = Incoming::new(chunks(1).chain(stream::pending()), None);
        assert!(body.next().await.unwrap().is_some());
        body.patience = Duration::from_millis(1);
        let error = body.next().await.unwrap_err();
        assert_eq!(error.code, ErrorCode::RequestTimeout);
    }
}
