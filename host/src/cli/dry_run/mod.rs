//! `--dry-run`: everything that a run does before its first model call, and what the calls would come to. Asks no
//! model, begins no run, writes no output.

mod estimate;
mod looked_at;
mod rehearsal;
mod tried;
mod words;

pub(super) use self::rehearsal::Rehearsal;
use self::{
    estimate::{Asking, Effort, Line, Outlook, as_number},
    looked_at::LookedAt,
};
use clap::Args;
use indexmap::IndexSet;

use super::{
    config::{ErrorPolicy, VoteCount},
    console,
    failure::{CommandResult, Status},
    plan::{GraderPlan, JudgePlan, Plan, RefinePlan, What},
    setup::Job,
};
use crate::{grader::Mode, panel::Panel, sandbox::CALLS_PER_GRADE};

/// A run that is only looked at.
#[derive(Debug, Args)]
pub(in crate::cli) struct DryRunArgs {
    /// Check everything, and estimate model calls, tokens and cost from some of the rows: asks no model, writes nothing
    #[arg(long, conflicts_with = "watch")]
    pub(in crate::cli) dry_run: bool,
    /// With --dry-run: print one JSON object
    #[arg(long, requires = "dry_run")]
    pub(in crate::cli) json: bool,
}

/// What was looked at, and what it comes to.
struct Forecast {
    /// Rows to do.
    rows: u64,
    looked_at: LookedAt,
    lines: Vec<Line>,
    /// By the models' names: bytes of a prompt's token, where answers of the cache tell.
    calibrated: Vec<(String, f64)>,
}

/// Looks at some rows and says what the run would come to.
pub(super) async fn dry_run(job: Job, rehearsal: &Rehearsal, as_json: bool) -> CommandResult {
    let rows = job.rows_left();
    let looked_at = looked_at::look(&job, rehearsal).await?;
    let forecast = forecast(&job.plan, &job.assembly.panel, rows, looked_at);
    let spent = job.spent();
    if as_json {
        console::print(&format!("{:#}", words::json(&forecast, &job.plan, spent)))?;
    } else {
        console::print(&words::text(&forecast, &job.plan, spent))?;
    }
    job.close();
    Ok(Status::Done)
}

fn forecast(plan: &Plan, panel: &Panel, rows: u64, looked_at: LookedAt) -> Forecast {
    let prices = |name: &str| plan.models.get(name)?.known_prices();
    let outlook = Outlook {
        rows: number(rows),
        effort: plan.refine.as_ref().map(|refine| effort(refine, panel)),
        seen: &looked_at.rows,
        prices: &prices,
    };
    let lines = lines(plan, panel, &outlook);
    let calibrated = plan.models.keys().filter_map(|name| Some((name.clone(), outlook.bytes_per_token(name)?)));
    let calibrated = calibrated.collect();
    Forecast { rows, looked_at, lines, calibrated }
}

fn effort(plan: &RefinePlan, panel: &Panel) -> Effort {
    Effort {
        rounds: f64::from(plan.rounds.value),
        candidates: f64::from(plan.candidates.value),
        goes_to_the_end: panel.of_mode(Mode::Pointwise).is_empty(),
        history: f64::from(plan.history.value),
        max_tokens: plan.max_tokens.map(f64::from),
    }
}

/// Every purpose for which models are asked.
fn lines(plan: &Plan, panel: &Panel, outlook: &Outlook<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    if let (Some(refine), Some(effort)) = (&plan.refine, outlook.effort) {
        lines.push(outlook.writer(&refine.writer.value, effort));
    }
    for (index, (grader, member)) in plan.graders.iter().zip(panel.members()).enumerate() {
        let own = asking(grader, grader, member.grader.mode());
        lines.extend(outlook.grader(&own, &|row| row.requests(index)));
        if let Some(second) = &grader.second_opinion {
            let second = asking(second, grader, Mode::Pointwise);
            lines.extend(outlook.opinion(&second, &|row| row.opinion(index), &|row| row.opinion_share(index)));
        }
    }
    if let Some(judge) = plan.final_judge() {
        lines.extend(outlook.finals(&Asking { role: "final judge", ..asking(judge, judge, Mode::Listwise) }));
    }
    lines
}

/// How a grader asks its models, in the place of `member` of the panel.
fn asking(grader: &GraderPlan, member: &GraderPlan, mode: Mode) -> Asking {
    let retries = if member.on_error.value == ErrorPolicy::Retry { f64::from(member.retries) } else { 0.0 };
    let (grader_name, orders) = (grader.name.clone(), mode == Mode::Listwise);
    match &grader.what {
        What::Judge(judge) => Asking {
            role: "judge",
            grader: grader_name,
            models: judge.models.value.clone(),
            orders,
            votes: f64::from(judge.votes.value),
            settling: settling(judge, mode),
            // Once more where a reply cannot be used.
            repeats: 2.0 * (1.0 + retries),
            most_calls: None,
        },
        What::Component { grants, .. } => Asking {
            role: "component",
            grader: grader_name,
            models: grants.models.values().collect::<IndexSet<_>>().into_iter().cloned().collect(),
            orders,
            votes: 1.0,
            settling: 1.0,
            repeats: 1.0 + retries,
            most_calls: Some(number(grants.budget_per_grade.calls.unwrap_or(CALLS_PER_GRADE))),
        },
    }
}

#[expect(clippy::cast_precision_loss, reason = "no count here reaches 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}

/// The share of a judge's votes that it takes to settle a score: between the quorum and all of them.
fn settling(judge: &JudgePlan, mode: Mode) -> f64 {
    let seats = f64::from(judge.votes.value) * as_number(judge.models.value.len());
    if !judge.early_stop || judge.aggregate == Some(VoteCount::Mean) || mode == Mode::Listwise || seats < 2.0 {
        return 1.0;
    }
    f64::midpoint((seats / 2.0).floor() + 1.0, seats) / seats
}
