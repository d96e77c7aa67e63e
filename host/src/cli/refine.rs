//! `gradebox refine`: refines the rows of a dataset that do not pass.

use super::{
    args::RefineArgs,
    dry_run::{Rehearsal, dry_run},
    environment::Environment,
    failure::{CommandResult, Failure, Status},
    plan::{RefineOptions, RefinePlan, Work},
    setup::Job,
};
use crate::{
    refine::{RefineSettings, Refiner},
    run,
};

pub(super) async fn refine(args: &RefineArgs, print_config: bool, environment: &Environment) -> CommandResult {
    let options = RefineOptions { rounds: args.rounds, candidates: args.candidates };
    let rehearsal = args.rehearsal.dry_run.then(Rehearsal::default);
    let work = Work::Refine(options);
    let Some(job) = Job::prepare(&args.selection, work, rehearsal.as_ref(), print_config, environment).await? else {
        return Ok(Status::Done);
    };
    if let Some(rehearsal) = rehearsal {
        return dry_run(job, &rehearsal, args.rehearsal.json).await;
    }
    let (Some(plan), Some(writer)) = (&job.plan.refine, &job.assembly.writer) else {
        return Err(Failure::new("the plan has no writer; this is a fault of gradebox, please report it"));
    };
    let destination = job.open_destination()?;
    let (settings, final_judge) = (settings(plan), job.assembly.final_judge.as_ref());
    let refiner = Refiner { writer: writer.as_ref(), final_judge, settings: &settings };
    let result = run::refine(&job.run(), refiner, job.rows()?, destination, job.shutdown()).await;
    let (status, _) = job.conclude(result)?;
    Ok(status)
}

pub(super) fn settings(plan: &RefinePlan) -> RefineSettings {
    RefineSettings {
        rounds: plan.rounds.value,
        candidates: plan.candidates.value,
        patience: plan.patience.value,
        temperatures: plan.temperatures.clone(),
        history: plan.history.value,
        max_tokens: plan.max_tokens,
        seed: plan.seed.value,
        deadline: plan.deadline,
    }
}
