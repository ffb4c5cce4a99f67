//! Compresses the files of a UI once, when it is installed, so that the server never has to.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use brotli::CompressorWriter;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::folder::Encoding;

/// Below this size the headers of a reply are longer than what would be saved.
const SMALLEST: u64 = 1024;
/// Formats that are compressed in themselves.
const COMPRESSED: [&str; 6] = ["png", "jpg", "gif", "woff", "woff2", "gz"];
/// The highest quality but the two that take ten times as long for a few percent.
const BROTLI_QUALITY: u32 = 9;
const BROTLI_WINDOW: u32 = 22;

/// Writes the compressed forms of each file beside it, on all processors.
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

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let is_compressed = path
            .extension()
            .is_some_and(|extension| COMPRESSED.iter().any(|known| extension == *known));
        if entry.file_type()?.is_dir() {
            collect(&path, files)?;
        } else if !is_compressed && entry.metadata()?.len() >= SMALLEST {
            files.push(path);
        }
    }
    Ok(())
}

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
