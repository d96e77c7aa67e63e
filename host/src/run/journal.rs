//! The journal of a run's model calls: what was asked, and what was answered, each answer on record before it is used.
//!
//! One record a line: eight hexadecimal digits of the SHA-256 of the rest, a blank, and a JSON object. A record that
//! is torn or damaged ends the journal; whatever stands behind it was never relied upon.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    appender::{AppendError, Appender},
    request_key::RequestKey,
};
use crate::{
    budget::Charge,
    model::{Completion, ModelError, Usage},
};

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Record {
    /// A call begins. Without an answer behind it, it was under way when the run ended.
    Asked {
        row: u64,
        key: RequestKey,
        worst: Charge,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grader: Option<String>,
    },
    /// A call has ended.
    Answered(Box<Answered>),
    /// A call that began was not made: a budget did not allow it.
    Unasked { row: u64, key: RequestKey },
    /// The answer was of no use to whoever asked.
    Unusable { row: u64, key: RequestKey },
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) row: u64,
    pub(super) key: RequestKey,
    /// The model's name in the configuration.
    pub(super) model: String,
    pub(super) answer: Result<Completion, ModelError>,
    pub(super) usage: Usage,
    /// What the budget was charged.
    pub(super) charge: Charge,
    /// The grader whose own budget was charged too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) grader: Option<String>,
}

/// Answers by the row that they were given for.
pub(super) type Answers = HashMap<(u64, RequestKey), (Result<Completion, ModelError>, Usage)>;

/// What a journal holds that a resumed run needs.
#[derive(Debug, Default)]
pub(super) struct Replay {
    /// Of rows that are still to be done.
    pub(super) answers: Answers,
    /// Calls that had no answer when the run ended, with the most that they may have used.
    pub(super) under_way: HashMap<(u64, RequestKey), UnderWay>,
    /// Answers that were of no use.
    unusable: HashSet<(u64, RequestKey)>,
    /// What the answered calls used.
    pub(super) answered: Charge,
    /// What of it graders with a budget of their own used.
    pub(super) of_graders: HashMap<String, Charge>,
    /// Bytes of whole records.
    pub(super) length: u64,
}

/// A call that had no answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct UnderWay {
    worst: Charge,
    grader: Option<String>,
}

/// The open journal of a run.
#[derive(Debug)]
pub(super) struct Journal(Appender);

impl Journal {
    /// Appends behind the whole records of an earlier run.
    pub(super) fn open(path: &Path, replay: &Replay) -> io::Result<Self> {
        Ok(Self(Appender::open(path, replay.length)?))
    }

    /// Notes that a call begins, which may use `worst` at the most.
    pub(super) async fn asked(
        &self,
        row: u64,
        key: RequestKey,
        worst: Charge,
        grader: Option<String>,
    ) -> Result<(), AppendError> {
        self.0.add(line(&Record::Asked { row, key, worst, grader })).await
    }

    /// Notes that a call was not made after all.
    pub(super) async fn unasked(&self, row: u64, key: RequestKey) -> Result<(), AppendError> {
        self.0.add(line(&Record::Unasked { row, key })).await
    }

    /// Notes the end of a call; once this returns, it is not made again.
    pub(super) async fn answered(&self, answered: Answered) -> Result<(), AppendError> {
        self.0.write(line(&Record::Answered(Box::new(answered)))).await
    }

    /// Notes that an answer was of no use.
    pub(super) async fn unusable(&self, row: u64, key: RequestKey) -> Result<(), AppendError> {
        self.0.write(line(&Record::Unusable { row, key })).await
    }

    pub(super) fn failure(&self) -> Option<AppendError> {
        self.0.failure()
    }
}

impl Replay {
    /// What the calls of the earlier run used, and those under way may have used.
    pub(super) fn charge(&self) -> Charge {
        self.under_way.values().fold(self.answered, |sum, call| sum.plus(call.worst))
    }

    /// The share of a grader that has a budget of its own.
    pub(super) fn charge_of(&self, grader: &str) -> Charge {
        let answered = self.of_graders.get(grader).copied().unwrap_or_default();
        let under_way = self.under_way.values().filter(|call| call.grader.as_deref() == Some(grader));
        under_way.fold(answered, |sum, call| sum.plus(call.worst))
    }

    /// Forgets what made rows end in an error: errors, and answers that were of no use.
    pub(super) fn forget_errors(&mut self, rows: &HashSet<u64>) {
        let unusable = &self.unusable;
        self.answers
            .retain(|place, (answer, _)| !rows.contains(&place.0) || (answer.is_ok() && !unusable.contains(place)));
    }

    /// Reads the journal; keeps the answers of the rows for which `is_open` says so.
    pub(super) fn read(path: &Path, is_open: impl Fn(u64) -> bool) -> io::Result<Self> {
        let mut replay = Self::default();
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(replay),
            Err(error) => return Err(error),
        };
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let count = reader.read_until(b'\n', &mut bytes)?;
            let Some(record) = parse(&bytes) else { return Ok(replay) };
            replay.length += count as u64;
            replay.take(record, &is_open);
        }
    }

    fn take(&mut self, record: Record, is_open: &impl Fn(u64) -> bool) {
        match record {
            Record::Asked { row, key, worst, grader } => {
                self.under_way.insert((row, key), UnderWay { worst, grader });
            }
            Record::Unasked { row, key } => {
                self.under_way.remove(&(row, key));
            }
            Record::Unusable { row, key } => {
                self.unusable.insert((row, key));
            }
            Record::Answered(answered) => {
                self.unusable.remove(&(answered.row, answered.key));
                self.under_way.remove(&(answered.row, answered.key));
                self.answered = self.answered.plus(answered.charge);
                if let Some(grader) = answered.grader {
                    let used = self.of_graders.entry(grader).or_default();
                    *used = used.plus(answered.charge);
                }
                if is_open(answered.row) {
                    self.answers.insert((answered.row, answered.key), (answered.answer, answered.usage));
                }
            }
        }
    }
}

fn line(record: &Record) -> Vec<u8> {
    // Records hold nothing that JSON cannot: a failure would be a fault of this file.
    let json = serde_json::to_string(record).unwrap_or_default();
    format!("{} {json}\n", checksum(json.as_bytes())).into_bytes()
}

fn parse(line: &[u8]) -> Option<Record> {
    let text = line.strip_suffix(b"\n")?;
    let (sum, json) = (text.get(..8)?, text.get(9..)?);
    (sum == checksum(json).as_bytes()).then_some(())?;
    serde_json::from_slice(json).ok()
}

/// Eight hexadecimal digits that tell whether bytes are whole.
pub(super) fn checksum(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let first = digest.first_chunk::<4>().copied().unwrap_or_default();
    format!("{:08x}", u32::from_be_bytes(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORST: Charge = Charge { calls: 1, tokens: 100, cost: 1.0 };

    fn key(number: u8) -> RequestKey {
        RequestKey::of("test", &number)
    }

    fn answered(row: u64, number: u8) -> Answered {
        let completion =
            Completion { content: format!("answer {number}\n"), reasoning: None, truncated: false, model: "m".into() };
        let usage = Usage { calls: 1, prompt_tokens: Some(1), completion_tokens: None, cost: None };
        let charge = Charge { calls: 1, tokens: 5, cost: 0.25 };
        Answered { row, key: key(number), model: "writer".into(), answer: Ok(completion), usage, charge, grader: None }
    }

    async fn written(path: &Path) {
        let journal = Journal::open(path, &Replay::default()).unwrap();
        for (row, number) in [(1, 1), (2, 2)] {
            journal.asked(row, key(number), WORST, None).await.unwrap();
            journal.answered(answered(row, number)).await.unwrap();
        }
        journal.asked(3, key(3), WORST, None).await.unwrap();
        journal.0.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_journal_gives_back_the_answers_of_open_rows_and_counts_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        written(&path).await;
        let replay = Replay::read(&path, |row| row > 1).unwrap();
        assert_eq!(replay.answers.len(), 1);
        assert_eq!(replay.answers[&(2, key(2))].0, answered(2, 2).answer);
        assert_eq!(replay.under_way, HashMap::from([((3, key(3)), UnderWay { worst: WORST, grader: None })]));
        assert_eq!(replay.charge(), Charge { calls: 3, tokens: 110, cost: 1.5 });
        assert_eq!(replay.length, std::fs::metadata(&path).unwrap().len());
    }

    #[tokio::test]
    async fn a_journal_cut_anywhere_keeps_its_whole_records_and_goes_on_behind_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        written(&path).await;
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            // A loss of power may leave zeros behind the cut.
            let torn = [&whole[..cut], &[0; 7]].concat();
            std::fs::write(&path, &torn).unwrap();
            let replay = Replay::read(&path, |_| true).unwrap();
            let kept = usize::try_from(replay.length).unwrap();
            assert!(kept <= cut && (kept == 0 || whole[kept - 1] == b'\n'), "{cut}");
            let journal = Journal::open(&path, &replay).unwrap();
            journal.answered(answered(9, 9)).await.unwrap();
            drop(journal);
            assert!(Replay::read(&path, |_| true).unwrap().answers.contains_key(&(9, key(9))), "{cut}");
        }
    }

    #[test]
    fn a_cost_comes_back_to_its_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        // The second is what `serde_json` reads as the one before it.
        let costs = [0.1 + 0.2, 1.000_000_000_116_415_3, 7.147_599_368_538_759e247];
        let record = |(row, cost): (u64, f64)| {
            let usage = Usage { calls: 1, cost: Some(cost), ..Usage::default() };
            line(&Record::Answered(Box::new(Answered { usage, ..answered(row, 1) })))
        };
        let records: Vec<_> = (0..).zip(costs).map(record).collect();
        let under_way = Charge { cost: costs[1], ..WORST };
        let asked = line(&Record::Asked { row: 9, key: key(9), worst: under_way, grader: None });
        std::fs::write(&path, [records.concat(), asked].concat()).unwrap();
        let replay = Replay::read(&path, |_| true).unwrap();
        for (row, cost) in (0..).zip(costs) {
            assert_eq!(replay.answers[&(row, key(1))].1.cost, Some(cost));
        }
        assert_eq!(replay.under_way[&(9, key(9))].worst, under_way);
    }

    #[test]
    fn a_damaged_record_ends_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut second = line(&Record::Answered(Box::new(answered(2, 2))));
        second[20] ^= 1;
        let first = line(&Record::Answered(Box::new(answered(1, 1))));
        let third = line(&Record::Answered(Box::new(answered(3, 3))));
        std::fs::write(&path, [first.clone(), second, third].concat()).unwrap();
        let replay = Replay::read(&path, |_| true).unwrap();
        assert_eq!((replay.answers.len(), replay.length), (1, first.len() as u64));
    }
}
