//! Where a chat model is and how it may be used: settings, checked before the first call.

use std::{fmt, net::IpAddr, path::PathBuf, time::Duration};

use reqwest::Url;
use serde_json::Value;

use super::call::as_number;
use crate::{budget::Budget, sample::Columns, traffic::Traffic};

/// A key or another value that must not be shown; its `Debug` hides it and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text without surrounding blanks; `None` where nothing is left, as local servers want no key.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a million tokens cost, in the currency of the price table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    pub prompt: f64,
    pub completion: f64,
    /// Of prompt tokens that the endpoint had in its own cache; `prompt` without it.
    pub cached_prompt: Option<f64>,
}

impl Prices {
    /// What so many tokens cost; `cached` are among those of the prompt.
    pub fn cost(self, prompt: u64, cached: u64, completion: u64) -> f64 {
        let cached = cached.min(prompt);
        let of_cache = as_number(cached) * self.cached_prompt.unwrap_or(self.prompt);
        (as_number(prompt - cached) * self.prompt + of_cache + as_number(completion) * self.completion) / 1e6
    }
}

/// An OpenAI-compatible chat endpoint and one model of it.
#[derive(Clone)]
pub struct Endpoint {
    /// The model's name in the configuration, for messages.
    pub name: String,
    /// Such as `http://127.0.0.1:8080/v1`; a full `…/chat/completions` is taken as it is.
    pub base_url: String,
    /// The model's id at the endpoint.
    pub model: String,
    pub api_key: Option<Secret>,
    /// The variable that the key comes from, to name it where the endpoint wants another key.
    pub api_key_env: Option<String>,
    /// For one attempt, from the connection to the last byte of the reply; of a streaming one, for each wait between
    /// two pieces.
    pub timeout: Duration,
    /// The reply shall come in pieces as it is written.
    pub stream: bool,
    /// Certificates in PEM form that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
    pub connect_timeout: Duration,
    /// For one call with all its attempts and the waits between them; waiting for a turn does not count.
    pub deadline: Duration,
    /// Attempts after the first.
    pub max_retries: u32,
    /// Calls under way at the same time, at most; fewer while the endpoint is overloaded.
    pub max_concurrency: usize,
    pub requests_per_minute: Option<u32>,
    /// Prompt and completion together; estimated before a call, corrected after it.
    pub tokens_per_minute: Option<u32>,
    /// Further request headers, such as Azure's `api-key`.
    pub headers: Vec<(String, Secret)>,
    /// Further query parameters, such as Azure's `api-version`.
    pub query: Vec<(String, String)>,
    /// Further members of every request body, before those of the request itself; a null removes a member.
    pub body: Columns,
    pub prices: Option<Prices>,
    /// What the calls of the run may use.
    pub budget: Budget,
    /// Where the calls of the run are counted.
    pub traffic: Traffic,
}

impl Endpoint {
    pub fn new(name: impl Into<String>, base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            base_url: base_url.into(),
            model: model.into(),
            api_key: None,
            api_key_env: None,
            timeout: Duration::from_mins(5),
            stream: false,
            ca_file: None,
            connect_timeout: Duration::from_secs(10),
            deadline: Duration::from_mins(15),
            max_retries: 4,
            max_concurrency: 16,
            requests_per_minute: None,
            tokens_per_minute: None,
            headers: Vec::new(),
            query: Vec::new(),
            body: Columns::new(),
            prices: None,
            budget: Budget::default(),
            traffic: Traffic::default(),
        }
    }

    /// What tells this model from others: its address without secrets, its id, and what is added to every request.
    pub fn identity(&self) -> String {
        let url = self.chat_url().map_or_else(|_| self.base_url.clone(), |url| shown(&url));
        format!("{url}\n{}\n{}", self.model, Value::Object(self.body.clone()))
    }

    /// What must appear nowhere. Shorter ones than four bytes are words, and would garble whatever has them.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let all = self.api_key.iter().chain(self.headers.iter().map(|(_, value)| value));
        all.map(Secret::reveal).filter(|secret| secret.len() >= 4)
    }

    /// The address of chat completions, whichever way the base URL was written.
    pub(super) fn chat_url(&self) -> Result<Url, EndpointError> {
        let bad = |problem: String| EndpointError::BaseUrl { name: self.name.clone(), problem };
        let text = self.base_url.trim();
        let hint = "write it like http://127.0.0.1:8080/v1";
        if !text.contains("://") {
            return Err(bad(format!("it does not begin with http:// or https://; {hint}")));
        }
        let mut url = Url::parse(text).map_err(|error| bad(format!("{error}; {hint}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad(format!("`{}` is neither http nor https; {hint}", url.scheme())));
        }
        let mut path: Vec<&str> = url.path().split('/').filter(|segment| !segment.is_empty()).collect();
        if !path.ends_with(&["chat", "completions"]) {
            path.extend(["chat", "completions"]);
        }
        let path = format!("/{}", path.join("/"));
        url.set_path(&path);
        url.set_fragment(None);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.chat_url().map_or_else(|_| "not a URL".to_owned(), |url| shown(&url));
        f.debug_struct("Endpoint")
            .field("name", &self.name)
            .field("url", &url)
            .field("model", &self.model)
            .field("api_key", &self.api_key)
            .finish_non_exhaustive()
    }
}

/// A URL without what may hold a key: no user, password, query or fragment.
pub(super) fn shown(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

/// Whether the host is this machine, which no proxy can reach for us.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match address {
        Ok(address) => address.is_loopback() || address.is_unspecified(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Why an endpoint cannot be used as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("model `{name}`: bad base_url: {problem}")]
    BaseUrl { name: String, problem: String },
    #[error("model `{name}`: bad header `{header}`: {problem}")]
    Header { name: String, header: String, problem: String },
    #[error("model `{name}`: bad {key}: it must be at least 1")]
    Zero { name: String, key: &'static str },
    #[error("model `{name}`: bad ca_file {}: {problem}", path.display())]
    Authorities { name: String, path: PathBuf, problem: String },
    /// No HTTP client could be made, for want of certificates, for instance.
    #[error("model `{name}`: cannot set up HTTP: {problem}")]
    Client { name: String, problem: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str) -> String {
        Endpoint::new("m", base, "id").chat_url().map_or_else(|error| error.to_string(), |url| url.to_string())
    }

    #[test]
    fn every_way_to_write_a_base_url_ends_at_chat_completions() {
        for (base, expected) in [
            ("http://h:1/v1", "http://h:1/v1/chat/completions"),
            (" http://h:1/v1/ ", "http://h:1/v1/chat/completions"),
            ("http://h:1//v1//", "http://h:1/v1/chat/completions"),
            ("http://h:1", "http://h:1/chat/completions"),
            ("https://h/openai/v1", "https://h/openai/v1/chat/completions"),
            ("https://h/compatible-mode/v1/chat/completions/", "https://h/compatible-mode/v1/chat/completions"),
            ("https://h/d/gpt?api-version=2", "https://h/d/gpt/chat/completions?api-version=2"),
        ] {
            assert_eq!(url(base), expected, "{base}");
        }
    }

    #[test]
    fn what_is_no_http_url_is_refused_with_an_example() {
        for base in ["127.0.0.1:8080/v1", "ftp://h/v1", "http://", ""] {
            let message = url(base);
            assert!(
                message.starts_with("model `m`: bad base_url: ") && message.ends_with("8080/v1"),
                "{base}: {message}"
            );
        }
    }

    #[test]
    fn query_parameters_are_added_to_those_of_the_url() {
        let mut endpoint = Endpoint::new("m", "https://h/v1?a=1", "id");
        endpoint.query = vec![("b".to_owned(), "2 3".to_owned())];
        assert_eq!(endpoint.chat_url().unwrap().as_str(), "https://h/v1/chat/completions?a=1&b=2+3");
    }

    #[test]
    fn neither_debug_nor_the_shown_url_holds_a_secret() {
        let mut endpoint = Endpoint::new("m", "https://user:hush@h/v1?key=hush", "id");
        endpoint.api_key = Secret::new("hush");
        endpoint.headers = vec![("api-key".to_owned(), Secret::new("hush").unwrap())];
        assert!(!format!("{endpoint:?}").contains("hush"), "{endpoint:?}");
        assert_eq!(shown(&endpoint.chat_url().unwrap()), "https://h/v1/chat/completions");
    }

    #[test]
    fn a_blank_key_is_no_key() {
        assert_eq!(Secret::new(" \n"), None);
        assert_eq!(Secret::new(" k\n").unwrap().reveal(), "k");
    }

    #[test]
    fn loopback_hosts_are_known_by_name_and_by_address() {
        for (base, expected) in [
            ("http://localhost:1", true),
            ("http://api.localhost", true),
            ("http://127.0.0.2", true),
            ("http://[::1]:8080", true),
            ("http://0.0.0.0:1", true),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&Endpoint::new("m", base, "id").chat_url().unwrap()), expected, "{base}");
        }
    }
}
