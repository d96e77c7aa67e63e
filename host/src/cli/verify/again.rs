//! Grades again what a receipt is of: finds the component, makes the sample anew, and compares.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
};

use serde_json::{Value, json};

use super::claims::{Claim, attempts};
use crate::{
    cli::{
        components::{Components, say_compiling},
        environment::Environment,
        failure::Failure,
        graded_rows::GradedRows,
    },
    dataset::{Parts, Row},
    export::Thresholds,
    fields::FieldMap,
    grader::{Grader, Mode},
    receipt::{Params, SHA256, digest, stated},
    sample::{Columns, Sample},
    sandbox::{self, ComponentGrader, Entry, GradeLimits, Grants, Metering, digest_of_limits},
};

/// What came of a grade that was to be made again.
#[derive(Debug, PartialEq)]
pub(super) enum Examined {
    Same,
    Differs(Vec<Difference>),
    NotRun(NotRun),
}

/// Something that stands in the row and came out otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    /// A key of the grade or of its receipt.
    pub(super) what: String,
    pub(super) stated: Value,
    pub(super) again: Value,
}

/// Why a grade could not be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotRun {
    /// It went by what models answered.
    Models,
    /// What is not at hand, in words.
    Lacking(String),
    /// The machine failed, or something else was in the way.
    Failed(String),
}

/// A grade, ready to be made again.
pub(super) enum Prepared {
    Ready { grader: Box<ComponentGrader>, sample: Box<Sample> },
    Settled(Examined),
}

/// Makes grades again.
pub(super) struct Again<'a> {
    rows: &'a GradedRows,
    directories: Vec<PathBuf>,
    jobs: usize,
    environment: &'a Environment,
    /// By whether instructions are limited.
    components: HashMap<bool, Components>,
    /// Components by digest and by what is limited, and those that are nowhere.
    entries: HashMap<(String, bool), Option<Arc<Entry>>>,
    /// Which column plays which part, by the map of a receipt.
    parts: HashMap<BTreeMap<String, String>, Option<Parts>>,
}

impl<'a> Again<'a> {
    pub(super) fn new(
        rows: &'a GradedRows,
        directories: Vec<PathBuf>,
        jobs: usize,
        environment: &'a Environment,
    ) -> Self {
        Self {
            rows,
            directories,
            jobs,
            environment,
            components: HashMap::new(),
            entries: HashMap::new(),
            parts: HashMap::new(),
        }
    }

    pub(super) fn close(&self) {
        self.components.values().for_each(|components| components.sandbox.close());
    }

    /// Finds everything that the grade needs.
    pub(super) async fn prepare(&mut self, row: &Row, claim: &Claim) -> Result<Prepared, Failure> {
        let receipt = &claim.receipt;
        if receipt.model_calls.is_some() {
            return Ok(not_run(NotRun::Models));
        }
        if receipt.limits != digest_of_limits(GradeLimits::default()) {
            let lacking = "the limits that it was graded under: this release has others".to_owned();
            return Ok(not_run(NotRun::Lacking(lacking)));
        }
        let Some(params) = self.params(claim) else {
            let lacking = format!("the parameters of `{}`; the directory of the run has them", claim.grader);
            return Ok(not_run(NotRun::Lacking(lacking)));
        };
        let Some(entry) = self.entry(&receipt.component, receipt.deterministic).await? else {
            let lacking = format!("the component {} of `{}`", receipt.component, claim.grader);
            return Ok(not_run(NotRun::Lacking(lacking)));
        };
        let components = self.components(receipt.deterministic).await?;
        for (language, digest) in &receipt.runtimes {
            let is_there = |found: &sandbox::Language| format!("{SHA256}{}", found.digest) == *digest;
            if !components.catalog.language(language).is_some_and(is_there) {
                return Ok(not_run(NotRun::Lacking(format!("the language runtime {digest} of {language}"))));
            }
        }
        let map = FieldMap::new(receipt.map.clone());
        let grants = Grants { programs: receipt.programs.unwrap_or(true), ..Grants::default() };
        let (sandbox, limits) = (components.sandbox.clone(), GradeLimits::default());
        let grader = ComponentGrader::new(sandbox, &entry, &params, map, grants, limits)
            .named(&claim.grader)
            .with_receipts(&components.catalog, &entry, &params);
        let mut first = None;
        for sample in self.samples(row, claim, entry.mode) {
            match grader.digest_of(&sample) {
                Ok(given) if given == receipt.sample => {
                    return Ok(Prepared::Ready { grader: Box::new(grader), sample: Box::new(sample) });
                }
                Ok(given) => first = first.or(Some(given)),
                Err(_) => {}
            }
        }
        let again = first.map_or(Value::Null, Value::from);
        let difference = Difference { what: "sample".to_owned(), stated: receipt.sample.clone().into(), again };
        Ok(Prepared::Settled(Examined::Differs(vec![difference])))
    }

    /// Makes the grade again and compares it with what the row states.
    pub(super) async fn examine(prepared: Prepared, claim: &Claim, thresholds: &Thresholds) -> Examined {
        let (grader, sample) = match prepared {
            Prepared::Settled(examined) => return with_stated(examined, claim, thresholds),
            Prepared::Ready { grader, sample } => (grader, sample),
        };
        let anew = grader.grade(&sample).await;
        let (outcome, before) = (anew.outcome.to_json(), &claim.receipt);
        let Some(after) = anew.provenance.receipt else {
            let reason = outcome.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned();
            return with_stated(Examined::NotRun(NotRun::Failed(reason)), claim, thresholds);
        };
        let mut differences = of_outcomes(&claim.stated, &outcome);
        let mut compare = |what: &str, stated: Value, again: Value| {
            if stated != again {
                differences.push(Difference { what: what.to_owned(), stated, again });
            }
        };
        compare("receipt.runtimes", json!(before.runtimes), json!(after.runtimes));
        if before.deterministic && before.engine == after.engine {
            compare("receipt.fuel", json!(before.fuel), json!(after.fuel));
            compare("receipt.program_fuel", json!(before.program_fuel), json!(after.program_fuel));
        }
        if differences.is_empty() && before.outcome != after.outcome {
            let [stated, again] = [&before.outcome, &after.outcome].map(|text| json!(text));
            differences.push(Difference { what: "receipt.outcome".to_owned(), stated, again });
        }
        let examined = if differences.is_empty() { Examined::Same } else { Examined::Differs(differences) };
        with_stated(examined, claim, thresholds)
    }

    /// The parameters of a grade; `None` where they are not at hand.
    fn params(&self, claim: &Claim) -> Option<Columns> {
        match &claim.receipt.params {
            Params::Given(params) => Some(params.clone()),
            Params::Digest(wanted) => {
                let params = &self.rows.told["plan"]["graders"][&claim.grader]["is"]["params"];
                params.as_object().filter(|_| digest(params) == *wanted).cloned()
            }
        }
    }

    async fn components(&mut self, deterministic: bool) -> Result<&Components, Failure> {
        let metering = if deterministic { Metering::Fuel } else { Metering::Time };
        Ok(match self.components.entry(deterministic) {
            std::collections::hash_map::Entry::Occupied(there) => there.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(Components::open(self.jobs, metering, &self.directories, self.environment).await?)
            }
        })
    }

    /// The component of a digest, whatever its name and whether or not another one hides it.
    async fn entry(&mut self, digest: &str, deterministic: bool) -> Result<Option<Arc<Entry>>, Failure> {
        let key = (digest.to_owned(), deterministic);
        if let Some(known) = self.entries.get(&key) {
            return Ok(known.clone());
        }
        let digest = digest.strip_prefix(SHA256).unwrap_or_default().to_owned();
        let directories = self.directories.clone();
        let Components { sandbox, catalog, cache } = self.components(deterministic).await?;
        let found = match catalog.graders().iter().find(|entry| entry.digest == digest) {
            Some(entry) => Some(entry.clone()),
            None => sandbox::find_by_digest(sandbox, cache, &directories, &digest, &say_compiling).await,
        };
        let found = found.map(Arc::new);
        self.entries.insert(key, found.clone());
        Ok(found)
    }

    /// What the grader may have been given of the row: the receipt tells which of them it was.
    fn samples(&mut self, row: &Row, claim: &Claim, mode: Mode) -> Vec<Sample> {
        let mut read: Vec<Sample> = self.rows.parts.sample(row).into_iter().collect();
        let map = &claim.receipt.map;
        if !map.is_empty() {
            let dataset = &self.rows.dataset;
            let choose = || Parts::choose(dataset, &FieldMap::new(map.clone())).ok();
            let parts = self.parts.entry(map.clone()).or_insert_with(choose);
            read.extend(parts.as_ref().and_then(|parts| parts.sample(row).ok()));
        }
        read.extend(with_answer_in_the_conversation(row));
        let attempts = attempts(&row.columns);
        let response = |attempt: &Value| attempt.get("response").and_then(Value::as_str).map(str::to_owned);
        let mut samples = Vec::new();
        for mut sample in read {
            if let Some(id) = &claim.receipt.id {
                sample.id = id.clone();
            }
            if mode == Mode::Listwise && !attempts.is_empty() {
                // Each round orders what there is by then.
                let responses: Vec<String> = attempts.iter().filter_map(response).collect();
                let counts = (1..=responses.len()).rev();
                samples
                    .extend(counts.map(|count| sample.with_responses(responses.iter().take(count).cloned().collect())));
                continue;
            }
            match claim.attempt.map(|index| attempts.get(index).and_then(response)) {
                None => samples.push(sample),
                Some(Some(response)) => samples.push(sample.with_response(response)),
                Some(None) => {}
            }
        }
        samples
    }
}

/// A refined row as it was read where its response was the last turn of the conversation.
fn with_answer_in_the_conversation(row: &Row) -> Option<Sample> {
    let response = row.columns.get("response")?.as_str()?;
    row.columns.get("refinement")?;
    let mut columns = row.columns.clone();
    for added in ["response", "original_response", "grades", "assessment", "refinement", "refinement_notes"] {
        columns.shift_remove(added);
    }
    let parts = Parts::of_row(&columns);
    let sample = parts.sample(&Row { columns, ..row.clone() }).ok()?;
    Some(sample.with_response(response))
}

fn not_run(why: NotRun) -> Prepared {
    Prepared::Settled(Examined::NotRun(why))
}

/// What of an outcome is not as it is stated, key by key.
fn of_outcomes(stated: &Columns, again: &Columns) -> Vec<Difference> {
    let keys = stated.keys().chain(again.keys().filter(|key| !stated.contains_key(*key)));
    let value = |columns: &Columns, key: &String| columns.get(key).cloned().unwrap_or(Value::Null);
    let both = keys.map(|key| (key, value(stated, key), value(again, key)));
    both.filter(|(_, stated, again)| digest(stated) != digest(again))
        .map(|(key, stated, again)| Difference { what: key.clone(), stated, again })
        .collect()
}

/// Adds what the row alone shows: that its grade is not that of its receipt, or passes though its score does not.
fn with_stated(examined: Examined, claim: &Claim, thresholds: &Thresholds) -> Examined {
    let mut differences = match examined {
        Examined::Differs(differences) => differences,
        other if claim.states_what_was_graded() && claim.passes_as_it_states(thresholds) => return other,
        _ => Vec::new(),
    };
    if !claim.states_what_was_graded() && !differences.iter().any(|difference| difference.what == "receipt.outcome") {
        let [stated, again] = [&claim.receipt.outcome, &digest(&stated(&claim.stated).into())].map(|text| json!(text));
        differences.push(Difference { what: "receipt.outcome".to_owned(), stated, again });
    }
    if !claim.passes_as_it_states(thresholds) {
        let pass = claim.pass_by(thresholds);
        let again = pass.map_or(Value::Null, Value::from);
        differences.push(Difference { what: "pass".to_owned(), stated: json!(claim.pass), again });
    }
    Examined::Differs(differences)
}
