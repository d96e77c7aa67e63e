//! Arrow tables and rows of JSON, to and fro, without loss.
//!
//! Some types have no JSON of their own, or none that is read back: dictionaries stand as their values, times in named
//! zones as times in UTC, durations as numbers of their unit. Numbers that JSON does not have are the texts `NaN`,
//! `Infinity` and `-Infinity`, and binary is hexadecimal.

use std::sync::Arc;

use arrow_array::{
    Array, ArrowPrimitiveType, PrimitiveArray, RecordBatch,
    cast::AsArray,
    types::{Float32Type, Float64Type},
};
use arrow_json::{
    Encoder, EncoderFactory, EncoderOptions, LineDelimitedWriter, ReaderBuilder, WriterBuilder,
    reader::Decoder,
    writer::{LineDelimited, NullableEncoder},
};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};

/// A schema with the form of it that JSON can carry.
#[derive(Debug, Clone)]
pub(in crate::dataset) struct JsonForm {
    table: SchemaRef,
    json: SchemaRef,
}

impl JsonForm {
    pub(in crate::dataset) fn of(schema: SchemaRef) -> Self {
        let fields: Vec<Field> = schema.fields().iter().map(|field| form_of_field(field)).collect();
        Self { json: Arc::new(Schema::new(fields)), table: schema }
    }

    pub(in crate::dataset) fn table(&self) -> &SchemaRef {
        &self.table
    }

    /// The rows of a batch as JSON, each on its line, nulls included.
    pub(in crate::dataset) fn encode(&self, batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
        let batch = recast(batch, &self.json)?;
        let builder = WriterBuilder::new().with_explicit_nulls(true).with_encoder_factory(Arc::new(NonFinite));
        let mut writer: LineDelimitedWriter<Vec<u8>> = builder.build::<_, LineDelimited>(Vec::new());
        writer.write(&batch)?;
        writer.finish()?;
        Ok(writer.into_inner())
    }

    /// What turns rows of JSON into batches of at most `rows`; see [`JsonForm::decoded`].
    pub(in crate::dataset) fn decoder(&self, rows: usize) -> Result<Decoder, ArrowError> {
        let builder = ReaderBuilder::new(Arc::clone(&self.json)).with_batch_size(rows).with_strict_mode(true);
        builder.build_decoder()
    }

    /// A batch of the decoder in the types of the table.
    pub(in crate::dataset) fn decoded(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        recast(batch, &self.table)
    }
}

fn recast(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        if column.data_type() == field.data_type() {
            return Ok(Arc::clone(column));
        }
        arrow_cast::cast(column, field.data_type())
    });
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)
}

fn form_of_field(field: &Field) -> Field {
    field.clone().with_data_type(form_of(field.data_type()))
}

fn form_of(data_type: &DataType) -> DataType {
    let item = |field: &FieldRef| Arc::new(form_of_field(field));
    match data_type {
        DataType::Dictionary(_, values) => form_of(values),
        DataType::RunEndEncoded(_, values) => form_of(values.data_type()),
        DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some("+00:00".into())),
        DataType::Duration(_) => DataType::Int64,
        DataType::List(field) => DataType::List(item(field)),
        DataType::LargeList(field) => DataType::LargeList(item(field)),
        DataType::FixedSizeList(field, size) => DataType::FixedSizeList(item(field), *size),
        DataType::Map(entries, is_sorted) => DataType::Map(item(entries), *is_sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| form_of_field(field)).collect()),
        other => other.clone(),
    }
}

/// Writes the numbers that JSON does not have as text.
#[derive(Debug)]
struct NonFinite;

impl EncoderFactory for NonFinite {
    fn make_default_encoder<'a>(
        &self,
        _field: &'a FieldRef,
        array: &'a dyn Array,
        _options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        Ok(match array.data_type() {
            DataType::Float32 => float_encoder(array.as_primitive::<Float32Type>()),
            DataType::Float64 => float_encoder(array.as_primitive::<Float64Type>()),
            _ => None,
        })
    }
}

/// An encoder for an array that holds such numbers; arrays without are best left to Arrow's own.
fn float_encoder<T>(array: &PrimitiveArray<T>) -> Option<NullableEncoder<'_>>
where
    T: ArrowPrimitiveType,
    T::Native: Into<f64> + serde::Serialize,
{
    let is_finite = |value: &T::Native| Into::<f64>::into(*value).is_finite();
    (!array.values().iter().all(is_finite))
        .then(|| NullableEncoder::new(Box::new(Floats(array)), array.nulls().cloned()))
}

struct Floats<'a, T: ArrowPrimitiveType>(&'a PrimitiveArray<T>);

impl<T> Encoder for Floats<'_, T>
where
    T: ArrowPrimitiveType,
    T::Native: Into<f64> + serde::Serialize,
{
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        let value = self.0.value(index);
        let wide: f64 = value.into();
        if wide.is_finite() {
            // A number is written to memory without fail.
            let _ = serde_json::to_writer(out, &value);
        } else if wide.is_nan() {
            out.extend_from_slice(b"\"NaN\"");
        } else {
            out.extend_from_slice(if wide > 0.0 { b"\"Infinity\"".as_slice() } else { b"\"-Infinity\"" });
        }
    }
}
