//! `gradebox verify`: grades again what has receipts, and reports what comes out otherwise.

mod again;
mod claims;
mod findings;

use std::{
    collections::{BTreeSet, HashSet},
    num::NonZero,
    path::PathBuf,
};

use clap::Args;
use futures::{StreamExt, stream::FuturesUnordered};
use serde_json::Value;
use sha2::{Digest, Sha256};

use self::{
    again::{Again, Examined},
    claims::{Claim, Entry, of_row},
    findings::Findings,
};
use super::{
    args::{Directories, parse_mapping},
    components::component_directories,
    config_file::ConfigFile,
    console,
    environment::Environment,
    failure::{CommandResult, Failure, Status},
    graded_rows::GradedRows,
    table::count,
};
use crate::{dataset::FormatOptions, fields::FieldMap};

/// Grade again what has receipts, and report what comes out otherwise than it stands in the rows
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox grade data.jsonl -g math --deterministic --receipts -o graded.jsonl
  gradebox verify graded.jsonl
  gradebox verify runs/first --all
  gradebox verify graded.jsonl --sample 500 --seed 7 --graders own --json

Exit status: 0 what was graded again came out the same; 1 something did not, or could not be graded again; 2 could not run.")]
pub(super) struct VerifyArgs {
    /// The directory of a run, or a file of graded or refined rows
    pub(super) results: PathBuf,
    /// How many rows are graded again
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) sample: u64,
    /// Every row
    #[arg(long, conflicts_with_all = ["sample", "seed"])]
    pub(super) all: bool,
    /// Choose the rows of an earlier time [default: others each time]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// The map of the dataset, as it was graded with, such as `reference=gold`; may be repeated
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = parse_mapping)]
    pub(super) map: Vec<(String, String)>,
    /// Worker processes [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Print one JSON object with everything that was found
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) directories: Directories,
}

/// Grades that are under way for each worker.
const AHEAD: usize = 4;

pub(super) async fn verify(args: &VerifyArgs, environment: &Environment) -> CommandResult {
    let map = FieldMap::new(args.map.iter().cloned());
    let rows = GradedRows::open_mapped(&args.results, &map, FormatOptions::default())?;
    let mut findings = Findings::default();
    let chosen = survey(&rows, args, &mut findings)?;
    if findings.receipts == 0 {
        let failure = Failure::new(format!("no grade in {} has a receipt", args.results.display()));
        return Err(failure.hint("`gradebox grade --receipts` and `gradebox refine --receipts` make them"));
    }
    let config = ConfigFile::load(None)?.config;
    let directories = component_directories(&args.directories.graders, &config, environment)?;
    let jobs = args.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get), usize::from);
    console::say(&format!(
        "grading {} of {} with receipts again",
        chosen.len(),
        count(findings.rows_with_receipts, "row")
    ));
    let mut again = Again::new(&rows, directories, jobs, environment);
    grade_again(&rows, &chosen, &mut again, jobs * AHEAD, &mut findings).await?;
    again.close();
    if args.json {
        console::print(&format!("{:#}", findings.to_json()))?;
    } else {
        console::print(console::harmless(&findings.to_text()).trim_end())?;
    }
    Ok(if findings.all_same() { Status::Done } else { Status::Incomplete })
}

/// Reads every row, and gives back the numbers of those to grade again: a sample, and all whose grades are not those of
/// their receipts.
fn survey(rows: &GradedRows, args: &VerifyArgs, findings: &mut Findings) -> Result<HashSet<u64>, Failure> {
    let seed = args.seed.unwrap_or_else(|| rand::random_range(0..1_000_000));
    let most = if args.all { usize::MAX } else { usize::try_from(args.sample).unwrap_or(usize::MAX) };
    findings.seed = (!args.all).then_some(seed);
    // The rows whose places in an order that the seed decides are the first ones.
    let mut sample = BTreeSet::new();
    let mut suspects = HashSet::new();
    for row in rows.rows()? {
        let row = row?;
        findings.rows += 1;
        let id = rows.parts.id_of(&row);
        let (mut has_receipt, mut is_suspect) = (false, false);
        for entry in of_row(&row.columns) {
            match entry {
                Entry::Claim(claim) => {
                    has_receipt = true;
                    findings.receipts += 1;
                    is_suspect |= !claim.states_what_was_graded() || !claim.passes_as_it_states(&rows.thresholds);
                    findings.note_receipt(&claim.grader);
                }
                Entry::Without { grader, kind } => findings.note_without(&grader, kind, row.number, &id),
            }
        }
        if has_receipt {
            findings.rows_with_receipts += 1;
            sample.insert((place(seed, row.number), row.number));
            if most < sample.len() {
                sample.pop_last();
            }
        }
        if is_suspect {
            suspects.insert(row.number);
        }
    }
    suspects.extend(sample.into_iter().map(|(_, number)| number));
    Ok(suspects)
}

/// Where a row stands in the order that a seed decides, on every machine alike.
fn place(seed: u64, row: u64) -> [u8; 8] {
    let mut digest = Sha256::new();
    digest.update(seed.to_le_bytes());
    digest.update(row.to_le_bytes());
    let digest = digest.finalize();
    let mut place = [0; 8];
    place.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
    place
}

async fn grade_again(
    rows: &GradedRows,
    chosen: &HashSet<u64>,
    again: &mut Again<'_>,
    most: usize,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let mut under_way = FuturesUnordered::new();
    for row in rows.rows()? {
        let row = row?;
        if !chosen.contains(&row.number) {
            continue;
        }
        findings.rows_examined += 1;
        for entry in of_row(&row.columns) {
            let Entry::Claim(claim) = entry else { continue };
            let prepared = again.prepare(&row, &claim).await?;
            let (number, id) = (row.number, rows.parts.id_of(&row));
            let thresholds = &rows.thresholds;
            under_way.push(async move {
                let examined = Again::examine(prepared, &claim, thresholds).await;
                (number, id, claim, examined)
            });
            while most <= under_way.len() {
                take(under_way.next().await, findings);
            }
        }
    }
    while let Some(done) = under_way.next().await {
        take(Some(done), findings);
    }
    findings.sort();
    Ok(())
}

fn take(done: Option<(u64, Value, Box<Claim>, Examined)>, findings: &mut Findings) {
    if let Some((number, id, claim, examined)) = done {
        findings.add(number, id, *claim, examined);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_the_order_of_the_rows() {
        let order = |seed| {
            let mut rows: Vec<u64> = (1..=20).collect();
            rows.sort_by_key(|row| place(seed, *row));
            rows
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }
}
