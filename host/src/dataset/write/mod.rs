//! Rows out, in whatever format: to standard output, or to a file that appears under its name only when it is complete.

mod destination;
mod json;
mod parquet;
mod separated;

use std::{io, path::Path};

use self::{
    destination::{Destination, TextSink},
    json::JsonWriter,
    parquet::{ParquetFailure, ParquetWriter},
    separated::SeparatedWriter,
};
use super::{
    DatasetError, Schema,
    format::{Format, FormatOptions, Layout},
};
use crate::sample::Columns;

/// Rows on their way out.
pub struct Output {
    /// There until the output is finished, or has failed.
    writer: Option<Writer>,
    name: String,
    written: u64,
}

enum Writer {
    Json(Box<JsonWriter>),
    Separated(Box<SeparatedWriter>),
    Parquet(Box<ParquetWriter>),
}

impl Output {
    /// Opens the output; `-` or nothing is standard output, and JSON Lines unless the options say otherwise. A file is
    /// written as `OUT.partial` until [`Output::finish`]. Tables have the columns of `schema`.
    pub fn create(path: Option<&Path>, options: FormatOptions, schema: &Schema) -> Result<Self, DatasetError> {
        let format = format_of(path, options)?;
        let (destination, name) = Destination::open(named(path))?;
        let writer = Writer::new(destination, format, schema).map_err(|failure| failed(name.clone(), failure))?;
        Ok(Self { writer: Some(writer), name, written: 0 })
    }

    /// Whether an output could be created; leaves nothing behind.
    pub fn check(path: &Path, options: FormatOptions) -> Result<(), DatasetError> {
        format_of(Some(path), options)?;
        if let Some(path) = named(Some(path)) {
            Destination::open(Some(path))?.0.give_up(false);
        }
        Ok(())
    }

    /// Writes one row.
    pub fn write(&mut self, columns: &Columns) -> Result<(), DatasetError> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        if let Err(failure) = writer.write(columns) {
            if let Some(writer) = self.writer.take() {
                writer.give_up(self.written > 0);
            }
            return Err(failed(self.name.clone(), failure));
        }
        self.written += 1;
        Ok(())
    }

    /// Completes the output and gives it its name.
    pub fn finish(mut self) -> Result<(), DatasetError> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let completed = writer.finish().and_then(|destination| Ok(destination.complete()?));
        completed.map_err(|failure| failed(self.name.clone(), failure))
    }
}

impl Drop for Output {
    /// Rows that were written stay in `OUT.partial`; an empty one is of no use to anybody.
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.give_up(self.written > 0);
        }
    }
}

impl Writer {
    fn new(destination: Destination, format: Format, schema: &Schema) -> Result<Self, ParquetFailure> {
        let flushes = destination.is_stdout() && format.compression == super::format::Compression::None;
        Ok(match format.layout {
            Layout::Parquet => Self::Parquet(Box::new(ParquetWriter::new(destination, schema.clone())?)),
            Layout::Separated(separator) => {
                let sink = TextSink::new(destination, format.compression)?;
                Self::Separated(Box::new(SeparatedWriter::new(sink, separator, schema.clone(), flushes)?))
            }
            layout @ (Layout::Lines | Layout::Array) => {
                let sink = TextSink::new(destination, format.compression)?;
                Self::Json(Box::new(JsonWriter::new(sink, layout == Layout::Array, schema.clone())))
            }
        })
    }

    fn write(&mut self, row: &Columns) -> Result<(), ParquetFailure> {
        match self {
            Self::Json(writer) => Ok(writer.write(row)?),
            Self::Separated(writer) => Ok(writer.write(row)?),
            Self::Parquet(writer) => writer.write(row),
        }
    }

    fn finish(self) -> Result<Destination, ParquetFailure> {
        match self {
            Self::Json(writer) => Ok(writer.finish()?),
            Self::Separated(writer) => Ok(writer.finish()?),
            Self::Parquet(writer) => writer.finish(),
        }
    }

    /// Ends the output early: the rows so far can be read.
    fn give_up(self, is_of_use: bool) {
        let destination = match self {
            Self::Parquet(writer) => writer.give_up(),
            other => other.finish().ok(),
        };
        if let Some(destination) = destination {
            destination.give_up(is_of_use);
        }
    }
}

/// The path of a file; `-` is none.
fn named(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| *path != Path::new("-"))
}

fn format_of(path: Option<&Path>, options: FormatOptions) -> Result<Format, DatasetError> {
    let path = named(path).unwrap_or(Path::new("-"));
    Format::to_write(path, options).map_err(|ending| DatasetError::Format {
        name: path.display().to_string(),
        advice: if ending == "parquet" {
            "Parquet is compressed within; leave the second ending out"
        } else {
            "name the output .jsonl, .json, .csv or .parquet"
        },
        ending,
        verb: "written",
    })
}

fn failed(name: String, failure: ParquetFailure) -> DatasetError {
    let source = match failure {
        ParquetFailure::Io(source) => source,
        ParquetFailure::Unfit(first, problem) => return DatasetError::Unfit { name, first, problem },
    };
    let advice = match source.kind() {
        io::ErrorKind::StorageFull => "free some space and run again",
        io::ErrorKind::BrokenPipe => "whoever read it has stopped",
        _ => "the rows so far stand in the .partial file, if there is one",
    };
    DatasetError::Write { name, advice, source }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, json};

    use super::*;

    fn row(value: Value) -> Columns {
        let Value::Object(columns) = value else { panic!("a row is an object") };
        columns
    }

    fn create(path: &Path) -> Result<Output, DatasetError> {
        Output::create(Some(path), FormatOptions::default(), &Schema::default())
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        fs::write(&path, "before\n").unwrap();
        let mut output = create(&path).unwrap();
        output.write(&row(json!({"b": 1, "a": "é"}))).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before\n");
        output.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"b\":1,\"a\":\"é\"}\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_output_that_was_given_up_leaves_the_old_file_and_no_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        drop(create(&path).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_json_output_is_an_array() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        let mut output = create(&path).unwrap();
        output.write(&row(json!({"a": 1}))).unwrap();
        output.write(&row(json!({"a": 2}))).unwrap();
        output.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[\n{\"a\":1},\n{\"a\":2}\n]\n");
    }

    #[test]
    fn a_device_is_written_and_not_replaced() {
        let mut output = create(Path::new("/dev/null")).unwrap();
        output.write(&row(json!({"a": 1}))).unwrap();
        output.finish().unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn what_cannot_be_written_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for (name, part) in [("out.xlsx", ".jsonl"), ("missing/out.jsonl", "folder"), ("", "a file in it")] {
            let Err(error) = create(&folder.path().join(name)) else { panic!("{name} was accepted") };
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
