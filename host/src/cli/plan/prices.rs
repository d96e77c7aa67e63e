//! What a million tokens of a model cost: the user's prices, else those of a table of published ones.

use std::sync::LazyLock;

use indexmap::IndexMap;
use serde::Deserialize;

use super::{Origin, Sourced};
use crate::cli::{
    config::{ModelConfig, PricesConfig},
    failure::Failure,
};

/// Published prices with their sources.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // A table that cannot be read has no prices; a test sees to it that it can.
    toml::from_str(include_str!("prices.toml")).unwrap_or_default()
});

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    provider: Vec<Provider>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Provider {
    name: String,
    hosts: Vec<String>,
    /// For whoever checks the table.
    #[expect(dead_code, reason = "the table says where its numbers come from")]
    source: String,
    date: String,
    models: IndexMap<String, Published>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Published {
    prompt: f64,
    cached_prompt: Option<f64>,
    completion: f64,
    /// Dated names of the same model.
    #[serde(default)]
    also: Vec<String>,
}

/// The prices of a model whose calls go to `base_url`, or to the endpoints of its table.
pub(super) fn of(name: &str, config: &ModelConfig, base_url: &str) -> Result<Option<Sourced<PricesConfig>>, Failure> {
    if let Some(prices) = config.prices {
        let all = [Some(prices.prompt), Some(prices.completion), prices.cached_prompt];
        if let Some(wrong) = all.into_iter().flatten().find(|price| !price.is_finite() || *price < 0.0) {
            let failure = Failure::new(format!("`prices` in [models.{name}] has {wrong}"));
            return Err(failure.hint("a price is a number, zero or more, for a million tokens"));
        }
        return Ok(Some(Sourced::file(prices)));
    }
    let id = config.model.as_deref().unwrap_or(name);
    let several = config.endpoints.iter();
    let mut places: Vec<(&str, &str)> =
        several.map(|endpoint| (endpoint.base_url.as_str(), endpoint.model.as_deref().unwrap_or(id))).collect();
    if places.is_empty() {
        places.push((base_url, id));
    }
    let mut found = places.into_iter().map(|(url, id)| published(url, id));
    // Endpoints that charge differently have no one price.
    let Some(first) = found.next().flatten() else { return Ok(None) };
    Ok(found.all(|other| other.as_ref().is_some_and(|other| other.value == first.value)).then_some(first))
}

fn published(url: &str, id: &str) -> Option<Sourced<PricesConfig>> {
    let host = host_of(url)?;
    let provider = TABLE.provider.iter().find(|provider| provider.hosts.contains(&host))?;
    let is_it = |(name, model): &(&String, &Published)| *name == id || model.also.iter().any(|also| also == id);
    let (_, model) = provider.models.iter().find(is_it)?;
    let Published { prompt, cached_prompt, completion, .. } = *model;
    let origin = Origin::Published(format!("US dollars, published by {}, as of {}", provider.name, provider.date));
    Some(Sourced { value: PricesConfig { prompt, completion, cached_prompt }, origin })
}

/// The host of a URL, in lower case.
fn host_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit('@').next()?;
    Some(place.split(':').next()?.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::config::EndpointConfig;

    const OPENAI: &str = "https://api.openai.com/v1";

    fn prices(name: &str, url: &str) -> Option<(f64, f64)> {
        let sourced = of(name, &ModelConfig::default(), url).ok().flatten()?;
        Some((sourced.value.prompt, sourced.value.completion))
    }

    #[test]
    fn the_table_can_be_read_and_says_where_its_numbers_come_from() {
        let table: Table = toml::from_str(include_str!("prices.toml")).unwrap();
        assert!(table.provider.len() >= 3);
        for provider in &table.provider {
            assert!(provider.date.len() == 10 && !provider.hosts.is_empty(), "{}", provider.name);
            for (name, model) in &provider.models {
                let cached = model.cached_prompt.unwrap_or(0.0);
                assert!(0.0 < model.prompt && model.prompt < model.completion && cached < model.prompt, "{name}");
            }
        }
    }

    #[test]
    fn only_a_known_model_at_its_providers_own_address_has_a_price() {
        assert_eq!(prices("gpt-4.1-mini", OPENAI), Some((0.4, 1.6)));
        assert_eq!(prices("gpt-4.1-mini-2025-04-14", "https://API.openai.com:443/v1"), Some((0.4, 1.6)));
        for (name, url) in [
            ("gpt-4.1-mini", "http://127.0.0.1:8080/v1"),
            ("gpt-4.1-mini", "https://api.openai.com.example.com/v1"),
            ("gpt-4.1-mini-2031-01-01", OPENAI),
            ("gpt-4.1-minim", OPENAI),
            ("ft:gpt-4.1-mini:org", OPENAI),
            ("gpt-4o-2024-05-13", OPENAI),
            ("claude-opus-5", OPENAI),
            ("gpt-4.1-mini", "nowhere"),
        ] {
            assert_eq!(prices(name, url), None, "{name} at {url}");
        }
    }

    #[test]
    fn endpoints_that_charge_differently_have_no_price_together() {
        let endpoint = |base_url: &str| EndpointConfig { base_url: base_url.to_owned(), ..EndpointConfig::default() };
        let of_both = |other: &str| {
            let endpoints = vec![endpoint(OPENAI), endpoint(other)];
            of("gpt-5", &ModelConfig { endpoints, ..ModelConfig::default() }, OPENAI).ok().flatten()
        };
        assert!(of_both(OPENAI).is_some());
        assert!(of_both("http://127.0.0.1:8080/v1").is_none());
    }
}
