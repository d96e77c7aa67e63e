//! `gradebox regrade`: grades what a refinement tried with other graders, and chooses the best again.

use super::{
    args::RegradeArgs,
    dry_run::{Rehearsal, dry_run},
    environment::Environment,
    failure::{CommandResult, Failure, Status},
    graded_rows::locate,
    plan::{EarlierRun, Work},
    setup::Job,
};
use crate::run;

pub(super) async fn regrade(args: &RegradeArgs, print_config: bool, environment: &Environment) -> CommandResult {
    // The command line takes one only.
    let Some(run) = args.selection.dataset.first() else { return Err(Failure::new("no refinement is named")) };
    let earlier = locate(run)?;
    let work = Work::Regrade(EarlierRun { results: earlier.file, map: earlier.map });
    let rehearsal = args.rehearsal.dry_run.then(Rehearsal::default);
    let Some(job) = Job::prepare(&args.selection, work, rehearsal.as_ref(), print_config, environment).await? else {
        return Ok(Status::Done);
    };
    if let Some(rehearsal) = rehearsal {
        return dry_run(job, &rehearsal, args.rehearsal.json).await;
    }
    let destination = job.open_destination()?;
    let final_judge = job.assembly.final_judge.as_ref();
    let result = run::regrade(&job.run(), final_judge, job.rows()?, destination, job.shutdown()).await;
    let (status, _) = job.conclude(result)?;
    Ok(status)
}
