//! The bytes of a file, unpacked.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::bufread::MultiGzDecoder;

use super::format::Compression;

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const BUFFER: usize = 1 << 16;
/// Bytes of a row's text, at most; less for tests.
const LONGEST_ROW: u64 = if cfg!(test) { 8 << 20 } else { 256 << 20 };

/// Bytes that are read in order.
pub(super) type ByteReader = Box<dyn BufRead + Send>;

/// Opens a file and unpacks it on the way, every member of several.
pub(super) fn open(path: &Path, compression: Compression) -> io::Result<ByteReader> {
    let file = BufReader::with_capacity(BUFFER, File::open(path)?);
    Ok(match compression {
        Compression::None => Box::new(file),
        Compression::Gzip => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(file))),
        Compression::Zstd => {
            Box::new(BufReader::with_capacity(BUFFER, zstd::stream::read::Decoder::with_buffer(file)?))
        }
    })
}

/// [`open`] without a byte order mark, and with an end to each row: a few bytes can be unpacked to any number.
pub(super) fn open_text(path: &Path, compression: Compression) -> io::Result<(ByteReader, RowLimit)> {
    let mut reader = open(path, compression)?;
    if reader.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    let limit = RowLimit::default();
    Ok((Box::new(Limited { reader, limit: limit.clone() }), limit))
}

/// Counts the bytes of a row. Clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct RowLimit(Arc<AtomicU64>);

impl RowLimit {
    /// Whoever reads begins a row.
    pub(super) fn begin_row(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A reader that fails where a row does not end.
struct Limited {
    reader: ByteReader,
    limit: RowLimit,
}

impl BufRead for Limited {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.limit.0.load(Ordering::Relaxed) > LONGEST_ROW {
            let problem = format!("a row is longer than {} MiB; does each row end?", LONGEST_ROW >> 20);
            return Err(io::Error::other(problem));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        // Whoever reads begins the rows, too: nobody counts in between.
        self.limit.0.store(self.limit.0.load(Ordering::Relaxed) + count as u64, Ordering::Relaxed);
        self.reader.consume(count);
    }
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
