//! One model at several endpoints: calls are spread by weight, and an endpoint that fails is left out for a while.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{
    client::EndpointModel,
    endpoint::{Endpoint, EndpointError},
    slots::Concurrency,
};
use crate::{
    budget::Charge,
    model::{ChatModel, Completion, ModelError, Request, Usage},
};

/// How long an endpoint is left out after its first failure; doubled with each further one.
const COOL_DOWN: Duration = Duration::from_secs(5);

const LONGEST_COOL_DOWN: Duration = Duration::from_mins(5);

/// A model behind one endpoint or several that answer alike. Each has its own limits, pace and connections.
#[derive(Debug)]
pub struct Replicas {
    first: EndpointModel,
    others: Vec<EndpointModel>,
    states: Mutex<Vec<State>>,
}

#[derive(Debug, Clone)]
struct State {
    weight: f64,
    /// Of the smooth weighted round-robin: what the endpoint is owed.
    credit: f64,
    failures: u32,
    left_out_until: Option<Instant>,
    answered: u64,
    failed: u64,
}

/// What an endpoint did for its model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointStatistics {
    /// Without secrets.
    pub url: String,
    pub answered: u64,
    /// Calls that ended in an error; another endpoint may have answered them.
    pub failed: u64,
    pub concurrency: Concurrency,
}

impl Replicas {
    /// Checks the settings and makes the model; sends nothing. Weights are relative to each other.
    pub fn connect(
        (endpoint, weight): (Endpoint, f64),
        others: impl IntoIterator<Item = (Endpoint, f64)>,
    ) -> Result<Self, EndpointError> {
        let mut weights = vec![weight];
        let first = endpoint.connect()?;
        let others = others.into_iter().map(|(endpoint, weight)| {
            weights.push(weight);
            endpoint.connect()
        });
        let others = others.collect::<Result<_, _>>()?;
        let state = |weight| State { weight, credit: 0.0, failures: 0, left_out_until: None, answered: 0, failed: 0 };
        let states = Mutex::new(weights.into_iter().map(state).collect());
        Ok(Self { first, others, states })
    }

    pub fn statistics(&self) -> Vec<EndpointStatistics> {
        let states = self.states();
        let endpoints = self.endpoints().zip(states.iter()).map(|(endpoint, state)| EndpointStatistics {
            url: endpoint.url().to_owned(),
            answered: state.answered,
            failed: state.failed,
            concurrency: endpoint.concurrency(),
        });
        endpoints.collect()
    }

    fn endpoints(&self) -> impl Iterator<Item = &EndpointModel> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The endpoint to ask next, and whether it is the last hope: no other is left that is not left out.
    fn choose(&self, tried: &[usize], now: Instant) -> Option<(usize, bool)> {
        let mut states = self.states();
        let untried: Vec<usize> = (0..states.len()).filter(|index| !tried.contains(index)).collect();
        let is_left_out = |state: &State| state.left_out_until.is_some_and(|until| until > now);
        let ready: Vec<usize> = untried
            .iter()
            .copied()
            .filter(|index| states.get(*index).is_some_and(|state| !is_left_out(state)))
            .collect();
        if ready.is_empty() {
            // Rather one that failed before than none; what failed longest ago may be back first.
            let until = |index: &usize| states.get(*index).and_then(|state| state.left_out_until);
            return untried.into_iter().min_by_key(until).map(|index| (index, tried.is_empty()));
        }
        let chosen = weigh(&mut states, &ready)?;
        Some((chosen, ready.len() == 1))
    }

    fn note(&self, index: usize, answer: &Result<Completion, ModelError>, now: Instant) {
        let mut states = self.states();
        let Some(state) = states.get_mut(index) else { return };
        match answer {
            Ok(_) => state.answered += 1,
            Err(_) => state.failed += 1,
        }
        match answer {
            Err(error) if is_the_endpoints(error) => {
                let doubled = COOL_DOWN.saturating_mul(1 << state.failures.min(10)).min(LONGEST_COOL_DOWN);
                state.left_out_until = Some(now + if error.is_fatal() { LONGEST_COOL_DOWN } else { doubled });
                state.failures += 1;
            }
            _ => (state.failures, state.left_out_until) = (0, None),
        }
    }

    fn states(&self) -> MutexGuard<'_, Vec<State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Smooth weighted round-robin, as in nginx: each is owed its weight, and the one that is owed most pays for all.
fn weigh(states: &mut [State], ready: &[usize]) -> Option<usize> {
    let mut total = 0.0;
    let mut chosen: Option<(usize, f64)> = None;
    for index in ready {
        let state = states.get_mut(*index)?;
        state.credit += state.weight;
        total += state.weight;
        if chosen.is_none_or(|(_, most)| state.credit > most) {
            chosen = Some((*index, state.credit));
        }
    }
    let (chosen, _) = chosen?;
    states.get_mut(chosen)?.credit -= total;
    Some(chosen)
}

/// Whether an error is of the endpoint, so that another may do better; the others are of the request.
fn is_the_endpoints(error: &ModelError) -> bool {
    error.is_fatal() || matches!(error, ModelError::Unavailable(_))
}

#[async_trait]
impl ChatModel for Replicas {
    fn name(&self) -> &str {
        self.first.name()
    }

    async fn complete(&self, request: &Request) -> (Result<Completion, ModelError>, Usage) {
        let (mut usage, mut tried) = (Usage::default(), Vec::new());
        let mut failure: Option<ModelError> = None;
        while let Some((index, is_last_hope)) = self.choose(&tried, Instant::now()) {
            let Some(endpoint) = self.endpoints().nth(index) else { break };
            // Another endpoint is asked at once; only where there is none it is worth waiting.
            let retries = if is_last_hope { endpoint.max_retries() } else { 0 };
            let (answer, used) = endpoint.ask(request, retries).await;
            self.note(index, &answer, Instant::now());
            usage = usage.plus(used);
            match answer {
                Err(error) if is_the_endpoints(&error) => {
                    // The run goes on as long as one endpoint may be back.
                    if failure.as_ref().is_none_or(ModelError::is_fatal) {
                        failure = Some(error);
                    }
                    tried.push(index);
                }
                answer => return (answer, usage),
            }
        }
        let none = || ModelError::Unavailable(format!("model `{}`: it has no endpoint", self.name()));
        (Err(failure.unwrap_or_else(none)), usage)
    }

    fn worst_case(&self, request: &Request) -> Charge {
        self.first.worst_case(request)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{Play, Server},
        *,
    };
    use crate::sample::Message;

    fn endpoint(server: &Server) -> Endpoint {
        Endpoint { max_retries: 1, ..Endpoint::new("m", &server.base_url, "tiny") }
    }

    fn request() -> Request {
        Request { messages: vec![Message::user("hi")], ..Request::default() }
    }

    async fn ask(model: &Replicas, times: usize) {
        for _ in 0..times {
            assert_eq!(model.complete(&request()).await.0.unwrap().content, "ok");
        }
    }

    #[tokio::test]
    async fn calls_are_spread_by_weight() {
        let (first, second) = (Server::start([]).await, Server::start([]).await);
        let model = Replicas::connect((endpoint(&first), 3.0), [(endpoint(&second), 1.0)]).unwrap();
        ask(&model, 8).await;
        assert_eq!((first.seen().len(), second.seen().len()), (6, 2));
    }

    #[tokio::test]
    async fn a_failing_endpoint_is_left_out_and_costs_no_answer() {
        let down = || Play::error(503, "down", "");
        let (first, second) = (Server::start([down(), down()]).await, Server::start([]).await);
        let model = Replicas::connect((endpoint(&first), 1.0), [(endpoint(&second), 1.0)]).unwrap();
        ask(&model, 5).await;
        assert_eq!((first.seen().len(), second.seen().len()), (1, 5));
        let statistics = model.statistics();
        assert_eq!((statistics[0].failed, statistics[0].answered, statistics[1].answered), (1, 0, 5));
        assert!(statistics[0].url.starts_with("http://127.0.0.1"), "{statistics:?}");
    }

    #[tokio::test]
    async fn a_wrong_key_at_one_endpoint_does_not_end_the_run_and_at_all_it_does() {
        let denied = || Play::error(401, "bad key", "invalid_api_key");
        let (first, second) = (Server::start([denied()]).await, Server::start([]).await);
        let model = Replicas::connect((endpoint(&first), 1.0), [(endpoint(&second), 1.0)]).unwrap();
        ask(&model, 3).await;
        let (first, second) = (Server::start([denied()]).await, Server::start([denied()]).await);
        let model = Replicas::connect((endpoint(&first), 1.0), [(endpoint(&second), 1.0)]).unwrap();
        let error = model.complete(&request()).await.0.unwrap_err();
        assert!(error.is_fatal(), "{error}");
    }

    #[tokio::test]
    async fn an_error_of_the_request_is_told_at_once() {
        let (first, second) = (Server::start([Play::error(400, "bad", "")]).await, Server::start([]).await);
        let model = Replicas::connect((endpoint(&first), 1.0), [(endpoint(&second), 1.0)]).unwrap();
        let error = model.complete(&request()).await.0.unwrap_err();
        assert!(matches!(error, ModelError::Rejected { .. }) && second.seen().is_empty(), "{error}");
    }

    #[tokio::test]
    async fn the_last_hope_is_tried_again() {
        let down = || Play::error(503, "down", "").with("retry-after-ms", 1);
        let (first, second) = (Server::start([down(), down()]).await, Server::start([down()]).await);
        let model = Replicas::connect((endpoint(&first), 1.0), [(endpoint(&second), 1.0)]).unwrap();
        ask(&model, 1).await;
        assert_eq!((first.seen().len(), second.seen().len()), (1, 2));
    }
}
