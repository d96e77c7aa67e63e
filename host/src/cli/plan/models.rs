//! Which model is meant, where it is, and whose key opens it.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use indexmap::IndexMap;

use super::{Origin, Sourced, prices};
use crate::{
    cli::{
        config::{Config, EndpointConfig, ModelConfig, PricesConfig},
        environment::Environment,
        failure::Failure,
    },
    dataset::nearest_names,
    llm::Prices,
    sample::Columns,
};

const BASE_URL: &str = "OPENAI_BASE_URL";
const API_KEY: &str = "OPENAI_API_KEY";
/// Where a key of `OPENAI_API_KEY` belongs when nothing says otherwise.
const OPENAI: &str = "https://api.openai.com/v1";

/// A model of an endpoint.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct ModelPlan {
    pub(in crate::cli) base_url: Sourced<String>,
    /// Every endpoint, where there are several; `base_url` is that of the first.
    pub(in crate::cli) endpoints: Vec<EndpointConfig>,
    /// The model's id at the endpoint.
    pub(in crate::cli) model: Sourced<String>,
    /// The variable that holds the key.
    pub(in crate::cli) api_key_env: Sourced<String>,
    pub(in crate::cli) max_concurrency: Option<usize>,
    pub(in crate::cli) requests_per_minute: Option<u32>,
    pub(in crate::cli) tokens_per_minute: Option<u32>,
    pub(in crate::cli) timeout: Option<Duration>,
    pub(in crate::cli) deadline: Option<Duration>,
    pub(in crate::cli) stream: bool,
    pub(in crate::cli) ca_file: Option<PathBuf>,
    pub(in crate::cli) max_retries: Option<u32>,
    pub(in crate::cli) header_env: BTreeMap<String, String>,
    pub(in crate::cli) query: BTreeMap<String, String>,
    pub(in crate::cli) body: Columns,
    /// `None` where they are not known.
    pub(in crate::cli) prices: Option<Sourced<PricesConfig>>,
}

impl ModelPlan {
    /// What a million tokens cost; `None` where that is not known.
    pub(in crate::cli) fn known_prices(&self) -> Option<Prices> {
        let PricesConfig { prompt, completion, cached_prompt } = self.prices.as_ref()?.value;
        Some(Prices { prompt, completion, cached_prompt })
    }
}

/// The models of a run, resolved as somebody asks for them.
pub(super) struct Models<'a> {
    config: &'a Config,
    environment: &'a Environment,
    /// `--model`.
    named: Option<&'a str>,
    /// `--base-url`.
    base_url: Option<&'a str>,
    pub(super) used: IndexMap<String, ModelPlan>,
}

impl<'a> Models<'a> {
    pub(super) fn new(
        named: Option<&'a str>,
        base_url: Option<&'a str>,
        config: &'a Config,
        environment: &'a Environment,
    ) -> Self {
        Self { config, environment, named, base_url, used: IndexMap::new() }
    }

    /// Every model that is named anywhere, and what is wrong with those that cannot be used.
    pub(super) fn all(mut self) -> (IndexMap<String, ModelPlan>, Vec<Failure>) {
        let of_option = self.named.map(str::to_owned).into_iter();
        let all: Vec<String> = of_option.chain(self.config.models.keys().cloned()).collect();
        let failures = all.iter().filter_map(|name| self.resolve(name, false).err()).collect();
        (self.used, failures)
    }

    /// The model of a judge: its own, else `--model`, else that of `refine`, else the only one there is.
    pub(super) fn of_judge(&mut self, judge: &str, own: Option<&str>) -> Result<Sourced<String>, Failure> {
        let own = own.map(|name| Sourced::file(name.to_owned()));
        let Some(name) = own.or_else(|| self.common()) else {
            let failure = Failure::new(format!("the grader `{judge}` is a judge and needs a model"));
            return Err(failure.hint(how_to_name_one()));
        };
        self.resolve(&name.value, name.origin == Origin::File)?;
        Ok(name)
    }

    /// A model that a component is granted.
    pub(super) fn of_component(&mut self, name: &str) -> Result<(), Failure> {
        self.resolve(name, true)
    }

    /// The model that writes better responses: `--model`, else that of `refine`, else the only one there is.
    pub(super) fn of_writer(&mut self) -> Result<Sourced<String>, Failure> {
        let Some(name) = self.common() else {
            return Err(Failure::new("refine needs a model that writes better responses").hint(how_to_name_one()));
        };
        self.resolve(&name.value, name.origin == Origin::File)?;
        Ok(name)
    }

    fn common(&self) -> Option<Sourced<String>> {
        if let Some(name) = self.named {
            return Some(Sourced::option(name.to_owned(), "--model"));
        }
        let of_refine = self.config.refine.model.clone().map(Sourced::file);
        of_refine.or_else(|| self.only().map(|name| Sourced::standard(name.to_owned())))
    }

    fn only(&self) -> Option<&'a str> {
        let mut names = self.config.models.keys();
        names.next().filter(|_| names.next().is_none()).map(String::as_str)
    }

    /// Puts a model among those used. A name of the file that is nearly one of its models is a slip.
    fn resolve(&mut self, name: &str, of_file: bool) -> Result<(), Failure> {
        if self.used.contains_key(name) {
            return Ok(());
        }
        let configured = self.config.models.get(name);
        let near = nearest_names(name, self.config.models.keys().map(String::as_str));
        let is_slip = configured.is_none() && of_file && !near.is_empty();
        let base_url = self.base_url(name, configured).filter(|_| !is_slip);
        let Some(base_url) = base_url else {
            return Err(self.unknown(name, configured.is_some(), &near));
        };
        let mut config = configured.cloned().unwrap_or_default();
        check_endpoints(name, &config)?;
        if base_url.origin != Origin::File {
            config.endpoints.clear();
        }
        let prices = prices::of(name, &config, &base_url.value)?;
        self.used.insert(name.to_owned(), plan(name, config, base_url, prices));
        Ok(())
    }

    fn base_url(&self, name: &str, configured: Option<&ModelConfig>) -> Option<Sourced<String>> {
        let given = self.base_url.filter(|_| self.named.is_none_or(|named| named == name));
        if let Some(url) = given {
            return Some(Sourced::option(url.to_owned(), "--base-url"));
        }
        let first = |model: &ModelConfig| model.endpoints.first().map(|endpoint| endpoint.base_url.clone());
        if let Some(url) = configured.and_then(|model| model.base_url.clone().or_else(|| first(model))) {
            return Some(Sourced::file(url));
        }
        if let Some(url) = self.environment.variable(BASE_URL) {
            return Some(Sourced { value: url.to_owned(), origin: Origin::Variable(BASE_URL) });
        }
        self.environment.variable(API_KEY).map(|_| Sourced::standard(OPENAI.to_owned()))
    }

    fn unknown(&self, name: &str, is_configured: bool, near: &[String]) -> Failure {
        if is_configured {
            return Failure::new(format!("the model `{name}` has no address"))
                .hint(format!("write `base_url` in [models.{name}], give --base-url URL, or set {BASE_URL}"));
        }
        let failure = Failure::new(format!("unknown model `{name}`"));
        let names = self.config.models.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let suggestion = match near.first() {
            Some(near) => format!("did you mean `{near}`? "),
            None => String::new(),
        };
        let configured =
            if names.is_empty() { String::new() } else { format!("the configuration has the models {names}; ") };
        failure.hint(format!(
            "{suggestion}{configured}where `{name}` is an endpoint's own model id, say which endpoint: --base-url URL, or {BASE_URL}"
        ))
    }
}

fn check_endpoints(name: &str, config: &ModelConfig) -> Result<(), Failure> {
    let place = format!("`endpoints` in [models.{name}]");
    if !config.endpoints.is_empty() && config.base_url.is_some() {
        let failure = Failure::new(format!("{place}: there is a `base_url` as well"));
        return Err(failure.hint("put it among the endpoints"));
    }
    for endpoint in &config.endpoints {
        if endpoint.base_url.is_empty() {
            return Err(Failure::new(format!("{place}: one has no `base_url`")));
        }
        if let Some(weight) = endpoint.weight.filter(|weight| *weight <= 0.0 || !weight.is_finite()) {
            return Err(Failure::new(format!("{place}: the weight {weight} is not above zero"))
                .hint("leave an endpoint out that shall not be asked"));
        }
    }
    Ok(())
}

fn how_to_name_one() -> String {
    format!(
        "--model NAME with --base-url URL (or {BASE_URL}), such as --model llama3 --base-url http://127.0.0.1:8080/v1; \
         or [models.NAME] in gradebox.toml"
    )
}

fn plan(
    name: &str,
    config: ModelConfig,
    base_url: Sourced<String>,
    prices: Option<Sourced<PricesConfig>>,
) -> ModelPlan {
    ModelPlan {
        base_url,
        endpoints: config.endpoints,
        model: match config.model {
            Some(model) => Sourced::file(model),
            None => Sourced::standard(name.to_owned()),
        },
        api_key_env: match config.api_key_env {
            Some(variable) => Sourced::file(variable),
            None => Sourced::standard(API_KEY.to_owned()),
        },
        max_concurrency: config.max_concurrency,
        requests_per_minute: config.requests_per_minute,
        tokens_per_minute: config.tokens_per_minute,
        timeout: config.timeout,
        deadline: config.deadline,
        stream: config.stream,
        ca_file: config.ca_file,
        max_retries: config.max_retries,
        header_env: config.header_env,
        query: config.query,
        body: config.body,
        prices,
    }
}
