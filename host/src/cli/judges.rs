//! Judges of the rubric library and of templates, as commands list and plans name them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    config::{JudgeMode, VoteCount},
    console,
    failure::Failure,
    graders,
    plan::{GraderPlan, JudgePlan, Prompt},
};
use crate::{
    grader::Mode,
    judge::{
        self, Aggregate, JudgeGrader, JudgeSettings,
        library::{Rubric, Wanted},
    },
    model::ChatModel,
    score::Scale,
};

/// The names of the rubric library.
pub(super) fn rubric_names() -> Vec<&'static str> {
    judge::library::names()
}

/// The adapter of a judge; says what its author should know.
pub(super) fn assemble(
    grader: &GraderPlan,
    plan: &JudgePlan,
    models: Vec<Arc<dyn ChatModel>>,
) -> Result<JudgeGrader, Failure> {
    let prompt = match &plan.prompt {
        Prompt::Rubric(name) => judge::library::rubric(name).map(judge::Prompt::Rubric),
        Prompt::Template(template) => Some(judge::Prompt::Template(template.clone())),
    };
    let prompt = prompt.ok_or_else(|| Failure::new("no such rubric").within(&grader.name))?;
    let settings = JudgeSettings {
        mode: plan.mode.map(|mode| match mode {
            JudgeMode::Pointwise => Mode::Pointwise,
            JudgeMode::Listwise => Mode::Listwise,
        }),
        scale: plan.scale.map(|[worst, best]| Scale { worst, best }),
        rubrics: plan.rubrics.clone(),
        votes: plan.votes.value,
        aggregate: match plan.aggregate {
            Some(VoteCount::Mean) => Aggregate::Mean,
            Some(VoteCount::Median) => Aggregate::Median,
            Some(VoteCount::Majority) => Aggregate::Majority,
            None => Aggregate::default(),
        },
        quorum: plan.quorum,
        early_stop: plan.early_stop,
        temperature: plan.temperature,
        max_tokens: plan.max_tokens,
        seed: plan.seed,
        map: grader.map.clone(),
        ..JudgeSettings::new(grader.name.clone(), prompt)
    };
    let judge = JudgeGrader::of_models(settings, models).map_err(|error| Failure::from(error).within(&grader.name))?;
    for notice in judge.notices() {
        console::say(&format!("note: {notice} in [graders.{}]", grader.name));
    }
    Ok(judge)
}

/// The rows of a list of the library's judges.
pub(super) fn rows() -> Vec<Vec<String>> {
    let row = |rubric: &Rubric| {
        vec![rubric.name.to_owned(), graders::scale(Rubric::SCALE), fields(rubric), rubric.summary.to_owned()]
    };
    judge::library::all().iter().map(row).collect()
}

/// The library's judges for machines.
pub(super) fn to_json() -> Value {
    let one = |rubric: &Rubric| {
        json!({
            "name": rubric.name,
            "summary": rubric.summary,
            "scale": {"worst": Rubric::SCALE.worst, "best": Rubric::SCALE.best},
            "fields": fields(rubric),
        })
    };
    judge::library::all().iter().map(one).collect()
}

fn fields(rubric: &Rubric) -> String {
    let mut fields = vec!["query".to_owned(), "response".to_owned()];
    for (name, wanted) in [("reference", rubric.reference), ("context", rubric.context)] {
        match wanted {
            Wanted::No => {}
            Wanted::IfThere => fields.push(format!("[{name}]")),
            Wanted::Required => fields.push(name.to_owned()),
        }
    }
    fields.join(", ")
}
