//! Whether somebody listens at an address, found out by knocking.

use std::{
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(5);

/// What came of knocking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Open,
    Closed,
    /// The URL names no host that one could knock at.
    NoAddress,
}

/// Connects to the host of a URL, and says no more.
pub(super) fn reach(url: &str) -> Reach {
    let Some(address) = address_of(url) else { return Reach::NoAddress };
    let Ok(mut places) = address.to_socket_addrs() else { return Reach::Closed };
    let is_open = places.any(|place| TcpStream::connect_timeout(&place, PATIENCE).is_ok());
    if is_open { Reach::Open } else { Reach::Closed }
}

/// The host and port of a URL.
fn address_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    match authority {
        "" => None,
        _ if has_port => Some(authority.to_owned()),
        _ => Some(format!("{authority}:{port}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_port_is_told_from_a_closed_one() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        assert_eq!(reach(&url), Reach::Open);
        drop(listener);
        assert_eq!(reach(&url), Reach::Closed);
        assert_eq!(reach("nowhere"), Reach::NoAddress);
    }

    #[test]
    fn an_address_is_host_and_port() {
        for (url, address) in [
            ("http://127.0.0.1:8080/v1", Some("127.0.0.1:8080")),
            ("https://api.example.com/v1", Some("api.example.com:443")),
            ("http://user:pass@host/v1", Some("host:80")),
            ("http://[::1]:81/v1", Some("[::1]:81")),
            ("127.0.0.1:8080", None),
            ("ftp://host", None),
        ] {
            assert_eq!(address_of(url).as_deref(), address, "{url}");
        }
    }
}
