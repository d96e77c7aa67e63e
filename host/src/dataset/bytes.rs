//! The bytes of a file, unpacked.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;

use super::format::Compression;

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const BUFFER: usize = 1 << 16;

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

/// [`open`] without a byte order mark.
pub(super) fn open_text(path: &Path, compression: Compression) -> io::Result<ByteReader> {
    let mut reader = open(path, compression)?;
    if reader.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        reader.consume(BYTE_ORDER_MARK.len());
    }
    Ok(reader)
}
