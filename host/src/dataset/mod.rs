//! Rows of a dataset in, rows out: which file it is, what is wrong with it, which column plays which part.

mod bytes;
mod error;
mod format;
mod identity;
mod parts;
mod read;
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
    read::{Scan, schema_of},
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
    source: Source,
    format: Format,
    rows: u64,
    id_column: String,
    /// Every column that any row has, in order of appearance, with the number of rows where it is not null.
    columns: IndexMap<String, u64>,
    schema: Schema,
    notes: Vec<String>,
}

impl Dataset {
    /// Opens and checks the whole file before anything is done with it: every row is an object, ids are unique
    /// scalars. `-` is standard input.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        Self::open_mapped(path, &FieldMap::default(), FormatOptions::default())
    }

    /// [`Dataset::open`] where the ids may stand in a column of another name, and the format may be given.
    pub fn open_mapped(path: &Path, map: &FieldMap, options: FormatOptions) -> Result<Self, DatasetError> {
        let source = Source::locate(path)?;
        let detected = Format::detect(path, source.path(), &source.name(), options)?;
        let mut dataset = Self {
            source,
            format: detected.format,
            rows: 0,
            id_column: map.column("id").to_owned(),
            columns: IndexMap::new(),
            schema: Schema::default(),
            notes: detected.note.into_iter().collect(),
        };
        dataset.check()?;
        Ok(dataset)
    }

    /// How the rows are laid out.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The types of the columns: those of a Parquet file, else the narrowest that hold the values of all rows.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What the user may want to know of how the file was read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The file as the user named it.
    pub fn name(&self) -> String {
        self.source.name()
    }

    /// The file that the rows are read from; for standard input, the copy of it.
    pub fn stored(&self) -> &Path {
        self.source.path()
    }

    /// The number of rows; never zero.
    #[expect(clippy::len_without_is_empty, reason = "a dataset without rows cannot be opened")]
    pub fn len(&self) -> u64 {
        self.rows
    }

    /// Reads the rows from the first to the last.
    pub fn rows(&self) -> Result<Rows, DatasetError> {
        Rows::open(self.source.path(), self.source.name(), self.format)
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
        match &self.source {
            Source::File(input) if same(input, output) == Some(true) => {
                Err(DatasetError::SameFile { path: output.to_owned() })
            }
            _ => Ok(()),
        }
    }

    fn check(&mut self) -> Result<(), DatasetError> {
        match self.format.layout {
            Layout::Parquet => self.check_table()?,
            _ => self.check_rows()?,
        }
        if self.rows == 0 { Err(DatasetError::Empty { name: self.name() }) } else { Ok(()) }
    }

    fn check_rows(&mut self) -> Result<(), DatasetError> {
        let mut identities = Identities::new(self);
        let mut columns: IndexMap<String, (u64, Inferred)> = IndexMap::new();
        let mut rows = self.rows()?;
        for row in &mut rows {
            let row = row?;
            self.rows = row.number;
            identities.check(row.number, row.line, row.columns.get(&self.id_column), self)?;
            for (column, value) in row.columns {
                let (present, inferred) = match columns.get_mut(&column) {
                    Some(known) => known,
                    None => columns.entry(column).or_default(),
                };
                *present += u64::from(!value.is_null());
                inferred.observe(&value);
            }
        }
        if let Some((count, first)) = rows.replaced() {
            let (rows, which) = if count == 1 { ("row", "it is") } else { ("rows", "the first is") };
            self.notes.push(format!(
                "{count} {rows} of {} hold half a surrogate pair, which is no character and is read as U+FFFD; {which} \
                 row {first}",
                self.name()
            ));
        }
        self.schema = Schema::of_inferred(columns.iter().map(|(name, (_, inferred))| (name, inferred)));
        self.columns = columns.into_iter().map(|(name, (present, _))| (name, present)).collect();
        Ok(())
    }

    fn check_table(&mut self) -> Result<(), DatasetError> {
        let name = self.name();
        let schema = schema_of(self.source.path(), &name)?;
        let mut columns = IndexMap::new();
        for field in schema.fields() {
            if columns.insert(field.name().clone(), 0).is_some() {
                let problem = format!("it has two columns called `{}`", field.name());
                return Err(DatasetError::Parquet { name, problem });
            }
        }
        if columns.is_empty() {
            return Err(DatasetError::Parquet { name, problem: "it has no columns".to_owned() });
        }
        self.schema = Schema::of_arrow(&schema);
        let mut identities = Identities::new(self);
        let mut rows = 0;
        let scan = Scan { name: &name, id_column: &self.id_column };
        let count = |column: &str, present: u64| {
            if let Some(count) = columns.get_mut(column) {
                *count += present;
            }
        };
        scan.read(self.source.path(), count, |id| {
            rows += 1;
            identities.check(rows, rows, id.as_ref(), self)
        })?;
        (self.rows, self.columns) = (rows, columns);
        Ok(())
    }
}

#[cfg(test)]
mod damaged;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod tests;
