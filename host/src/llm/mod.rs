//! Chat models behind OpenAI-compatible endpoints; the only folder that names reqwest.
//!
//! [`Endpoint`] says where and how, [`Endpoint::connect`] gives the [`ChatModel`](crate::model::ChatModel). Inside,
//! `client` does the I/O of one call; `call` decides after each exchange what comes next, with the help of `retry`
//! (statuses and waits), `dialect` (parameters that an endpoint rejects) and `reply` (bodies). `stream` makes one body of a reply in pieces;
//! `rate` and `slots` say when a call may begin, `replicas` at which of several endpoints.

mod call;
mod client;
mod complaint;
mod dialect;
mod endpoint;
mod excerpt;
mod rate;
mod replicas;
mod reply;
mod request;
mod retry;
mod slots;
mod stream;
mod think;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod stream_tests;
#[cfg(test)]
mod tests;

pub(crate) use self::excerpt::excerpt;
pub use self::{
    client::EndpointModel,
    endpoint::{Endpoint, EndpointError, Prices, Secret},
    replicas::{EndpointStatistics, Replicas},
    slots::Concurrency,
};
