//! Transfers between clients and local files, in pieces: one piece is received or sent while another one is written
//! or read.

use std::io;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use tokio::task::{JoinHandle, spawn_blocking};

use super::Stored;
use super::body::Incoming;
use super::local::{LocalFolder, OpenFile, explain};
use super::path::ArtifactPath;
use super::staged::Staged;
use crate::error::{Error, Result};

/// The size of a piece in bytes. A transfer has two pieces in memory: one that is read or written, and one that is
/// sent or received.
const PIECE: usize = 256 * 1024;
/// The number of bytes after which the disk is told to flush, so that little is left to flush when the upload ends.
const FLUSHED_AHEAD: usize = 32 * 1024 * 1024;

/// An upload that was received completely and is not visible yet.
pub struct ReceivedFile {
    folder: LocalFolder,
    path: ArtifactPath,
    staged: Staged,
}

impl ReceivedFile {
    /// Writes a body to a temporary file. A body that breaks off leaves nothing behind.
    pub async fn receive(
        folder: &LocalFolder,
        path: &ArtifactPath,
        body: &mut Incoming,
    ) -> Result<Self> {
        let staged = folder.stage(path).await?;
        let mut writing = tokio::spawn(async move { Ok(staged) });
        let mut flushing: Option<JoinHandle<io::Result<()>>> = None;
        let mut unflushed = 0;
        let mut piece = BytesMut::with_capacity(PIECE);
        loop {
            let chunk = match body.next().await {
                Ok(chunk) => chunk,
                Err(error) => {
                    // What was written is gone before the client hears of it.
                    drop(join(writing).await);
                    return Err(error);
                }
            };
            let ended = chunk.is_none();
            piece.extend_from_slice(&chunk.unwrap_or_default());
            if ended || piece.len() >= PIECE {
                let mut staged = join(writing).await?;
                if unflushed >= FLUSHED_AHEAD
                    && flushing.as_ref().is_none_or(JoinHandle::is_finished)
                {
                    let handle = staged.handle().map_err(|error| explain(&error, path))?;
                    // Whether it worked is seen by the flush at the end.
                    flushing = Some(spawn_blocking(move || handle.sync_data()));
                    unflushed = 0;
                }
                unflushed += piece.len();
                let full = std::mem::replace(&mut piece, BytesMut::with_capacity(PIECE));
                let path = path.clone();
                writing = spawn_blocking(move || {
                    staged
                        .write(&full)
                        .map_err(|error| explain(&error, &path))?;
                    Ok(staged)
                });
            }
            if ended {
                let staged = join(writing).await?;
                return Ok(Self {
                    folder: folder.clone(),
                    path: path.clone(),
                    staged,
                });
            }
        }
    }

    /// Makes the file visible. When this returns, it survives a power cut.
    pub async fn publish(self) -> Result<Stored> {
        self.folder.publish(&self.path, self.staged).await
    }
}

async fn join<T>(task: JoinHandle<Result<T>>) -> Result<T> {
    task.await.unwrap_or_else(|_| {
        Err(Error::internal(
            "The server failed while it wrote an artifact.",
        ))
    })
}

/// Reads a range of bytes, one piece ahead of the piece that is sent.
pub fn read_file(
    mut file: OpenFile,
    range: Range<u64>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let left = range.end - range.start;
    let first = spawn_blocking(move || {
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
            let reading = spawn_blocking(move || {
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
