//! What of a plan decides the results of a run, as JSON: two runs that were told the same give the same rows. Paces,
//! time limits, budgets and the number of workers are not in here: a run may be continued with others.

use serde_json::{Value, json};

use super::{GraderPlan, JudgePlan, ModelPlan, Plan, Prompt, RefinePlan, RegradePlan, What};
use crate::{
    budget::Limits,
    cli::config::{JudgeMode, VoteCount},
    sample::Columns,
};

impl Plan {
    /// The decisive part of the plan; no secrets.
    pub(in crate::cli) fn told(&self) -> Value {
        let graders = self.graders.iter().map(|grader| (grader.name.clone(), told_grader(grader)));
        let models = self.models.iter().map(|(name, model)| (name.clone(), told_model(model)));
        let map = self.mappings.iter().map(|(field, column)| (field.clone(), column.value.clone().into()));
        let mut told = json!({
            "map": Value::Object(map.collect()),
            "models": Value::Object(models.collect()),
            "graders": Value::Object(graders.collect()),
            "refine": self.refine.as_ref().map(told_refine),
        });
        if let (Some(told), Some(regrade)) = (told.as_object_mut(), &self.regrade) {
            told.insert("regrade".to_owned(), told_regrade(regrade));
        }
        told
    }
}

fn told_grader(grader: &GraderPlan) -> Value {
    let what = match &grader.what {
        What::Component { name, params, grants } => {
            let mut told = json!({"component": name, "params": params, "programs": grants.programs.value});
            if let (Some(told), false) = (told.as_object_mut(), grants.models.is_empty()) {
                told.insert("roles".to_owned(), json!(grants.models));
                told.insert("budget_per_grade".to_owned(), json!(bounds(grants.budget_per_grade)));
            }
            told
        }
        What::Judge(judge) => told_judge(judge),
    };
    let map: serde_json::Map<String, Value> =
        grader.map.iter().map(|(field, column)| (field.to_owned(), column.into())).collect();
    json!({
        "is": what,
        "threshold": grader.threshold.value,
        "weight": grader.weight.value,
        "required": grader.required.value,
        "when": grader.when.iter().map(|(column, values)| (column.to_owned(), values.to_vec().into())).collect::<Columns>(),
        "on_error": grader.on_error.value.as_str(),
        "retries": grader.retries,
        "map": map,
        "second_opinion": grader.second_opinion.as_deref().map(|second| json!({(second.name.as_str()): told_grader(second)})),
    })
}

fn bounds(limits: Limits) -> Value {
    json!({"calls": limits.calls, "tokens": limits.tokens, "cost": limits.cost})
}

fn told_judge(judge: &JudgePlan) -> Value {
    let (kind, prompt) = match &judge.prompt {
        Prompt::Rubric(name) => ("rubric", name),
        Prompt::Template(template) => ("template", template),
    };
    json!({
        kind: prompt,
        "models": judge.models.value,
        "votes": judge.votes.value,
        "scale": judge.scale,
        "aggregate": judge.aggregate.map(VoteCount::as_str),
        "quorum": judge.quorum,
        "early_stop": judge.early_stop,
        "rubrics": judge.rubrics,
        "mode": judge.mode.map(|mode| match mode {
            JudgeMode::Pointwise => "pointwise",
            JudgeMode::Listwise => "listwise",
        }),
        "temperature": judge.temperature,
        "max_tokens": judge.max_tokens,
        "seed": judge.seed,
    })
}

fn told_model(model: &ModelPlan) -> Value {
    let mut endpoints: Vec<_> =
        model.endpoints.iter().map(|endpoint| (shown(&endpoint.base_url), endpoint.model.as_deref())).collect();
    // Their order and weights decide nothing.
    endpoints.sort_unstable();
    let place = if endpoints.is_empty() { json!(shown(&model.base_url.value)) } else { json!(endpoints) };
    json!({
        "base_url": place,
        "model": model.model.value,
        "body": model.body,
    })
}

/// An address without what may hold a key: no user, password, query or fragment.
pub(in crate::cli) fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
            let host = host.rsplit('@').next().unwrap_or_default();
            let path = path.map(|path| format!("/{path}")).unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => url.to_owned(),
    }
}

fn told_regrade(regrade: &RegradePlan) -> Value {
    json!({"final": told_final(regrade.final_judge.as_deref()), "seed": regrade.seed.value})
}

fn told_final(judge: Option<&GraderPlan>) -> Option<Value> {
    judge.map(|judge| json!({(judge.name.as_str()): told_grader(judge)}))
}

fn told_refine(refine: &RefinePlan) -> Value {
    json!({
        "writer": refine.writer.value,
        "rounds": refine.rounds.value,
        "candidates": refine.candidates.value,
        "patience": refine.patience.value,
        "temperature": refine.temperatures,
        "history": refine.history.value,
        "final": told_final(refine.final_judge.as_deref()),
        "max_tokens": refine.max_tokens,
        "seed": refine.seed.value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_a_key() {
        assert_eq!(shown("https://user:hush@h:1/v1?key=hush#x"), "https://h:1/v1");
        assert_eq!(shown("http://127.0.0.1:8080/v1"), "http://127.0.0.1:8080/v1");
        assert_eq!(shown("http://h"), "http://h");
    }
}
