//! The bytes of a Parquet file, as its reader asks for them: those that are not there are an error. The library takes the
//! end of a file for what it asked for where it passes over values, billions of them if the file says so.

use std::{
    fs::File,
    io::{self, BufReader, Read},
};

use bytes::Bytes;
use parquet::{
    errors::{ParquetError, Result},
    file::reader::{ChunkReader, Length},
};

pub(super) struct TableBytes(pub(super) File);

impl Length for TableBytes {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for TableBytes {
    type T = EndingInError<BufReader<File>>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(EndingInError(self.0.get_read(start)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        // Before there is room made for them.
        match start.checked_add(length as u64) {
            Some(end) if end <= self.len() => self.0.get_bytes(start, length),
            _ => Err(ParquetError::EOF(format!("{length} bytes from byte {start} on are not all there"))),
        }
    }
}

/// Reads what there is, and fails behind it.
pub(super) struct EndingInError<R>(R);

impl<R: Read> Read for EndingInError<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }
}
