//! What can be done with artifacts, whatever keeps them. Bytes pass in pieces, in both directions.

use std::io;
use std::ops::Range;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};

use super::local::{LocalFolder, OpenFile, explain};
use super::path::ArtifactPath;
use super::{Entry, Stored, blocking};
use crate::error::{Error, Result};

/// How much of a transfer is in memory at once: one piece that is read or written, and one that is
/// sent or received.
const PIECE: usize = 256 * 1024;

#[derive(Clone, Debug)]
pub enum Repository {
    Local(LocalFolder),
}

/// A file that is about to be sent.
pub struct Download {
    pub size: u64,
    pub modified: SystemTime,
    /// Tells whether the stored bytes were replaced since.
    pub version: String,
    content: Content,
}

enum Content {
    Local(OpenFile),
}

impl Repository {
    /// What is directly below a path, sorted by name; nothing where there is no folder.
    pub async fn list(&self, path: &ArtifactPath) -> Result<Vec<Entry>> {
        match self {
            Self::Local(folder) => folder.list(path).await,
        }
    }

    /// Opens a file; `None` stands for a folder.
    pub async fn open(&self, path: &ArtifactPath) -> Result<Option<Download>> {
        match self {
            Self::Local(folder) => {
                let file = folder.open_file(path).await?;
                Ok(file.map(|file| Download {
                    size: file.size,
                    modified: file.modified,
                    version: file.version(),
                    content: Content::Local(file),
                }))
            }
        }
    }

    /// Stores what a stream brings. A stream that breaks off leaves nothing behind, and nothing is
    /// visible before it ends.
    pub async fn put<S, E>(&self, path: &ArtifactPath, body: S) -> Result<Stored>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        path.check_name()?;
        match self {
            Self::Local(folder) => put_file(folder, path, body).await,
        }
    }

    /// Removes a file, or a folder with all that is in it. What is not there needs no removal.
    pub async fn delete(&self, path: &ArtifactPath) -> Result<()> {
        match self {
            Self::Local(folder) => folder.delete(path).await,
        }
    }
}

impl Download {
    /// The bytes of a range, which must lie within the size.
    pub fn stream(self, range: Range<u64>) -> BoxStream<'static, io::Result<Bytes>> {
        match self.content {
            Content::Local(file) => read_file(file, range).boxed(),
        }
    }
}

async fn put_file<S, E>(folder: &LocalFolder, path: &ArtifactPath, mut body: S) -> Result<Stored>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let staged = folder.stage(path).await?;
    // One piece is written while the next is received.
    let mut writing = tokio::spawn(async move { Ok(staged) });
    let mut piece = BytesMut::with_capacity(PIECE);
    loop {
        let received = body.next().await;
        let ended = received.is_none();
        if let Some(chunk) = received {
            let chunk = chunk.map_err(|error| {
                Error::invalid_parameter(format!("The upload broke off: {error}"))
            })?;
            piece.extend_from_slice(&chunk);
        }
        if ended || piece.len() >= PIECE {
            let mut staged = join(writing).await?;
            let full = std::mem::replace(&mut piece, BytesMut::with_capacity(PIECE));
            let path = path.clone();
            writing = tokio::spawn(blocking(move || {
                staged
                    .write(&full)
                    .map_err(|error| explain(&error, &path))?;
                Ok(staged)
            }));
        }
        if ended {
            return folder.publish(path, join(writing).await?).await;
        }
    }
}

async fn join<T>(task: tokio::task::JoinHandle<Result<T>>) -> Result<T> {
    task.await.unwrap_or_else(|_| {
        Err(Error::internal(
            "The server failed while it wrote an artifact.",
        ))
    })
}

/// Reads one piece ahead of what is sent.
fn read_file(
    mut file: OpenFile,
    range: Range<u64>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let left = range.end - range.start;
    let first = tokio::task::spawn_blocking(move || {
        let piece = file
            .seek(range.start)
            .and_then(|()| read_piece(&mut file, left));
        (file, piece)
    });
    stream::try_unfold(Some((first, left)), |state| async move {
        let Some((reading, left)) = state else {
            return Ok(None);
        };
        let (mut file, piece) = reading.await.map_err(io::Error::other)?;
        let piece = piece?;
        let left = left - piece.len() as u64;
        let next = (left > 0 && !piece.is_empty()).then(|| {
            let reading = tokio::task::spawn_blocking(move || {
                let piece = read_piece(&mut file, left);
                (file, piece)
            });
            (reading, left)
        });
        Ok((!piece.is_empty()).then_some((piece, next)))
    })
}

fn read_piece(file: &mut OpenFile, left: u64) -> io::Result<Bytes> {
    file.read_piece(usize::try_from(left).map_or(PIECE, |left| left.min(PIECE)))
}
