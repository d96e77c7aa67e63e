//! Where bytes go: standard output, a pipe, or a file that appears under its name only when it is complete.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use flate2::write::GzEncoder;

use super::super::{DatasetError, format::Compression};

/// An open destination.
pub(super) enum Destination {
    Stdout(BufWriter<io::Stdout>),
    /// A pipe or a device: nothing to rename.
    Direct(BufWriter<File>),
    File(Partial),
}

/// A file on its way to its name.
pub(super) struct Partial {
    writer: BufWriter<File>,
    path: PathBuf,
    target: PathBuf,
}

impl Destination {
    /// Opens a destination with the name to call it by; nothing is standard output. A file is written as `OUT.partial`.
    pub(super) fn open(path: Option<&Path>) -> Result<(Self, String), DatasetError> {
        let Some(path) = path else {
            return Ok((Self::Stdout(BufWriter::new(io::stdout())), "standard output".to_owned()));
        };
        let name = path.display().to_string();
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let refused = |advice| move |source| DatasetError::Write { name: path.display().to_string(), advice, source };
        if target.is_dir() {
            let source = io::Error::from(io::ErrorKind::IsADirectory);
            return Err(refused("name a file in it, such as graded.jsonl")(source));
        }
        if target.exists() && !target.is_file() {
            let file = File::options().write(true).open(&target).map_err(refused("is it open for reading?"))?;
            return Ok((Self::Direct(BufWriter::new(file)), name));
        }
        let mut partial = target.clone().into_os_string();
        partial.push(".partial");
        let path = PathBuf::from(partial);
        let file = File::create(&path).map_err(refused("does its folder exist, and may you write there?"))?;
        let name = path.display().to_string();
        Ok((Self::File(Partial { writer: BufWriter::new(file), path, target }), name))
    }

    /// Whether somebody may read along.
    pub(super) fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout(_))
    }

    /// Gives a file its name; what was written stands there for good.
    pub(super) fn complete(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut writer) => writer.flush(),
            Self::Direct(mut writer) => writer.flush(),
            Self::File(Partial { writer, path, target }) => {
                let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.sync_all()?;
                drop(file);
                fs::rename(path, target)
            }
        }
    }

    /// Leaves what was written under the name of a part; removes it where there is nothing of use in it.
    pub(super) fn give_up(mut self, is_of_use: bool) {
        // Nobody can be told any more.
        let _ = self.flush();
        if let (Self::File(partial), false) = (&self, is_of_use) {
            let _ = fs::remove_file(&partial.path);
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(writer) => writer.write(bytes),
            Self::Direct(writer) => writer.write(bytes),
            Self::File(partial) => partial.writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(writer) => writer.flush(),
            Self::Direct(writer) => writer.flush(),
            Self::File(partial) => partial.writer.flush(),
        }
    }
}

/// A destination of text, packed on the way.
pub(super) enum TextSink {
    Plain(Destination),
    Gzip(GzEncoder<Destination>),
    Zstd(zstd::stream::write::Encoder<'static, Destination>),
}

impl TextSink {
    pub(super) fn new(destination: Destination, compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(destination),
            Compression::Gzip => Self::Gzip(GzEncoder::new(destination, flate2::Compression::default())),
            Compression::Zstd => {
                Self::Zstd(zstd::stream::write::Encoder::new(destination, zstd::DEFAULT_COMPRESSION_LEVEL)?)
            }
        })
    }

    /// Shows a row to whoever reads along; packed text is shown when it is whole.
    pub(super) fn row_done(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(destination) if destination.is_stdout() => destination.flush(),
            _ => Ok(()),
        }
    }

    /// Ends the packing.
    pub(super) fn finish(self) -> io::Result<Destination> {
        match self {
            Self::Plain(destination) => Ok(destination),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl Write for TextSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(destination) => destination.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(destination) => destination.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}
