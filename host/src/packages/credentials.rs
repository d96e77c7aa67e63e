//! Who one is to a registry, as `docker login` writes it down.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

/// A name and a password; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(super) user: String,
    pub(super) password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

/// What the text of a docker `config.json` has for a registry (`auths`); `None` where it has nothing that can be used.
pub fn credentials(config: &str, registry: &str) -> Option<Credentials> {
    let config: Value = serde_json::from_str(config).ok()?;
    let is_of_registry = |key: &str| {
        let key = key.trim_start_matches("https://").trim_start_matches("http://");
        key.split('/').next() == Some(registry)
    };
    let auths = config.get("auths")?.as_object()?;
    let (_, entry) = auths.iter().find(|(key, _)| is_of_registry(key))?;
    let decoded = BASE64_STANDARD.decode(entry.get("auth")?.as_str()?).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some(Credentials { user: user.to_owned(), password: password.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_those_of_the_registry_and_are_not_shown() {
        let config = r#"{"auths": {"https://ghcr.io/v2/": {"auth": "YTpiOmM="}, "broken": {"auth": "?"}}}"#;
        let found = credentials(config, "ghcr.io").expect("an entry");
        assert_eq!((found.user.as_str(), found.password.as_str()), ("a", "b:c"));
        assert!(!format!("{found:?}").contains("b:c"));
        assert_eq!(credentials(config, "broken"), None);
        assert_eq!(credentials(config, "docker.io"), None);
        assert_eq!(credentials("[", "ghcr.io"), None);
    }
}
