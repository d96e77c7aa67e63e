//! What makes two requests the same: endpoint, model, messages, parameters, schema and the ordinal of the vote or candidate.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use sha2::{Digest, Sha256};

/// The content address of a request: the first sixteen bytes of a SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RequestKey([u8; 16]);

impl RequestKey {
    /// The key of a request to the model of this identity. The ordinal of a vote or candidate is in the request's
    /// seed.
    pub(super) fn of(identity: &str, request: &impl Serialize) -> Self {
        let mut digest = Sha256::new();
        digest.update(identity);
        digest.update([0]);
        // What cannot be written as JSON cannot be sent either; no two such requests are told apart.
        digest.update(serde_json::to_vec(request).unwrap_or_default());
        let digest = digest.finalize();
        let mut key = [0; 16];
        key.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
        Self(key)
    }

    /// The key of 32 hexadecimal digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.is_ascii() {
            return None;
        }
        let mut key = [0; 16];
        for (index, byte) in key.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        Some(Self(key))
    }
}

impl fmt::Display for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for RequestKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RequestKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not the key of a request"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Request, sample::Message};

    #[test]
    fn whatever_changes_a_request_changes_its_key() {
        let request = Request { messages: vec![Message::user("q")], seed: Some(1), ..Request::default() };
        let key = RequestKey::of("endpoint", &request);
        assert_eq!(key, RequestKey::of("endpoint", &request.clone()));
        assert_ne!(key, RequestKey::of("other", &request));
        assert_ne!(key, RequestKey::of("endpoint", &Request { seed: Some(2), ..request.clone() }));
        assert_ne!(key, RequestKey::of("endpoint", &Request { messages: vec![Message::user("r")], ..request }));
    }

    #[test]
    fn a_key_survives_its_text() {
        let key = RequestKey::of("a", &1);
        assert_eq!(RequestKey::parse(&key.to_string()), Some(key));
        for text in ["", "zz", &"g".repeat(32), &"é".repeat(16)] {
            assert_eq!(RequestKey::parse(text), None, "{text}");
        }
    }
}
