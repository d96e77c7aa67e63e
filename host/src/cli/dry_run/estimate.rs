//! From what a few rows would ask to what all of them will: expected, and at worst. Pure arithmetic.

use super::{looked_at::RowSeen, rehearsal::Heard};
use crate::llm::Prices;

/// A token of a prompt, where no answer tells better, in bytes.
const BYTES_PER_TOKEN: f64 = 4.0;

/// The reply of a judge, or to a component: a reason and a score, in tokens.
const SHORT_REPLY: f64 = 150.0;

/// What the writer writes where the rows have no responses to go by, in tokens, and the least where they have.
const UNKNOWN_REPLY: f64 = 400.0;
const LEAST_REPLY: f64 = 100.0;

/// What a reply that cannot be used adds to the prompt that asks for another, in tokens.
const REPEATED_REPLY: f64 = 1050.0;

/// Model calls and what they use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Load {
    pub(super) calls: f64,
    pub(super) prompt_tokens: f64,
    /// `None` where nothing bounds them.
    pub(super) completion_tokens: Option<f64>,
    /// `None` where it is not known.
    pub(super) cost: Option<f64>,
}

impl Load {
    pub(super) const NONE: Self =
        Self { calls: 0.0, prompt_tokens: 0.0, completion_tokens: Some(0.0), cost: Some(0.0) };

    fn new(calls: f64, prompt: f64, completion: Option<f64>, prices: Option<Prices>) -> Self {
        if calls <= 0.0 {
            return Self::NONE;
        }
        let (prompt_tokens, completion_tokens) = (calls * prompt, completion.map(|completion| calls * completion));
        let cost = prices.zip(completion_tokens);
        let cost =
            cost.map(|(prices, completion)| (prompt_tokens * prices.prompt + completion * prices.completion) / 1e6);
        Self { calls, prompt_tokens, completion_tokens, cost }
    }

    /// The sum; what is unknown in either is unknown in it.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            prompt_tokens: self.prompt_tokens + other.prompt_tokens,
            completion_tokens: self.completion_tokens.zip(other.completion_tokens).map(|(a, b)| a + b),
            cost: self.cost.zip(other.cost).map(|(a, b)| a + b),
        }
    }
}

/// The calls of one model for one purpose.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// `writer`, `judge`, `component` or `final judge`.
    pub(super) role: &'static str,
    /// The grader's name.
    pub(super) grader: Option<String>,
    pub(super) model: String,
    pub(super) expected: Load,
    pub(super) worst: Load,
}

/// How a run refines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Effort {
    pub(super) rounds: f64,
    pub(super) candidates: f64,
    /// Whether no grader ever calls a response good enough.
    pub(super) goes_to_the_end: bool,
    pub(super) history: f64,
    pub(super) max_tokens: Option<f64>,
}

impl Effort {
    /// Rounds of a row that needs any: each time, half of what is written passes.
    fn expected_rounds(self) -> f64 {
        if self.goes_to_the_end { self.rounds } else { 2.0 * (1.0 - 0.5_f64.powf(self.rounds)) }
    }
}

/// How one grader asks its models.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asking {
    pub(super) role: &'static str,
    pub(super) grader: String,
    /// Those of a judge, or those that a component may ask; by their names.
    pub(super) models: Vec<String>,
    pub(super) orders: bool,
    /// Votes of each model; one of a component.
    pub(super) votes: f64,
    /// The share of them that settles a score.
    pub(super) settling: f64,
    /// How often each is asked for at worst, because a reply cannot be used or the grade is an error.
    pub(super) repeats: f64,
    /// Calls of one grade, at most; of components only.
    pub(super) most_calls: Option<f64>,
}

/// What is known of a run before it begins.
pub(super) struct Outlook<'a> {
    /// Rows to do.
    pub(super) rows: f64,
    pub(super) effort: Option<Effort>,
    pub(super) seen: &'a [RowSeen],
    /// The prices of a model, by its name.
    pub(super) prices: &'a dyn Fn(&str) -> Option<Prices>,
}

impl Outlook<'_> {
    /// The writer's calls.
    pub(super) fn writer(&self, model: &str, effort: Effort) -> Line {
        let (expected_rounds, candidates) = (effort.expected_rounds(), effort.candidates);
        let firsts: Vec<&Heard> = self.seen.iter().filter_map(|row| row.unwritten.as_ref()).collect();
        let prompts: Vec<&Heard> = self.seen.iter().filter_map(|row| Some(&row.writer.as_ref()?.0)).collect();
        let calls = self.mean(|row| row.need * expected_rounds * candidates);
        let unwritten = self.mean(|row| if row.unwritten.is_some() { 1.0 } else { 0.0 });
        let (first, prompt) = (self.prompt_tokens(model, &firsts), self.prompt_tokens(model, &prompts));
        let all: Vec<&Heard> = firsts.into_iter().chain(prompts).collect();
        let reply = reply(model, &all).unwrap_or_else(|| self.response_tokens());
        let reply = effort.max_tokens.map_or(reply, |most| reply.min(most));
        // Each attempt that is shown besides has its own reasons with it.
        let shown = effort.history * (reply + SHORT_REPLY);
        let prices = (self.prices)(model);
        Line {
            role: "writer",
            grader: None,
            model: model.to_owned(),
            expected: Load::new(self.rows * calls, prompt + shown / 2.0, Some(reply), prices).plus(Load::new(
                self.rows * unwritten,
                first,
                Some(reply),
                prices,
            )),
            worst: Load::new(self.rows * effort.rounds * candidates, prompt + shown, effort.max_tokens, prices)
                .plus(Load::new(self.rows * unwritten, first, effort.max_tokens, prices)),
        }
    }

    /// The calls of a grader, which are those of `requests` for each row; one line for each model.
    pub(super) fn grader(&self, asking: &Asking, requests: &dyn Fn(&RowSeen) -> &[Heard]) -> Vec<Line> {
        self.lines(asking, requests, requests, &|row| self.gradings(asking, row))
    }

    /// The same for a second opinion, which is asked where the first cannot tell; at worst it never can.
    pub(super) fn opinion(
        &self,
        asking: &Asking,
        requests: &dyn Fn(&RowSeen) -> &[Heard],
        share: &dyn Fn(&RowSeen) -> f64,
    ) -> Vec<Line> {
        self.lines(asking, requests, requests, &|row| {
            let (expected, worst) = self.gradings(asking, row);
            (expected * share(row), worst)
        })
    }

    /// The comparisons at the end: of half of the rows that are refined, or were, and of all of them at worst.
    pub(super) fn finals(&self, asking: &Asking) -> Vec<Line> {
        self.lines(asking, &|row| &row.finals[0], &|row| &row.finals[1], &|row| {
            (if row.tried > 0 { 0.5 } else { row.need / 2.0 }, 1.0)
        })
    }

    fn lines(
        &self,
        asking: &Asking,
        usual: &dyn Fn(&RowSeen) -> &[Heard],
        largest: &dyn Fn(&RowSeen) -> &[Heard],
        gradings: &dyn Fn(&RowSeen) -> (f64, f64),
    ) -> Vec<Line> {
        let lines = asking.models.iter().map(|model| self.line(asking, model, usual, largest, gradings));
        lines.filter(|line| line.worst.calls > 0.0).collect()
    }

    fn line(
        &self,
        asking: &Asking,
        model: &str,
        usual: &dyn Fn(&RowSeen) -> &[Heard],
        largest: &dyn Fn(&RowSeen) -> &[Heard],
        gradings: &dyn Fn(&RowSeen) -> (f64, f64),
    ) -> Line {
        // All models of a judge are asked the same, though some only where others have no answer.
        let of_model = |heard: &&Heard| asking.most_calls.is_none() || heard.model == model;
        let calls_of = |row: &RowSeen| as_number(usual(row).iter().filter(of_model).count());
        let is_asked = |row: &RowSeen| if usual(row).iter().any(|heard| of_model(&heard)) { 1.0 } else { 0.0 };
        let usual_calls = |row: &RowSeen| match asking.most_calls {
            // What a component asks after its first answer is known only where the cache has that.
            Some(_) => calls_of(row),
            None => asking.votes * asking.settling,
        };
        let most_calls = asking.most_calls.unwrap_or(asking.votes);
        let expected = self.mean(|row| is_asked(row) * gradings(row).0 * usual_calls(row));
        let worst = self.mean(|row| is_asked(row) * gradings(row).1) * most_calls * asking.repeats;
        let prompts = |of: &dyn Fn(&RowSeen) -> &[Heard]| -> Vec<Heard> {
            self.seen.iter().flat_map(|row| of(row).iter().filter(of_model).cloned().collect::<Vec<_>>()).collect()
        };
        let (usual, largest) = (prompts(usual), prompts(largest));
        let (usual, largest): (Vec<&Heard>, Vec<&Heard>) = (usual.iter().collect(), largest.iter().collect());
        let most_tokens = usual.iter().filter_map(|heard| heard.max_tokens).max().map(f64::from);
        let reply = reply(model, &usual).unwrap_or(SHORT_REPLY);
        let reply = most_tokens.map_or(reply, |most| reply.min(most));
        let prices = (self.prices)(model);
        let again = if asking.repeats > 1.0 { REPEATED_REPLY / 2.0 } else { 0.0 };
        Line {
            role: asking.role,
            grader: Some(asking.grader.clone()),
            model: model.to_owned(),
            expected: Load::new(self.rows * expected, self.prompt_tokens(model, &usual), Some(reply), prices),
            worst: Load::new(self.rows * worst, self.prompt_tokens(model, &largest) + again, most_tokens, prices),
        }
    }

    /// How often a row is graded: expected, and at worst. What orders responses is asked once a round.
    fn gradings(&self, asking: &Asking, row: &RowSeen) -> (f64, f64) {
        let Some(effort) = self.effort else {
            return match (asking.orders, row.tried) {
                (_, 0) => (1.0, 1.0),
                // Where an attempt passes, they are not ordered.
                (true, _) => (row.need, 1.0),
                // What a component asks was heard of every attempt.
                (false, tried) if asking.most_calls.is_some() => (1.0, as_number(tried)),
                (false, tried) => (as_number(tried), as_number(tried)),
            };
        };
        // One response alone has no order.
        let (first, candidates) = match (asking.orders, row.given) {
            (true, 0 | 1) => (0.0, 1.0),
            (true, _) => (1.0, 1.0),
            (false, given) => (as_number(given.max(1)), effort.candidates),
        };
        (first + row.need * effort.expected_rounds() * candidates, first + effort.rounds * candidates)
    }

    /// Tokens of one prompt, by what the answers of the model tell, else by its bytes.
    fn prompt_tokens(&self, model: &str, prompts: &[&Heard]) -> f64 {
        let bytes = mean(prompts.iter().map(|heard| as_number(heard.prompt_bytes)));
        bytes.unwrap_or(0.0) / self.bytes_per_token(model).unwrap_or(BYTES_PER_TOKEN)
    }

    /// Bytes of a prompt's token, by the answers of the cache; `None` where there are none.
    pub(super) fn bytes_per_token(&self, model: &str) -> Option<f64> {
        let known = self.seen.iter().flat_map(RowSeen::heard).filter(|heard| heard.model == model);
        let known = known.filter_map(|heard| Some((heard.prompt_bytes, heard.known?.prompt_tokens?)));
        let (bytes, tokens) = known.fold((0.0, 0.0), |(bytes, tokens), (more, used)| {
            (bytes + as_number(more), tokens + as_number(usize::try_from(used).unwrap_or(usize::MAX)))
        });
        (tokens > 0.0).then(|| bytes / tokens)
    }

    fn response_tokens(&self) -> f64 {
        let responses = self.seen.iter().filter_map(|row| row.response).filter(|bytes| *bytes > 0);
        let mean = mean(responses.map(|bytes| as_number(bytes) / BYTES_PER_TOKEN));
        mean.map_or(UNKNOWN_REPLY, |tokens| tokens.max(LEAST_REPLY))
    }

    fn mean(&self, value: impl Fn(&RowSeen) -> f64) -> f64 {
        mean(self.seen.iter().map(value)).unwrap_or(0.0)
    }
}

/// Tokens of one reply, by the answers of the cache; `None` where there are none.
fn reply(model: &str, asked: &[&Heard]) -> Option<f64> {
    let of_model = asked.iter().filter(|heard| heard.model == model);
    let known = of_model.filter_map(|heard| heard.known?.completion_tokens);
    mean(known.map(|tokens| as_number(usize::try_from(tokens).unwrap_or(usize::MAX))))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

#[expect(clippy::cast_precision_loss, reason = "no count here reaches 2^53")]
pub(super) fn as_number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(model: &str, prompt_bytes: usize) -> Heard {
        Heard { model: model.to_owned(), prompt_bytes, max_tokens: Some(100), known: None }
    }

    fn judge(models: &[&str]) -> Asking {
        Asking {
            role: "judge",
            grader: "g".to_owned(),
            models: models.iter().map(|model| (*model).to_owned()).collect(),
            orders: false,
            votes: 2.0,
            settling: 1.0,
            repeats: 2.0,
            most_calls: None,
        }
    }

    const EFFORT: Effort =
        Effort { rounds: 3.0, candidates: 2.0, goes_to_the_end: false, history: 0.0, max_tokens: Some(50.0) };

    fn outlook(seen: &[RowSeen], effort: Option<Effort>) -> Outlook<'_> {
        let prices =
            &|model: &str| (model == "dear").then_some(Prices { prompt: 1e6, completion: 2e6, cached_prompt: None });
        Outlook { rows: 100.0, effort, seen, prices }
    }

    #[test]
    fn every_model_of_a_judge_is_counted_also_one_that_was_not_heard() {
        let asked = RowSeen { graders: vec![vec![heard("dear", 400)]], ..RowSeen::default() };
        let seen = [asked, RowSeen::default()];
        let lines = outlook(&seen, None).grader(&judge(&["dear", "free"]), &|row| row.requests(0));
        let [dear, free] = &lines[..] else { panic!("{lines:?}") };
        // Two votes for each of the fifty rows that are asked about, and twice as many where no reply can be used.
        assert_eq!((dear.expected.calls, dear.worst.calls, free.worst.calls), (100.0, 200.0, 200.0));
        assert_eq!((dear.expected.prompt_tokens, dear.expected.completion_tokens), (10_000.0, Some(10_000.0)));
        assert_eq!((dear.expected.cost, free.expected.cost), (Some(30_000.0), None));
        assert_eq!(dear.expected.plus(free.expected).cost, None);
        assert_eq!(dear.expected.plus(Load::NONE).cost, Some(30_000.0));
    }

    #[test]
    fn what_is_written_is_graded_and_orders_are_asked_once_a_round() {
        let row = RowSeen {
            given: 1,
            response: Some(40),
            need: 1.0,
            writer: Some((heard("dear", 40), true)),
            graders: vec![vec![heard("dear", 40)]],
            ..RowSeen::default()
        };
        let seen = [row];
        let outlook = outlook(&seen, Some(EFFORT));
        let writer = outlook.writer("dear", EFFORT);
        // One round, half of another, a quarter of a third; two candidates each.
        assert_eq!((writer.expected.calls, writer.worst.calls), (350.0, 600.0));
        assert_eq!(
            (writer.expected.completion_tokens, writer.worst.completion_tokens),
            (Some(17_500.0), Some(30_000.0))
        );
        let calls = |asking: &Asking| {
            let line = &outlook.grader(asking, &|row| row.requests(0))[0];
            (line.expected.calls, line.worst.calls)
        };
        assert_eq!(calls(&judge(&["dear"])), (2.0 * 450.0, 2.0 * 700.0 * 2.0));
        assert_eq!(calls(&Asking { orders: true, ..judge(&["dear"]) }), (2.0 * 175.0, 2.0 * 300.0 * 2.0));
        let unwritten = [RowSeen { given: 0, response: None, unwritten: Some(heard("dear", 4)), ..seen[0].clone() }];
        let outlook = self::outlook(&unwritten, Some(EFFORT));
        let writer = outlook.writer("dear", EFFORT);
        assert_eq!((writer.expected.calls, writer.worst.calls), (450.0, 700.0));
    }

    #[test]
    fn without_a_bound_the_worst_is_not_known() {
        let seen = [RowSeen { given: 1, response: Some(40), need: 0.5, ..RowSeen::default() }];
        let effort = Effort { max_tokens: None, ..EFFORT };
        let writer = outlook(&seen, Some(effort)).writer("dear", effort);
        assert_eq!((writer.worst.completion_tokens, writer.worst.cost), (None, None));
        assert!(writer.expected.cost.is_some());
    }
}
