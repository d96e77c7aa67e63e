//! Components in OCI registries: fetched by digest, kept by digest, and pinned in a lock file.
//!
//! The only folder that names `oci_client`. It knows nothing of what a component is.

mod credentials;
mod lock;
mod registry;
mod store;

pub use self::{
    credentials::{Credentials, credentials},
    lock::{Lock, LockError, Locked},
    registry::{PackageError, Registry, Resolved, SCHEME, require_reference},
    store::Store,
};

use sha2::{Digest, Sha256};

/// The SHA-256 of something, as registries write it: `sha256:` and hexadecimal.
fn digest_of(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// Whether text is a SHA-256 as registries write it.
fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}
