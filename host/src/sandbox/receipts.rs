//! Receipts of components' grades: what is the same for all grades of a grader, and what each adds to it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    catalog::{Catalog, Entry},
    engine::Metering,
    limits::GradeLimits,
    wire::{ComponentId, Trace, WireSample},
};
use crate::{
    fields::FieldMap,
    receipt::{Params, Receipt, SHA256, digest, digest_of_outcome},
    sample::{Columns, Sample},
    score::Outcome,
};

/// The engine that grades are made with, as results name it.
pub const ENGINE: &str = "wasmtime 48.0.8";

/// Makes the receipts of one grader.
pub(super) struct Receipts {
    /// What every receipt of it has.
    blank: Receipt,
    /// Name and digest of each language runtime.
    runtimes: BTreeMap<ComponentId, (String, String)>,
    /// Where rows have their ids, as far as they have any.
    id_column: String,
}

/// What is told of one grade.
pub(super) struct Made<'a> {
    pub(super) sample: &'a Sample,
    /// Digest of what the grader was given.
    pub(super) given: String,
    pub(super) trace: &'a Trace,
    /// Answers of models that the grade went by.
    pub(super) model_calls: usize,
    pub(super) outcome: &'a Outcome,
}

impl Receipts {
    pub(super) fn new(
        catalog: &Catalog,
        metering: Metering,
        entry: &Entry,
        params: &Columns,
        map: &FieldMap,
        limits: GradeLimits,
        programs: bool,
    ) -> Self {
        let runtimes = catalog
            .languages()
            .iter()
            .map(|language| (language.component, (language.name.clone(), format!("{SHA256}{}", language.digest))));
        let blank = Receipt {
            component: format!("{SHA256}{}", entry.digest),
            runtimes: BTreeMap::new(),
            engine: ENGINE.to_owned(),
            deterministic: metering == Metering::Fuel,
            limits: digest_of_limits(limits),
            params: Params::of(params),
            map: map.iter().map(|(field, column)| (field.to_owned(), column.to_owned())).collect(),
            programs: entry.imports("programs").then_some(programs),
            id: None,
            model_calls: None,
            sample: String::new(),
            fuel: None,
            program_fuel: None,
            outcome: String::new(),
        };
        Self { blank, runtimes: runtimes.collect(), id_column: map.column("id").to_owned() }
    }

    pub(super) fn make(&self, made: Made<'_>) -> Receipt {
        let Made { sample, given, trace, model_calls, outcome } = made;
        let used = trace.runtimes.iter().filter_map(|component| self.runtimes.get(component).cloned());
        let has_column = sample.columns.get(&self.id_column) == Some(&sample.id);
        Receipt {
            runtimes: used.collect(),
            id: (!has_column).then(|| sample.id.clone()),
            model_calls: (model_calls > 0).then_some(model_calls),
            sample: given,
            fuel: trace.fuel.map(|fuel| fuel.grader),
            program_fuel: trace.fuel.map(|fuel| fuel.programs).filter(|fuel| *fuel > 0),
            outcome: digest_of_outcome(outcome),
            ..self.blank.clone()
        }
    }
}

/// The digest of what one grade may use.
pub fn digest_of_limits(limits: GradeLimits) -> String {
    let GradeLimits { cpu, wall, programs, memory, transfer, handles, log } = limits;
    let [cpu, wall, programs] = [cpu, wall, programs].map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    digest(&json!({
        "cpu_ms": cpu,
        "wall_ms": wall,
        "programs_ms": programs,
        "memory": memory,
        "transfer": transfer,
        "handles": handles,
        "log": log,
    }))
}

/// The digest of what a grader is given of a row.
pub(super) fn digest_of_sample(sample: &WireSample) -> String {
    let WireSample { id, messages, responses, reference, fields } = sample;
    let json_of = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| text.into());
    let messages: Vec<Value> = messages
        .iter()
        .map(|message| json!([message.role, message.content, message.extra.as_deref().map(json_of)]))
        .collect();
    digest(&json!([id, messages, responses, reference, json_of(fields)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_name_the_engine_that_is_built_in() {
        let locked = include_str!("../../../Cargo.lock");
        let version = ENGINE.strip_prefix("wasmtime ").unwrap();
        assert!(locked.contains(&format!("name = \"wasmtime\"\nversion = \"{version}\"\n")), "{ENGINE}");
    }

    #[test]
    fn every_part_of_a_sample_counts() {
        let sample = |id: &str, response: &str, fields: &str| WireSample {
            id: id.to_owned(),
            messages: vec![],
            responses: vec![response.to_owned()],
            reference: None,
            fields: fields.to_owned(),
        };
        let first = digest_of_sample(&sample("1", "r", r#"{"a": 1, "b": 2}"#));
        assert_eq!(first, digest_of_sample(&sample("1", "r", r#"{"b":2.0,"a":1}"#)));
        for other in
            [sample("2", "r", r#"{"a": 1, "b": 2}"#), sample("1", "s", r#"{"a": 1, "b": 2}"#), sample("1", "r", "{}")]
        {
            assert_ne!(first, digest_of_sample(&other));
        }
        let with_reference = WireSample { reference: Some("r".to_owned()), ..sample("1", "r", r#"{"a": 1, "b": 2}"#) };
        assert_ne!(first, digest_of_sample(&with_reference));
    }
}
