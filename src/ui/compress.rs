//! Compresses the files of a UI at installation, so that the server does not have to.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use brotli::CompressorWriter;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::folder::Encoding;

/// The minimum size in bytes. For smaller files, the headers of the reply are larger than the
/// saving.
const MIN_BYTES: u64 = 1024;
/// The extensions of formats that are already compressed.
const COMPRESSED_EXTENSIONS: [&str; 6] = ["png", "jpg", "gif", "woff", "woff2", "gz"];
/// The highest quality with acceptable speed: the two above it take ten times as long and save a
/// few percent.
const BROTLI_QUALITY: u32 = 9;
const BROTLI_WINDOW: u32 = 22;

/// Writes compressed copies next to each file, on all processors. Fails if a file cannot be read or
/// written.
pub(super) fn compress_all(folder: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    let next = AtomicUsize::new(0);
    let work = || -> io::Result<()> {
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let plain = fs::read(path)?;
            for encoding in Encoding::ALL {
                let smaller = compress(&plain, encoding)?;
                if smaller.len() < plain.len() {
                    let mut name = path.clone().into_os_string();
                    name.push(encoding.extension());
                    fs::write(name, smaller)?;
                }
            }
        }
        Ok(())
    };
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a thread failed")))
        })
    })
}

/// Collects the files that are worth compressing.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let is_compressed = path.extension().is_some_and(|extension| {
            COMPRESSED_EXTENSIONS
                .iter()
                .any(|known| extension == *known)
        });
        if entry.file_type()?.is_dir() {
            collect(&path, files)?;
        } else if !is_compressed && entry.metadata()?.len() >= MIN_BYTES {
            files.push(path);
        }
    }
    Ok(())
}

/// Compresses the content of a file.
fn compress(plain: &[u8], encoding: Encoding) -> io::Result<Vec<u8>> {
    match encoding {
        Encoding::Brotli => {
            let mut compressed = Vec::new();
            let mut writer =
                CompressorWriter::new(&mut compressed, 1 << 16, BROTLI_QUALITY, BROTLI_WINDOW);
            writer.write_all(plain)?;
            writer.flush()?;
            drop(writer);
            Ok(compressed)
        }
        Encoding::Gzip => {
            let mut writer = GzEncoder::new(Vec::new(), Compression::best());
            writer.write_all(plain)?;
            writer.finish()
        }
    }
}
