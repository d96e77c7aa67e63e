//! Rows of a dataset in, rows out: which file it is, what is wrong with it, which column plays which part.

mod bytes;
mod error;
mod format;
mod identity;
mod parts;
mod read;
#[cfg(any(test, fuzzing))]
pub mod sameness;
mod schema;
mod source;
mod turns;
mod write;

use std::{fs, path::Path};

use indexmap::IndexMap;

pub use self::{
    error::{DatasetError, Place, nearest_names},
    format::{Format, FormatOptions, Layout},
    parts::{ORIGINAL_RESPONSE, Parts, ResponseColumn},
    read::{Rows, silence_guarded_panics},
    schema::{ColumnType, Schema},
    write::Output,
};
use self::{
    identity::Identities,
    read::{Chain, Scan, schema_of},
    schema::Inferred,
    source::Source,
};
use crate::{fields::FieldMap, sample::Columns};

/// One row of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// 1-based; blank lines are not counted.
    pub number: u64,
    /// The 1-based line of the file; the row number in a JSON array.
    pub line: u64,
    pub columns: Columns,
}

/// A dataset whose rows have all been checked.
#[derive(Debug)]
pub struct Dataset {
    /// At least one; their rows are numbered through.
    files: Vec<Stored>,
    rows: u64,
    id_column: String,
    /// Every column that any row has, in order of appearance, with the number of rows where it is not null.
    columns: IndexMap<String, u64>,
    schema: Schema,
    notes: Vec<String>,
}

/// A file of a dataset.
#[derive(Debug)]
struct Stored {
    source: Source,
    format: Format,
}

impl Stored {
    fn rows(&self) -> Result<Rows, DatasetError> {
        Rows::open(self.source.path(), self.source.name(), self.format)
    }
}

impl Dataset {
    /// Opens and checks the whole file before anything is done with it: every row is an object, ids are unique
    /// scalars. `-` is standard input.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        Self::open_mapped(path, &FieldMap::default(), FormatOptions::default())
    }

    /// [`Dataset::open`] where the ids may stand in a column of another name, and the format may be given.
    pub fn open_mapped(path: &Path, map: &FieldMap, options: FormatOptions) -> Result<Self, DatasetError> {
        Self::open_all(&[path], map, options)
    }

    /// [`Dataset::open_mapped`] of several files, one after the other: no two rows of all have one id. Files of Parquet
    /// have the same columns.
    pub fn open_all(paths: &[impl AsRef<Path>], map: &FieldMap, options: FormatOptions) -> Result<Self, DatasetError> {
        let (mut files, mut notes) = (Vec::new(), Vec::new());
        for path in paths.iter().map(AsRef::as_ref) {
            let source = Source::locate(path)?;
            let detected = Format::detect(path, source.path(), &source.name(), options)?;
            notes.extend(detected.note);
            if options.separator.is_none() {
                Rows::refuse_other_separator(source.path(), source.name(), detected.format)?;
            }
            files.push(Stored { source, format: detected.format });
        }
        let id_column = map.column("id").to_owned();
        let mut dataset =
            Self { files, rows: 0, id_column, columns: IndexMap::new(), schema: Schema::default(), notes };
        dataset.check()?;
        Ok(dataset)
    }

    /// How the rows of each file are laid out.
    pub fn formats(&self) -> impl Iterator<Item = Format> {
        self.files.iter().map(|file| file.format)
    }

    /// The types of the columns: those of a Parquet file, else the narrowest that hold the values of all rows.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What the user may want to know of how the file was read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The file as the user named it; of several, the first.
    pub fn name(&self) -> String {
        let first = self.files.first().map(|file| file.source.name()).unwrap_or_default();
        match self.files.len() {
            0 | 1 => first,
            files => format!("{first} (and {} more)", files - 1),
        }
    }

    /// The files that the rows are read from; for standard input, the copy of it.
    pub fn stored(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.source.path())
    }

    /// The number of rows; never zero.
    #[expect(clippy::len_without_is_empty, reason = "a dataset without rows cannot be opened")]
    pub fn len(&self) -> u64 {
        self.rows
    }

    /// Reads the rows from the first to the last.
    pub fn rows(&self) -> Result<Chain, DatasetError> {
        let places = |file: &Stored| (file.source.path().to_owned(), file.source.name(), file.format);
        Chain::open(self.files.iter().map(places).collect())
    }

    /// Every column that any row has, in order of appearance.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// In how many rows a column is there and not null.
    pub fn rows_with(&self, column: &str) -> u64 {
        self.columns.get(column).copied().unwrap_or(0)
    }

    /// Refuses a mapped column that no row has.
    pub fn check_map(&self, map: &FieldMap) -> Result<(), DatasetError> {
        let Some((field, column)) = map.iter().find(|(_, column)| !self.columns.contains_key(*column)) else {
            return Ok(());
        };
        Err(DatasetError::UnknownColumn {
            name: self.name(),
            field: field.to_owned(),
            column: column.to_owned(),
            nearest: nearest_names(column, self.columns()),
            known: self.columns().map(str::to_owned).collect(),
        })
    }

    /// Refuses an output that is the file being read, under any of its names.
    pub fn check_output(&self, output: &Path) -> Result<(), DatasetError> {
        let same = |a: &Path, b: &Path| Some(fs::canonicalize(a).ok()? == fs::canonicalize(b).ok()?);
        let is_read = |file: &Stored| matches!(&file.source, Source::File(input) if same(input, output) == Some(true));
        if self.files.iter().any(is_read) { Err(DatasetError::SameFile { path: output.to_owned() }) } else { Ok(()) }
    }

    fn check(&mut self) -> Result<(), DatasetError> {
        let tables = self.files.iter().filter(|file| file.format.layout == Layout::Parquet).count();
        match tables {
            0 => self.check_rows()?,
            _ if tables == self.files.len() => self.check_tables()?,
            _ => return Err(DatasetError::Mixed { name: self.name() }),
        }
        if self.rows == 0 { Err(DatasetError::Empty { name: self.name() }) } else { Ok(()) }
    }

    fn check_rows(&mut self) -> Result<(), DatasetError> {
        let mut identities = Identities::new(&self.id_column);
        let mut columns: IndexMap<String, (u64, Inferred)> = IndexMap::new();
        let (mut count, mut notes) = (0, Vec::new());
        for file in &self.files {
            let mut rows = file.rows()?;
            for row in &mut rows {
                let row = row?;
                count += 1;
                identities.check(count, row.line, row.columns.get(&self.id_column), file, self)?;
                for (column, value) in row.columns {
                    let (present, inferred) = match columns.get_mut(&column) {
                        Some(known) => known,
                        None => columns.entry(column).or_default(),
                    };
                    *present += u64::from(!value.is_null());
                    inferred.observe(&value);
                }
            }
            if let Some((replaced, first)) = rows.replaced() {
                let (rows, which) = if replaced == 1 { ("row", "it is") } else { ("rows", "the first is") };
                notes.push(format!(
                    "{replaced} {rows} of {} hold half a surrogate pair, which is no character and is read as U+FFFD; \
                     {which} row {first}",
                    file.source.name()
                ));
            }
        }
        self.rows = count;
        self.notes.extend(notes);
        self.schema = Schema::of_inferred(columns.iter().map(|(name, (_, inferred))| (name, inferred)));
        self.columns = columns.into_iter().map(|(name, (present, _))| (name, present)).collect();
        Ok(())
    }

    fn check_tables(&mut self) -> Result<(), DatasetError> {
        let mut identities = Identities::new(&self.id_column);
        let (mut rows, mut columns) = (0, IndexMap::new());
        let mut schema: Option<Schema> = None;
        for file in &self.files {
            let name = file.source.name();
            let own = schema_of(file.source.path(), &name)?;
            let names = own.fields().iter().map(|field| field.name());
            if let Some(twice) =
                names.clone().enumerate().find_map(|(at, one)| names.clone().take(at).find(|name| *name == one))
            {
                return Err(DatasetError::Parquet { problem: format!("it has two columns called `{twice}`"), name });
            }
            if own.fields().is_empty() {
                return Err(DatasetError::Parquet { name, problem: "it has no columns".to_owned() });
            }
            columns.extend(
                names.filter(|name| !columns.contains_key(*name)).map(|name| (name.clone(), 0)).collect::<Vec<_>>(),
            );
            let own = Schema::of_arrow(&own);
            schema = Some(match schema {
                None => own,
                Some(first) => {
                    first.joined(own).map_err(|problem| DatasetError::Unlike { name: name.clone(), problem })?
                }
            });
            let scan = Scan { name: &name, id_column: &self.id_column };
            let count = |column: &str, present: u64| {
                if let Some(count) = columns.get_mut(column) {
                    *count += present;
                }
            };
            let mut line = 0;
            scan.read(file.source.path(), count, |id| {
                (rows, line) = (rows + 1, line + 1);
                identities.check(rows, line, id.as_ref(), file, self)
            })?;
        }
        (self.rows, self.columns, self.schema) = (rows, columns, schema.unwrap_or_default());
        Ok(())
    }
}

#[cfg(test)]
mod damaged;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod tests;
