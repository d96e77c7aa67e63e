//! `gradebox grade`: grades every row of a dataset.

use super::{
    args::GradeArgs,
    console,
    dry_run::{Rehearsal, dry_run},
    environment::Environment,
    failure::{CommandResult, Status},
    plan::Work,
    setup::Job,
};
use crate::run;

pub(super) async fn grade(args: &GradeArgs, print_config: bool, environment: &Environment) -> CommandResult {
    let rehearsal = args.rehearsal.dry_run.then(Rehearsal::default);
    let work = Work::Grade;
    let Some(job) = Job::prepare(&args.selection, work, rehearsal.as_ref(), print_config, environment).await? else {
        return Ok(Status::Done);
    };
    if let Some(rehearsal) = rehearsal {
        return dry_run(job, &rehearsal, args.rehearsal.json).await;
    }
    let destination = job.open_destination()?;
    let result = run::grade(&job.run(), job.rows()?, destination, job.shutdown()).await;
    let (status, summary) = job.conclude(result)?;
    Ok(match args.fail_under.filter(|least| !is_reached(*least, summary.mean_score())) {
        None => status,
        Some(least) => {
            let mean = summary
                .mean_score()
                .map_or("no row has a score".to_owned(), |mean| format!("the mean score is {mean:.3}"));
            console::say(&format!("failed: {mean}, and --fail-under wants {least}"));
            Status::Incomplete
        }
    })
}

/// Whether the mean is as high as wanted; without a score nothing is reached.
fn is_reached(least: f64, mean: Option<f64>) -> bool {
    mean.is_some_and(|mean| mean >= least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_scores_reaches_nothing() {
        assert!(is_reached(0.5, Some(0.5)));
        assert!(!is_reached(0.5, Some(0.49)));
        assert!(!is_reached(0.0, None));
    }
}
