//! The HTTP side of a call: sends, reads, waits; what comes next is decided in `call`.

use std::{
    error::Error,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use reqwest::{
    Certificate, Client, Response, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    redirect::Policy,
};
use tokio::time::{Instant, sleep, timeout};

use super::{
    call::{Breakage, Call, Exchange, Stage, Step, as_number},
    dialect::Dialect,
    endpoint::{Endpoint, EndpointError, Secret, is_loopback, shown},
    rate::Pace,
    request,
    retry::Hints,
    slots::{Concurrency, Slots},
    stream::{Assembly, Progress},
};
use crate::{
    budget::{Charge, Exhausted, Reservation},
    model::{ChatModel, Completion, ModelError, Request, Usage},
};

/// No completion is longer than this.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// In a stream, each token comes with some hundred bytes around it.
const STREAM_LIMIT: usize = 16 * BODY_LIMIT;

/// Shorter than the keep-alive of common servers, so that no request goes out on a connection about to be closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// A chat model behind an OpenAI-compatible endpoint. Calls share its connections, its pace and what it has learnt
/// of the endpoint.
#[derive(Debug)]
pub struct EndpointModel {
    endpoint: Endpoint,
    client: Client,
    url: Url,
    shown_url: String,
    slots: Slots,
    pace: Pace,
    dialect: Mutex<Dialect>,
}

impl Endpoint {
    /// Checks the settings and makes the model; sends nothing.
    pub fn connect(self) -> Result<EndpointModel, EndpointError> {
        let zero = |key| EndpointError::Zero { name: self.name.clone(), key };
        if self.max_concurrency == 0 {
            return Err(zero("max_concurrency"));
        }
        if self.requests_per_minute == Some(0) {
            return Err(zero("requests_per_minute"));
        }
        if self.tokens_per_minute == Some(0) {
            return Err(zero("tokens_per_minute"));
        }
        let url = self.chat_url()?;
        let client = client(&self, &url)?;
        Ok(EndpointModel {
            shown_url: shown(&url),
            slots: Slots::new(self.max_concurrency),
            pace: Pace::new(self.requests_per_minute, self.tokens_per_minute, Instant::now()),
            dialect: Mutex::default(),
            endpoint: self,
            client,
            url,
        })
    }
}

#[async_trait]
impl ChatModel for EndpointModel {
    fn name(&self) -> &str {
        &self.endpoint.name
    }

    async fn complete(&self, request: &Request) -> (Result<Completion, ModelError>, Usage) {
        self.ask(request, self.endpoint.max_retries).await
    }

    fn worst_case(&self, request: &Request) -> Charge {
        let (prompt, completion) = request::most_tokens(request);
        let cost = self.endpoint.prices.map_or(0.0, |prices| prices.cost(prompt, 0, completion));
        Charge { calls: 1, tokens: prompt.saturating_add(completion), cost }
    }
}

impl EndpointModel {
    /// One call with up to so many further attempts.
    pub(super) async fn ask(&self, request: &Request, max_retries: u32) -> (Result<Completion, ModelError>, Usage) {
        let Ok(_slot) = self.slots.take().await else {
            return (Err(ModelError::Unavailable("the model was closed".to_owned())), Usage::default());
        };
        let estimate = request::estimated_tokens(request);
        self.pace.turn(estimate).await;
        let worst = self.worst_case(request);
        let mut call = Call::new(&self.endpoint, &self.shown_url, request, self.learnt(), Instant::now());
        call.max_retries = max_retries;
        let mut is_repeated = false;
        loop {
            let before = call.usage;
            let reservation = match self.endpoint.budget.reserve(worst).await {
                Ok(reservation) => reservation,
                Err(error) => return (Err(over_budget(&error)), call.usage),
            };
            let began = Instant::now();
            let in_flight = self.endpoint.traffic.sent(is_repeated);
            let exchange = self.exchange(&call).await;
            drop(in_flight);
            is_repeated = true;
            self.adapt(&exchange, began);
            let was_sent = !matches!(&exchange, Exchange::Broken(breakage) if breakage.stage == Stage::Connect);
            let may_cost = was_sent && exchange.may_cost();
            let step = call.next(exchange, Instant::now(), rand::random());
            self.endpoint.traffic.used(used_since(before, call.usage));
            let used = tokens_used(before, call.usage);
            if let Some(used) = used {
                self.pace.settle(estimate, used);
            }
            settle(reservation, was_sent, may_cost, used, cost_of(before, call.usage));
            match step {
                Step::Done(result) => {
                    if result.is_ok() {
                        self.learn(call.dialect);
                    }
                    return (result, call.usage);
                }
                Step::Again { wait, asked } => {
                    if asked {
                        self.pace.pause(Instant::now() + wait);
                    }
                    sleep(wait).await;
                    self.pace.turn(estimate).await;
                }
            }
        }
    }
}

fn over_budget(error: &Exhausted) -> ModelError {
    ModelError::Budget(error.to_string())
}

/// Ends a reservation with what the request used, the worst where that is not known.
fn settle(reservation: Reservation, was_sent: bool, may_cost: bool, tokens: Option<f64>, cost: Option<f64>) {
    let worst = reservation.worst();
    let used = if !was_sent {
        Charge::default()
    } else if !may_cost {
        Charge { calls: 1, ..Charge::default() }
    } else {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of token counts")]
        let tokens = tokens.map_or(worst.tokens, |tokens| tokens as u64);
        Charge { calls: 1, tokens, cost: cost.unwrap_or(worst.cost) }
    };
    reservation.settle(used);
}

fn cost_of(before: Usage, after: Usage) -> Option<f64> {
    (after.calls > before.calls).then_some(())?;
    Some(after.cost? - if before.calls == 0 { 0.0 } else { before.cost? })
}

/// What was used between two moments of a call; what was unknown before is unknown.
fn used_since(before: Usage, after: Usage) -> Usage {
    let since = |before_it: Option<u64>, after_it: Option<u64>| {
        Some(after_it?.saturating_sub(if before.calls == 0 { 0 } else { before_it? }))
    };
    Usage {
        calls: after.calls.saturating_sub(before.calls),
        prompt_tokens: since(before.prompt_tokens, after.prompt_tokens),
        completion_tokens: since(before.completion_tokens, after.completion_tokens),
        cost: cost_of(before, after),
    }
}

impl EndpointModel {
    /// Where it is, without secrets.
    pub(super) fn url(&self) -> &str {
        &self.shown_url
    }

    pub(super) fn max_retries(&self) -> u32 {
        self.endpoint.max_retries
    }

    /// How many calls the endpoint was found to bear.
    pub fn concurrency(&self) -> Concurrency {
        self.slots.concurrency()
    }

    async fn exchange(&self, call: &Call<'_>) -> Exchange {
        let body = request::body(&self.endpoint, &call.request, call.dialect);
        let left = call.deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        // A streaming reply may take as long as it likes, as long as its pieces come.
        let (whole, piece) =
            if self.endpoint.stream { (left, self.endpoint.timeout) } else { (self.endpoint.timeout.min(left), left) };
        let sent = self.client.post(self.url.clone()).timeout(whole).json(&body).send();
        match timeout(piece, sent).await {
            Ok(Ok(response)) => self.without_secrets(read(response, piece).await),
            Ok(Err(error)) => {
                let stage = if error.is_connect() { Stage::Connect } else { Stage::Request };
                Exchange::Broken(breakage(stage, error))
            }
            Err(_) => Exchange::Broken(silence(piece)),
        }
    }

    /// Cuts out of an answer what the endpoint repeats of our keys, before anything is quoted or kept.
    fn without_secrets(&self, exchange: Exchange) -> Exchange {
        let Exchange::Answered { status, hints, body } = exchange else { return exchange };
        let body = self.endpoint.secrets().fold(body, |body, secret| without(body, secret.as_bytes()));
        Exchange::Answered { status, hints, body }
    }

    /// Learns from an attempt how many calls the endpoint bears.
    fn adapt(&self, exchange: &Exchange, began: Instant) {
        let now = Instant::now();
        match exchange {
            Exchange::Answered { status: 200..=299, .. } => self.slots.answered(began, now),
            Exchange::Answered { status: 429 | 503 | 529, .. }
            | Exchange::Broken(Breakage { stage: Stage::Timeout, .. }) => self.slots.overloaded(began, now),
            _ => {}
        }
        if matches!(exchange, Exchange::Answered { status: 429, .. }) {
            self.endpoint.traffic.rate_limited();
        }
    }

    fn learnt(&self) -> Dialect {
        *self.dialect.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, dialect: Dialect) {
        let mut learnt = self.dialect.lock().unwrap_or_else(PoisonError::into_inner);
        *learnt = learnt.merged(dialect);
    }
}

/// Reads the whole body here, within the attempt: a body that breaks off is a failed attempt. Each piece may be waited
/// for as long as `piece`.
async fn read(mut response: Response, piece: Duration) -> Exchange {
    let status = response.status();
    let hints = Hints::of(response.headers(), SystemTime::now());
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if status.is_success() && content_type.is_some_and(|kind| kind.trim_start().starts_with("text/event-stream")) {
        return read_events(response, hints, piece).await;
    }
    let mut body = Vec::new();
    loop {
        match next_piece(&mut response, piece).await {
            Ok(Some(chunk)) if body.len() + chunk.len() > BODY_LIMIT => return Exchange::Broken(too_large()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Exchange::Answered { status: status.as_u16(), hints, body },
            // What a failed status says matters more than that its body broke off.
            Err(_) if !status.is_success() => return Exchange::Answered { status: status.as_u16(), hints, body },
            Err(breakage) => return Exchange::Broken(breakage),
        }
    }
}

/// Reads a reply that comes in pieces up to its last one.
async fn read_events(mut response: Response, hints: Hints, piece: Duration) -> Exchange {
    let status = response.status().as_u16();
    let mut assembly = Assembly::default();
    let (mut length, mut broken) = (0, None);
    loop {
        let progress = match next_piece(&mut response, piece).await {
            Ok(Some(chunk)) => {
                length += chunk.len();
                if length > STREAM_LIMIT {
                    return Exchange::Broken(too_large());
                }
                assembly.push(&chunk)
            }
            Ok(None) => break,
            Err(breakage) => {
                broken = Some(breakage);
                break;
            }
        };
        match progress {
            Ok(Progress::More) => {}
            Ok(Progress::Ended) => break,
            Err(malformed) => return Exchange::Broken(broken_off(&malformed.to_string())),
        }
    }
    // What has come to its end is whole, however the connection ended.
    match assembly.finish() {
        Ok(Some(body)) => Exchange::Answered { status, hints, body },
        Ok(None) => Exchange::Broken(broken.unwrap_or_else(|| broken_off("the stream ended before the reply did"))),
        Err(malformed) => Exchange::Broken(broken.unwrap_or_else(|| broken_off(&malformed.to_string()))),
    }
}

async fn next_piece(response: &mut Response, piece: Duration) -> Result<Option<Vec<u8>>, Breakage> {
    match timeout(piece, response.chunk()).await {
        Ok(Ok(chunk)) => Ok(chunk.map(Vec::from)),
        Ok(Err(error)) => Err(breakage(Stage::Body, error)),
        Err(_) => Err(silence(piece)),
    }
}

fn too_large() -> Breakage {
    Breakage { stage: Stage::TooLarge, detail: format!("the answer is longer than {} MiB", BODY_LIMIT >> 20) }
}

fn broken_off(detail: &str) -> Breakage {
    Breakage { stage: Stage::Body, detail: detail.to_owned() }
}

fn silence(piece: Duration) -> Breakage {
    Breakage { stage: Stage::Timeout, detail: format!("nothing came for {} s", piece.as_secs_f64()) }
}

/// A body without each occurrence of a secret.
fn without(body: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    if !body.windows(secret.len()).any(|window| window == secret) {
        return body;
    }
    let mut rest = body.as_slice();
    let mut kept = Vec::with_capacity(body.len());
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(secret) {
            kept.extend_from_slice("…".as_bytes());
            rest = after;
        } else {
            kept.push(*first);
            rest = after;
        }
    }
    kept
}

/// The innermost causes say what happened; the outer ones repeat the URL.
fn breakage(stage: Stage, error: reqwest::Error) -> Breakage {
    let stage = if error.is_timeout() && stage != Stage::Connect { Stage::Timeout } else { stage };
    let error = error.without_url();
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    let detail = causes.pop().unwrap_or_else(|| error.to_string());
    Breakage { stage, detail: super::excerpt(&detail, 300) }
}

fn tokens_used(before: Usage, after: Usage) -> Option<f64> {
    let total = |usage: Usage| match usage.calls {
        0 => Some(0),
        _ => Some(usage.prompt_tokens?.saturating_add(usage.completion_tokens?)),
    };
    (after.calls > before.calls).then_some(())?;
    Some(as_number(total(after)?.saturating_sub(total(before)?)))
}

fn client(endpoint: &Endpoint, url: &Url) -> Result<Client, EndpointError> {
    let mut builder = Client::builder()
        .connect_timeout(endpoint.connect_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(Policy::none())
        .user_agent(concat!("gradebox/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers(endpoint)?);
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    for authority in authorities(endpoint)? {
        builder = builder.add_root_certificate(authority);
    }
    builder.build().map_err(|error| {
        let problem = breakage(Stage::Connect, error).detail;
        EndpointError::Client { name: endpoint.name.clone(), problem }
    })
}

/// The certificates that are trusted beside those of the system.
fn authorities(endpoint: &Endpoint) -> Result<Vec<Certificate>, EndpointError> {
    let Some(path) = &endpoint.ca_file else { return Ok(Vec::new()) };
    let bad = |problem: String| EndpointError::Authorities { name: endpoint.name.clone(), path: path.clone(), problem };
    let text = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&text).map_err(|error| bad(breakage(Stage::Connect, error).detail))?;
    if found.is_empty() {
        return Err(bad("it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)".to_owned()));
    }
    Ok(found)
}

fn headers(endpoint: &Endpoint) -> Result<HeaderMap, EndpointError> {
    let bad = |header: &str, problem: &str| EndpointError::Header {
        name: endpoint.name.clone(),
        header: header.to_owned(),
        problem: problem.to_owned(),
    };
    let value = |header: &str, secret: &str| {
        let mut value =
            HeaderValue::from_str(secret).map_err(|_| bad(header, "its value holds a control character"))?;
        value.set_sensitive(true);
        Ok(value)
    };
    let mut headers = HeaderMap::new();
    if let Some(key) = &endpoint.api_key {
        headers.insert(AUTHORIZATION, value("authorization", &format!("Bearer {}", key.reveal()))?);
    }
    for (name, secret) in &endpoint.headers {
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad(name, "this is no header name"))?;
        headers.insert(header, value(name, Secret::reveal(secret))?);
    }
    Ok(headers)
}
