//! Writes rows to standard output or to a file, which appears under its name only when it is complete.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::DatasetError;
use crate::sample::Columns;

/// Rows out: JSON Lines, or an array where the name ends in `.json`.
pub struct Output {
    to: Destination,
    array: bool,
    written: u64,
}

enum Destination {
    Stdout(io::Stdout),
    /// A pipe or a device: nothing to rename.
    Direct(BufWriter<File>, PathBuf),
    File(Option<Partial>),
}

/// A file on its way to its name.
struct Partial {
    writer: BufWriter<File>,
    path: PathBuf,
    target: PathBuf,
}

impl Output {
    /// Opens the output; `-` or nothing is JSON Lines on standard output. A file is written as `OUT.partial` until
    /// [`Output::finish`].
    pub fn create(path: Option<&Path>) -> Result<Self, DatasetError> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return Ok(Self { to: Destination::Stdout(io::stdout()), array: false, written: 0 });
        };
        let array = layout(path)?;
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let refused = |advice| move |source| DatasetError::Write { name: path.display().to_string(), advice, source };
        if target.is_dir() {
            let source = io::Error::from(io::ErrorKind::IsADirectory);
            return Err(refused("name a file in it, such as graded.jsonl")(source));
        }
        let to = if target.exists() && !target.is_file() {
            let file = File::options().write(true).open(&target).map_err(refused("is it open for reading?"))?;
            Destination::Direct(BufWriter::new(file), path.to_owned())
        } else {
            let mut partial = target.clone().into_os_string();
            partial.push(".partial");
            let partial = PathBuf::from(partial);
            let file = File::create(&partial).map_err(refused("does its folder exist, and may you write there?"))?;
            Destination::File(Some(Partial { writer: BufWriter::new(file), path: partial, target }))
        };
        Ok(Self { to, array, written: 0 })
    }

    /// Writes one row.
    pub fn write(&mut self, columns: &Columns) -> Result<(), DatasetError> {
        let separator = match (self.array, self.written) {
            (false, _) => "",
            (true, 0) => "[\n",
            (true, _) => ",\n",
        };
        let end = if self.array { "" } else { "\n" };
        self.put(|writer| {
            writer.write_all(separator.as_bytes())?;
            serde_json::to_writer(&mut *writer, columns)?;
            writer.write_all(end.as_bytes())
        })?;
        self.written += 1;
        Ok(())
    }

    /// Completes the output and gives it its name.
    pub fn finish(mut self) -> Result<(), DatasetError> {
        if self.array {
            let end = if self.written == 0 { "[]\n" } else { "\n]\n" };
            self.put(|writer| writer.write_all(end.as_bytes()))?;
        }
        self.put(|writer| writer.flush())?;
        let name = self.name();
        if let Destination::File(partial) = &mut self.to
            && let Some(partial) = partial.take()
        {
            partial.complete().map_err(|source| failed(name, source))?;
        }
        Ok(())
    }

    fn put(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), DatasetError> {
        let result = match &mut self.to {
            // Whoever reads the pipe sees each row as soon as it is there.
            Destination::Stdout(stdout) => buffered(stdout, write),
            Destination::Direct(writer, _) => write(writer),
            Destination::File(Some(partial)) => write(&mut partial.writer),
            Destination::File(None) => Ok(()),
        };
        result.map_err(|source| failed(self.name(), source))
    }

    fn name(&self) -> String {
        match &self.to {
            Destination::Stdout(_) => "standard output".to_owned(),
            Destination::Direct(_, path) => path.display().to_string(),
            Destination::File(partial) => {
                partial.as_ref().map(|partial| partial.path.display().to_string()).unwrap_or_default()
            }
        }
    }
}

impl Drop for Output {
    /// Rows that were written stay in `OUT.partial`; an empty one is of no use to anybody.
    fn drop(&mut self) {
        if self.written == 0
            && let Destination::File(Some(partial)) = &self.to
        {
            let _ = fs::remove_file(&partial.path);
        }
    }
}

impl Partial {
    fn complete(self) -> io::Result<()> {
        let file = self.writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&self.path, &self.target)
    }
}

fn buffered(stdout: &io::Stdout, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut writer = BufWriter::new(stdout.lock());
    write(&mut writer)?;
    writer.flush()
}

fn failed(name: String, source: io::Error) -> DatasetError {
    let advice = match source.kind() {
        io::ErrorKind::StorageFull => "free some space and run again",
        io::ErrorKind::BrokenPipe => "whoever read it has stopped",
        _ => "the rows so far stand in the .partial file, if there is one",
    };
    DatasetError::Write { name, advice, source }
}

/// Whether a name wants an array; refuses the endings that cannot be written.
fn layout(path: &Path) -> Result<bool, DatasetError> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "csv" | "tsv" | "parquet" | "arrow" | "feather" | "xlsx" | "gz" | "zst" => Err(DatasetError::Format {
            name: path.display().to_string(),
            ending,
            verb: "written",
            advice: "name the output .jsonl or .json",
        }),
        other => Ok(other == "json"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn row(value: Value) -> Columns {
        let Value::Object(columns) = value else { panic!("a row is an object") };
        columns
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        fs::write(&path, "before\n").unwrap();
        let mut output = Output::create(Some(&path)).unwrap();
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
        drop(Output::create(Some(&path)).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_json_output_is_an_array() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        let mut output = Output::create(Some(&path)).unwrap();
        output.write(&row(json!({"a": 1}))).unwrap();
        output.write(&row(json!({"a": 2}))).unwrap();
        output.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[\n{\"a\":1},\n{\"a\":2}\n]\n");
    }

    #[test]
    fn a_device_is_written_and_not_replaced() {
        let mut output = Output::create(Some(Path::new("/dev/null"))).unwrap();
        output.write(&row(json!({"a": 1}))).unwrap();
        output.finish().unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn what_cannot_be_written_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for (name, part) in [("out.csv", ".jsonl"), ("missing/out.jsonl", "folder"), ("", "a file in it")] {
            let Err(error) = Output::create(Some(&folder.path().join(name))) else { panic!("{name} was accepted") };
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
