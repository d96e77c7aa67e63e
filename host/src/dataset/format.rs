//! Which format a file has: by its ending, by what the user says, and by its first bytes, which win.

use std::{fmt, io::Read, path::Path, str::FromStr};

use super::{DatasetError, bytes};

/// How rows are laid out, and how the whole file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    pub layout: Layout,
    pub compression: Compression,
}

/// How rows are laid out in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// JSON Lines: one object a line.
    Lines,
    /// One JSON array of objects.
    Array,
    /// CSV and its kin: a header, then one record a row, cells apart by this byte.
    Separated(u8),
    Parquet,
}

/// What is around the bytes of a text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

/// What the user says of a file, where its name does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FormatOptions {
    pub format: Option<Format>,
    /// The byte between the cells of CSV.
    pub separator: Option<u8>,
}

/// A format as found out, and what to tell the user of it.
pub(super) struct Detected {
    pub(super) format: Format,
    /// Where the content is not what the name says.
    pub(super) note: Option<String>,
}

/// Bytes that are looked at to tell a format.
const LOOKED_AT: u64 = 1 << 16;

impl Format {
    pub const LINES: Self = Self { layout: Layout::Lines, compression: Compression::None };

    /// The format that a name to write to stands for; `Err` is the ending that stands for none. A name without a known
    /// ending is JSON Lines.
    pub(super) fn to_write(path: &Path, options: FormatOptions) -> Result<Self, String> {
        let named = Ending::of(path);
        let format = match options.format {
            Some(format) if format.compression == Compression::None && format.layout != Layout::Parquet => {
                Self { compression: named.compression.unwrap_or(Compression::None), ..format }
            }
            Some(format) => format,
            None => Self {
                layout: match (named.layout, named.rest.as_str()) {
                    (Some(layout), _) => layout,
                    (None, "arrow" | "feather" | "xlsx" | "xz" | "bz2" | "zip" | "yaml" | "yml") => {
                        return Err(named.rest);
                    }
                    (None, _) => Layout::Lines,
                },
                compression: named.compression.unwrap_or(Compression::None),
            },
        };
        if format.layout == Layout::Parquet && format.compression != Compression::None {
            return Err(named.rest);
        }
        Ok(format.separated_by(options.separator))
    }

    /// The format of the file `stored`, which the user calls `named`.
    pub(super) fn detect(
        named: &Path,
        stored: &Path,
        name: &str,
        options: FormatOptions,
    ) -> Result<Detected, DatasetError> {
        let failed = |source| DatasetError::Read { name: name.to_owned(), source };
        let ending = Ending::of(named);
        let raw = head(stored, Compression::None).map_err(failed)?;
        let compression = compression_of(&raw);
        let start = if compression == Compression::None { raw } else { head(stored, compression).map_err(failed)? };
        refuse_encoding(&start, compression, name)?;
        let found = layout_of(&start);
        let said = options.format.map(|format| format.layout).or(ending.layout);
        if said.is_none()
            && let Some(advice) = unreadable(&ending.rest)
        {
            return Err(DatasetError::Format { name: name.to_owned(), ending: ending.rest, verb: "read", advice });
        }
        let layout = match (said, found) {
            (_, Some(Layout::Parquet)) => Layout::Parquet,
            (Some(Layout::Parquet), None) => {
                return Err(DatasetError::Encoding { name: name.to_owned(), found: NO_PARQUET });
            }
            (Some(Layout::Parquet | Layout::Array) | None, Some(found)) => found,
            (Some(Layout::Array) | None, None) => Layout::Lines,
            (Some(Layout::Separated(_)), Some(found)) if is_json_line(&start, found) => found,
            (Some(said), _) => said,
        };
        let format = Self { layout, compression }.separated_by(options.separator);
        Ok(Detected { format, note: disagreement(name, said, ending.compression, format) })
    }

    fn separated_by(mut self, separator: Option<u8>) -> Self {
        if let (Layout::Separated(current), Some(separator)) = (&mut self.layout, separator) {
            *current = separator;
        }
        self
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.layout {
            Layout::Lines => "jsonl",
            Layout::Array => "json",
            Layout::Separated(b'\t') => "tsv",
            Layout::Separated(_) => "csv",
            Layout::Parquet => "parquet",
        })?;
        f.write_str(match self.compression {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Zstd => ".zst",
        })
    }
}

impl FromStr for Format {
    type Err = String;

    /// Reads the name of a format, which is an ending: `jsonl`, `csv.gz`.
    fn from_str(text: &str) -> Result<Self, String> {
        let ending = Ending::of(Path::new(&format!("file.{text}")));
        match (ending.layout, ending.compression) {
            (Some(Layout::Parquet), Some(_)) => Err("Parquet is compressed within; say `parquet`".to_owned()),
            (Some(layout), compression) => Ok(Self { layout, compression: compression.unwrap_or(Compression::None) }),
            (None, _) => {
                Err("a format is one of jsonl, json, csv, tsv and parquet; the text formats may end in .gz or \
                              .zst, such as jsonl.gz"
                    .to_owned())
            }
        }
    }
}

/// What the end of a file's name says.
struct Ending {
    layout: Option<Layout>,
    compression: Option<Compression>,
    /// The ending without that of the compression, in lower case.
    rest: String,
}

impl Ending {
    fn of(path: &Path) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let (name, compression) = match name.rsplit_once('.') {
            Some((rest, "gz" | "gzip")) => (rest, Some(Compression::Gzip)),
            Some((rest, "zst" | "zstd")) => (rest, Some(Compression::Zstd)),
            _ => (name.as_str(), None),
        };
        let rest = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let layout = match rest {
            "jsonl" | "ndjson" | "jsonlines" => Some(Layout::Lines),
            "json" => Some(Layout::Array),
            "csv" => Some(Layout::Separated(b',')),
            "tsv" | "tab" => Some(Layout::Separated(b'\t')),
            "parquet" | "pq" => Some(Layout::Parquet),
            _ => None,
        };
        Self { layout, compression, rest: rest.to_owned() }
    }
}

const NO_PARQUET: &str = "no Parquet file: it does not begin with `PAR1`; was it downloaded whole?";

/// What to do instead with a file of this ending, where rows cannot be read from it.
fn unreadable(ending: &str) -> Option<&'static str> {
    match ending {
        "arrow" | "feather" | "xlsx" => {
            Some("write it as Parquet or JSONL first, such as with `datasets` or pandas: `to_parquet(…)`")
        }
        "xz" | "bz2" | "zip" => Some("unpack it and pipe it in: `xz -dc FILE | gradebox grade - …`"),
        "yaml" | "yml" | "toml" => Some("a dataset is JSONL, JSON, CSV or Parquet"),
        _ => None,
    }
}

fn head(path: &Path, compression: Compression) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::new();
    let mut reader = bytes::open(path, compression)?.take(LOOKED_AT);
    match reader.read_to_end(&mut start) {
        // What is wrong further on is said when the rows are read.
        Err(_) if !start.is_empty() => Ok(start),
        other => other.map(|_| start),
    }
}

fn compression_of(start: &[u8]) -> Compression {
    match start {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
        _ => Compression::None,
    }
}

fn refuse_encoding(start: &[u8], compression: Compression, name: &str) -> Result<(), DatasetError> {
    let found = match start {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16; save it as UTF-8",
        [b'P', b'A', b'R', b'1', ..] if compression != Compression::None => {
            "a compressed Parquet file; unpack it, Parquet is compressed within"
        }
        [b'P', b'K', 3, 4, ..] => "a ZIP file, as .xlsx and .npz are; save its rows as CSV, JSONL or Parquet",
        [0xfd, b'7', b'z', b'X', b'Z', ..] | [b'B', b'Z', b'h', b'1'..=b'9', 0x31, ..] => {
            "compressed with xz or bzip2; unpack it and pipe it in: `xz -dc FILE | gradebox grade - …`"
        }
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => "an Arrow file; write it as Parquet: `to_parquet(…)`",
        [0, ..] | [_, 0, ..] => "a binary file, or UTF-16; save it as UTF-8",
        _ => return Ok(()),
    };
    Err(DatasetError::Encoding { name: name.to_owned(), found })
}

/// The layout that the first bytes leave no doubt of.
fn layout_of(start: &[u8]) -> Option<Layout> {
    if start.starts_with(b"PAR1") {
        return Some(Layout::Parquet);
    }
    let text = start.strip_prefix(bytes::BYTE_ORDER_MARK).unwrap_or(start);
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => Some(Layout::Array),
        Some(b'{') => Some(Layout::Lines),
        _ => None,
    }
}

/// Whether a file that is called CSV begins with a row of JSON; a header may begin with a bracket, too.
fn is_json_line(start: &[u8], found: Layout) -> bool {
    let text = start.strip_prefix(bytes::BYTE_ORDER_MARK).unwrap_or(start);
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    match found {
        Layout::Lines => serde_json::from_slice::<serde_json::Map<_, serde_json::Value>>(line).is_ok(),
        Layout::Array => line == b"[" || line.starts_with(b"[{"),
        _ => false,
    }
}

/// Says where the content is not what was said of it.
fn disagreement(
    name: &str,
    said: Option<Layout>,
    said_compression: Option<Compression>,
    format: Format,
) -> Option<String> {
    // A .json file of lines is usual, and .jsonl is never read as anything else than it says.
    let is_json = |layout| matches!(layout, Layout::Lines | Layout::Array);
    let layout = said.filter(|said| *said != format.layout && !(is_json(*said) && is_json(format.layout)));
    let separated = |layout| matches!(layout, Layout::Separated(_));
    let layout = layout.filter(|said| !(separated(*said) && separated(format.layout)));
    let is_compressed = format.compression != Compression::None && format.layout != Layout::Parquet;
    let compression = match said_compression {
        None => is_compressed.then_some(Compression::None),
        Some(said) => (said != format.compression).then_some(said),
    };
    (layout.is_some() || compression.is_some()).then(|| format!("{name} is read as {format}, which its content is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_layout_and_compression() {
        for (name, format) in [
            ("a.jsonl", "jsonl"),
            ("A.NDJSON.GZ", "jsonl.gz"),
            ("b.json", "json"),
            ("c.csv.zst", "csv.zst"),
            ("d.tsv", "tsv"),
            ("e.parquet", "parquet"),
            ("graded", "jsonl"),
            ("graded.v2", "jsonl"),
        ] {
            let found = Format::to_write(Path::new(name), FormatOptions::default());
            assert_eq!(found.map(|format| format.to_string()), Ok(format.to_owned()), "{name}");
        }
        for name in ["a.xlsx", "a.parquet.gz", "a.arrow"] {
            assert!(Format::to_write(Path::new(name), FormatOptions::default()).is_err(), "{name}");
        }
    }

    #[test]
    fn the_name_of_a_format_is_an_ending() {
        for name in ["jsonl", "json", "csv", "tsv", "parquet", "jsonl.gz", "csv.zst"] {
            assert_eq!(name.parse::<Format>().map(|format| format.to_string()), Ok(name.to_owned()));
        }
        for name in ["parquet.gz", "xlsx", "", "gz"] {
            assert!(name.parse::<Format>().is_err(), "{name}");
        }
    }
}
