//! The graders of a run: which are chosen, and what each of them is.

use serde_json::Value;

use super::{
    GraderPlan, GrantsPlan, JudgePlan, Known, Origin, Prompt, Sourced, What, budget,
    known::{unknown, unknown_of},
    models::Models,
};
use crate::{
    cli::{
        args::{GraderArg, Selection},
        config::{Config, ErrorPolicy, GraderConfig, JudgeMode},
        failure::Failure,
    },
    fields::FieldMap,
    panel::Condition,
    sample::Columns,
};

/// A grader that was selected, before it is known what it is.
pub(super) struct Chosen {
    name: String,
    config: GraderConfig,
    /// Parameters of the command line, over those of the file.
    params: Columns,
}

/// The graders of the command line, else all of the file but those that only give second opinions.
pub(super) fn choose(selection: &Selection, config: &Config, known: Known<'_>) -> Result<Vec<Chosen>, Failure> {
    if selection.grader.is_empty() {
        if config.graders.is_empty() {
            let failure = Failure::new("no grader is selected, neither with -g nor in a configuration file");
            return Err(failure.hint(format!("select some with -g NAME; {}", known.list())));
        }
        let of_others = |name: &String| {
            let is_opinion = |(other, grader): (&String, &GraderConfig)| {
                other != name && grader.second_opinion.as_ref() == Some(name)
            };
            config.refine.final_judge.as_ref() == Some(name) || config.graders.iter().any(is_opinion)
        };
        let own = config.graders.keys().filter(|name| !of_others(name));
        let chosen: Vec<Chosen> = own.map(|name| Chosen::of_file(name, Columns::new(), config)).collect();
        if chosen.is_empty() {
            return Err(Failure::new(
                "the graders of the configuration file are all second opinions of each other, or the final judge",
            )
            .hint("name a grader with -g, or remove a `second_opinion` or `final`"));
        }
        return Ok(chosen);
    }
    let mut names = Vec::new();
    for GraderArg { name, .. } in &selection.grader {
        if names.contains(&name) {
            let failure = Failure::new(format!("the grader `{name}` is selected twice"));
            return Err(failure.hint(
                "to use one component twice, give each a name of its own in gradebox.toml, with `component = \"…\"`",
            ));
        }
        let is_known = config.graders.contains_key(name) || known.contains(name);
        if !is_known {
            return Err(unknown("grader", name, known, config.graders.keys().map(String::as_str)));
        }
        names.push(name);
    }
    Ok(selection.grader.iter().map(|grader| Chosen::of_file(&grader.name, grader.params.clone(), config)).collect())
}

impl Chosen {
    fn of_file(name: &str, params: Columns, config: &Config) -> Self {
        Self { name: name.to_owned(), config: config.graders.get(name).cloned().unwrap_or_default(), params }
    }

    pub(super) fn resolve(
        self,
        threshold: Option<f64>,
        map: &FieldMap,
        models: &mut Models<'_>,
        config: &Config,
        known: Known<'_>,
    ) -> Result<GraderPlan, Failure> {
        let second_opinion = match self.second_opinion(config, known)? {
            Some(second) => Some(Box::new(second.resolve(threshold, map, models, config, known)?)),
            None => None,
        };
        let what = self.what(models, known)?;
        let default = if what.is_opinion() { 0.7 } else { 1.0 };
        let threshold = match (self.config.threshold, threshold) {
            (Some(own), _) => Sourced::file(own),
            (None, Some(common)) => Sourced::option(common, "--threshold"),
            (None, None) => Sourced::standard(default),
        };
        let weight = Sourced::first(None, "", self.config.weight, 1.0);
        if !(0.0..=1.0).contains(&threshold.value) {
            return Err(self.bad("threshold", threshold.value, "a number from 0 to 1"));
        }
        if !weight.value.is_finite() || weight.value < 0.0 {
            return Err(self.bad("weight", weight.value, "a number, zero or more"));
        }
        let on_error = Sourced::first(None, "", self.config.on_error, ErrorPolicy::Fail);
        let own_map = FieldMap::new(self.config.map.clone());
        Ok(GraderPlan {
            retries: self.retries(on_error.value)?,
            on_error,
            when: self.condition()?,
            what,
            threshold,
            weight,
            required: Sourced::first(None, "", self.config.required, true),
            map: map.overlaid(&own_map),
            name: self.name,
            second_opinion,
        })
    }

    /// The rows that the grader concerns.
    fn condition(&self) -> Result<Condition, Failure> {
        let mut columns = Vec::new();
        for (column, wanted) in &self.config.when {
            let values = match wanted {
                Value::Array(values) => values.clone(),
                one => vec![one.clone()],
            };
            if values.is_empty() || values.iter().any(|value| value.is_array() || value.is_object()) {
                let failure = Failure::new(format!("`when` in [graders.{}] has no value for `{column}`", self.name));
                return Err(failure.hint(format!("write `when = {{ {column} = \"…\" }}`, or a list of such values")));
            }
            columns.push((column.clone(), values));
        }
        Ok(Condition::new(columns))
    }

    /// How often a row is graded again; a key of one policy only.
    fn retries(&self, policy: ErrorPolicy) -> Result<u32, Failure> {
        match self.config.retries {
            None => Ok(2),
            Some(_) if policy != ErrorPolicy::Retry => {
                let failure = Failure::new(format!("`retries` in [graders.{}] says nothing there", self.name));
                Err(failure.hint("write `on_error = \"retry\"` beside it, or remove it"))
            }
            Some(retries) if (1..=10).contains(&retries) => Ok(retries),
            Some(retries) => Err(self.bad("retries", f64::from(retries), "from 1 to 10")),
        }
    }

    /// The grader that is asked where this one is undecided.
    fn second_opinion(&self, config: &Config, known: Known<'_>) -> Result<Option<Self>, Failure> {
        let Some(name) = &self.config.second_opinion else { return Ok(None) };
        if *name == self.name {
            let failure = Failure::new(format!("the second opinion of `{name}` is to be its own"));
            return Err(failure.hint(format!("name another grader in `second_opinion` of [graders.{name}]")));
        }
        if !config.graders.contains_key(name) && !known.contains(name) {
            return Err(unknown("grader", name, known, config.graders.keys().map(String::as_str)).within(&self.name));
        }
        let second = Self::of_file(name, Columns::new(), config);
        if second.config.second_opinion.is_some() {
            let failure = Failure::new(format!("`{name}` gives `{}` a second opinion and wants one itself", self.name));
            return Err(failure.hint(format!("there is no third: remove `second_opinion` from [graders.{name}]")));
        }
        Ok(Some(second))
    }

    fn what(&self, models: &mut Models<'_>, known: Known<'_>) -> Result<What, Failure> {
        let config = &self.config;
        match (&config.component, &config.judge, &config.template) {
            (Some(component), None, None) => self.component(component, models, known),
            (None, Some(rubric), None) => {
                if known.rubrics.contains(&rubric.as_str()) {
                    return self.judge(Prompt::Rubric(rubric.clone()), models);
                }
                Err(unknown_of("rubric", rubric, known.rubrics).within(&self.name))
            }
            (None, None, Some(template)) => self.judge(Prompt::Template(template.clone()), models),
            (None, None, None) if known.components.contains(&self.name.as_str()) => {
                self.component(&self.name, models, known)
            }
            (None, None, None) if known.rubrics.contains(&self.name.as_str()) => {
                self.judge(Prompt::Rubric(self.name.clone()), models)
            }
            (None, None, None) => {
                let failure = unknown("grader", &self.name, known, std::iter::empty());
                Err(failure.within(&self.name))
            }
            _ => Err(Failure::new(format!(
                "[graders.{}] is more than one of `component`, `judge` and `template`; keep the one that it is",
                self.name
            ))),
        }
    }

    fn component(&self, name: &str, models: &mut Models<'_>, known: Known<'_>) -> Result<What, Failure> {
        if !known.components.contains(&name) {
            return Err(unknown_of("component", name, known.components).within(&self.name));
        }
        if let Some(key) = self.judge_key() {
            let failure = Failure::new(format!(
                "`{key}` in [graders.{}] is of judges only, and `{name}` is a component",
                self.name
            ));
            return Err(failure.hint("what a component can be told stands in `params`"));
        }
        let mut params = self.config.params.clone();
        params.extend(self.params.clone());
        Ok(What::Component { name: name.to_owned(), params, grants: self.grants(models)? })
    }

    /// What the file grants to a component, with the models that it names.
    fn grants(&self, models: &mut Models<'_>) -> Result<GrantsPlan, Failure> {
        let config = &self.config;
        let place = |key: &str| format!("`{key}` in [graders.{}]", self.name);
        let is_bounded = config.budget.is_some() || config.budget_per_grade.is_some();
        if is_bounded && config.roles.is_empty() {
            let failure = Failure::new(format!("[graders.{}] has a budget, and no `roles` to spend it on", self.name));
            return Err(failure.hint("add `roles = { ROLE = \"MODEL\" }`, or remove the budget"));
        }
        for model in config.roles.values() {
            models.of_component(model).map_err(|failure| failure.within(&self.name))?;
        }
        Ok(GrantsPlan {
            programs: Sourced::first(None, "", config.programs, true),
            models: config.roles.iter().map(|(role, model)| (role.clone(), model.clone())).collect(),
            budget: budget(config.budget.as_ref(), &place("budget"))?,
            budget_per_grade: budget(config.budget_per_grade.as_ref(), &place("budget_per_grade"))?,
        })
    }

    /// A key that has a meaning for judges only.
    fn judge_key(&self) -> Option<&'static str> {
        let config = &self.config;
        let keys = [
            ("model", config.model.is_some()),
            ("models", !config.models.is_empty()),
            ("votes", config.votes.is_some()),
            ("quorum", config.quorum.is_some()),
            ("early_stop", config.early_stop.is_some()),
            ("scale", config.scale.is_some()),
            ("aggregate", config.aggregate.is_some()),
            ("rubrics", !config.rubrics.is_empty()),
            ("mode", config.mode.is_some()),
            ("temperature", config.temperature.is_some()),
            ("max_tokens", config.max_tokens.is_some()),
        ];
        keys.into_iter().find_map(|(key, is_set)| is_set.then_some(key))
    }

    /// A key that has a meaning for components only, `params` apart.
    fn component_key(&self) -> Option<&'static str> {
        let config = &self.config;
        let keys = [
            ("programs", config.programs.is_some()),
            ("roles", !config.roles.is_empty()),
            ("budget", config.budget.is_some()),
            ("budget_per_grade", config.budget_per_grade.is_some()),
        ];
        keys.into_iter().find_map(|(key, is_set)| is_set.then_some(key))
    }

    fn judge(&self, prompt: Prompt, models: &mut Models<'_>) -> Result<What, Failure> {
        if let Some(key) = self.component_key() {
            let failure =
                Failure::new(format!("`{key}` in [graders.{}] is of components only, and this is a judge", self.name));
            return Err(failure.hint("`model` names what a judge asks; `budget` in [refine] bounds the whole run"));
        }
        if !self.params.is_empty() || !self.config.params.is_empty() {
            let failure = Failure::new(format!("the judge `{}` has no parameters", self.name));
            return Err(
                failure.hint("write what it shall do differently in gradebox.toml: votes, scale, template, model")
            );
        }
        let votes = Sourced::first(None, "", self.config.votes, 1);
        if votes.value == 0 {
            return Err(self.bad("votes", 0.0, "one or more"));
        }
        Ok(What::Judge(JudgePlan {
            prompt,
            models: self.models(models)?,
            votes,
            quorum: self.config.quorum,
            early_stop: self.config.early_stop.unwrap_or(true),
            scale: self.config.scale,
            aggregate: self.config.aggregate,
            rubrics: self.config.rubrics.clone(),
            mode: self.config.mode,
            temperature: self.config.temperature,
            max_tokens: self.config.max_tokens,
            seed: 0,
        }))
    }

    /// The models of a judge.
    fn models(&self, models: &mut Models<'_>) -> Result<Sourced<Vec<String>>, Failure> {
        let several = &self.config.models;
        if several.is_empty() {
            let one = models.of_judge(&self.name, self.config.model.as_deref())?;
            return Ok(Sourced { value: vec![one.value], origin: one.origin });
        }
        if self.config.model.is_some() {
            let failure = Failure::new(format!("[graders.{}] has both `model` and `models`", self.name));
            return Err(failure.hint("keep `models`, with all that shall vote"));
        }
        for (index, name) in several.iter().enumerate() {
            if several.iter().take(index).any(|before| before == name) {
                let failure = Failure::new(format!("`models` in [graders.{}] has `{name}` twice", self.name));
                return Err(failure.hint("`votes` asks each model more than once"));
            }
            models.of_judge(&self.name, Some(name))?;
        }
        Ok(Sourced::file(several.clone()))
    }

    fn bad(&self, key: &str, value: f64, wanted: &str) -> Failure {
        Failure::new(format!("`{key}` in [graders.{}] is {value}; it must be {wanted}", self.name))
    }
}

/// The judge that chooses at the end. Unless the file says otherwise, each of its models is asked twice, with one order
/// and the reverse, and both must answer; a rubric orders responses.
pub(super) fn final_judge(
    seed: u64,
    map: &FieldMap,
    models: &mut Models<'_>,
    config: &Config,
    known: Known<'_>,
) -> Result<Option<GraderPlan>, Failure> {
    let Some(name) = &config.refine.final_judge else { return Ok(None) };
    if !config.graders.contains_key(name) && !known.contains(name) {
        return Err(unknown("final judge", name, known, config.graders.keys().map(String::as_str)));
    }
    let mut grader = Chosen::of_file(name, Columns::new(), config).resolve(None, map, models, config, known)?;
    if let What::Judge(judge) = &mut grader.what {
        if judge.votes.origin == Origin::Default {
            judge.votes.value = 2;
        }
        if matches!(judge.prompt, Prompt::Rubric(_)) {
            judge.mode.get_or_insert(JudgeMode::Listwise);
        }
        let models = u32::try_from(judge.models.value.len()).unwrap_or(u32::MAX);
        judge.quorum.get_or_insert(judge.votes.value.saturating_mul(models));
        judge.seed = seed;
    }
    Ok(Some(grader))
}
