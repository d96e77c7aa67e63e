//! Fetches components from registries and pushes them, in the layout that `wkg` and `wash` use.

use std::{
    io,
    pin::Pin,
    str::FromStr,
    task::{Context, Poll},
    time::Duration,
};

use oci_client::{
    Client, Reference,
    client::{ClientConfig, ClientProtocol, Config, ImageLayer},
    errors::OciDistributionError,
    manifest::{OciDescriptor, OciImageManifest, OciManifest},
    secrets::RegistryAuth,
};
use serde_json::json;
use tokio::io::AsyncWrite;

use super::{Credentials, Locked, digest_of};

/// What a reference to a registry begins with.
pub const SCHEME: &str = "oci://";

const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";
const LAYER_TYPE: &str = "application/wasm";

/// Largest component that is fetched, in bytes.
const LARGEST: usize = 256 << 20;

const CONNECTING: Duration = Duration::from_secs(10);
/// Without a byte.
const READING: Duration = Duration::from_secs(30);
const MANIFEST: Duration = Duration::from_mins(1);
const COMPONENT: Duration = Duration::from_mins(15);

/// A component cannot be fetched or pushed.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("`{reference}` is no reference to a component: {problem}")]
    Reference { reference: String, problem: String },
    #[error("`{reference}` cannot be had: {problem}")]
    Refused { reference: String, problem: String },
    #[error("`{reference}` asks for a name and a password, or does not take the ones it got")]
    Unauthorized { reference: String },
    #[error("`{reference}` is not a component as registries hold them: {problem}")]
    Foreign { reference: String, problem: String },
    #[error("`{reference}` is not what was locked: {problem}")]
    Differs { reference: String, problem: String },
}

/// What a reference stands for now.
#[derive(Debug, Clone)]
pub struct Resolved {
    pub locked: Locked,
    layer: OciDescriptor,
}

/// A registry, as one user.
pub struct Registry {
    client: Client,
    auth: RegistryAuth,
    text: String,
    reference: Reference,
}

/// Tells whether text names a component in a registry; the registry's host, with its port.
pub fn require_reference(text: &str) -> Result<String, PackageError> {
    Ok(parse(text)?.resolve_registry().to_owned())
}

fn parse(text: &str) -> Result<Reference, PackageError> {
    let wrong = |problem: String| PackageError::Reference { reference: text.to_owned(), problem };
    let rest = text.strip_prefix(SCHEME).ok_or_else(|| {
        wrong(format!("it does not begin with {SCHEME}; write it like {SCHEME}ghcr.io/me/too-long:1.0.0"))
    })?;
    let Some((host, repository)) = rest.split_once('/') else {
        return Err(wrong("it has no repository: write oci://HOST/REPOSITORY:TAG".to_owned()));
    };
    if !host.contains(['.', ':']) && host != "localhost" {
        return Err(wrong(format!("`{host}` is no host: write oci://HOST/REPOSITORY:TAG")));
    }
    if !repository.contains([':', '@']) {
        return Err(wrong("it has neither a tag nor a digest: write :TAG or @sha256:DIGEST behind it".to_owned()));
    }
    Reference::from_str(rest).map_err(|error| wrong(error.to_string()))
}

/// Whether a registry is on this machine, where nobody else listens.
fn is_loopback(registry: &str) -> bool {
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl Registry {
    /// The registry of a reference. TLS is left out on loopback, and for the hosts of `plain`.
    pub fn of(text: &str, credentials: Option<Credentials>, plain: &[String]) -> Result<Self, PackageError> {
        let reference = parse(text)?;
        let registry = reference.resolve_registry().to_owned();
        let is_plain = is_loopback(&registry) || plain.contains(&registry);
        let config = ClientConfig {
            protocol: ClientProtocol::HttpsExcept(if is_plain { vec![registry] } else { vec![] }),
            platform_resolver: None,
            read_timeout: Some(READING),
            connect_timeout: Some(CONNECTING),
            user_agent: concat!("gradebox/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| refused(text, &error))?;
        let auth = credentials.map_or(RegistryAuth::Anonymous, |found| RegistryAuth::Basic(found.user, found.password));
        Ok(Self { client, auth, text: text.to_owned(), reference })
    }

    /// What the reference stands for at this moment.
    pub async fn resolve(&self) -> Result<Resolved, PackageError> {
        self.manifest(&self.reference).await
    }

    /// The content of a locked component; nothing else is given back.
    pub async fn fetch(&self, locked: &Locked) -> Result<Vec<u8>, PackageError> {
        let pinned = self.reference.clone_with_digest(locked.manifest.clone());
        let resolved = self.manifest(&pinned).await?;
        let differs = |problem: String| PackageError::Differs { reference: self.text.clone(), problem };
        if resolved.locked.manifest != locked.manifest || resolved.locked.digest != locked.digest {
            let (found, wanted) = (&resolved.locked.digest, &locked.digest);
            return Err(differs(format!("its manifest names the component {found}, and the lock {wanted}")));
        }
        let mut content = Bounded(Vec::new());
        let pulling = self.client.pull_blob(&pinned, &resolved.layer, &mut content);
        match tokio::time::timeout(COMPONENT, pulling).await {
            Err(_) => return Err(self.too_slow(COMPONENT)),
            Ok(Err(OciDistributionError::DigestError(error))) => return Err(differs(error.to_string())),
            Ok(pulled) => pulled.map_err(|error| refused(&self.text, &error))?,
        }
        let digest = digest_of(&content.0);
        if digest != locked.digest {
            return Err(differs(format!("the content that came is {digest}, and the lock has {}", locked.digest)));
        }
        Ok(content.0)
    }

    /// Pushes a component; the digest of its manifest. The same component has the same manifest each time.
    pub async fn push(&self, component: &[u8]) -> Result<Locked, PackageError> {
        let layer = ImageLayer::new(component.to_vec(), LAYER_TYPE.to_owned(), None);
        let config = json!({
            "created": "1970-01-01T00:00:00Z",
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [layer.sha256_digest()],
        });
        let config = Config::new(config.to_string().into_bytes(), CONFIG_TYPE.to_owned(), None);
        let layers = [layer];
        let mut manifest = OciImageManifest::build(&layers, &config, None);
        manifest.media_type = Some("application/vnd.oci.image.manifest.v1+json".to_owned());
        let pushing = self.client.push(&self.reference, &layers, config, &self.auth, Some(manifest));
        match tokio::time::timeout(COMPONENT, pushing).await {
            Err(_) => return Err(self.too_slow(COMPONENT)),
            Ok(pushed) => pushed.map_err(|error| refused(&self.text, &error))?,
        };
        Ok(self.resolve().await?.locked)
    }

    async fn manifest(&self, reference: &Reference) -> Result<Resolved, PackageError> {
        let pulling = self.client.pull_manifest(reference, &self.auth);
        let (manifest, digest) = match tokio::time::timeout(MANIFEST, pulling).await {
            Err(_) => return Err(self.too_slow(MANIFEST)),
            Ok(Err(OciDistributionError::DigestError(error))) => {
                return Err(PackageError::Differs { reference: self.text.clone(), problem: error.to_string() });
            }
            Ok(pulled) => pulled.map_err(|error| refused(&self.text, &error))?,
        };
        let foreign = |problem: String| PackageError::Foreign { reference: self.text.clone(), problem };
        let manifest = match manifest {
            OciManifest::Image(manifest) => manifest,
            OciManifest::ImageIndex(_) => {
                return Err(foreign("it is an index of images for several platforms".to_owned()));
            }
        };
        if manifest.config.media_type != CONFIG_TYPE {
            return Err(foreign(format!("its config is `{}`, not `{CONFIG_TYPE}`", manifest.config.media_type)));
        }
        let layer = match <[OciDescriptor; 1]>::try_from(manifest.layers) {
            Ok([layer]) => layer,
            Err(layers) => return Err(foreign(format!("it has {} layers, not one", layers.len()))),
        };
        if layer.media_type != LAYER_TYPE {
            return Err(foreign(format!("its layer is `{}`, not `{LAYER_TYPE}`", layer.media_type)));
        }
        if usize::try_from(layer.size).map_or(true, |size| LARGEST < size) {
            return Err(foreign(format!("it is of {} bytes; up to {LARGEST} are fetched", layer.size)));
        }
        if !super::is_digest(&layer.digest) || !super::is_digest(&digest) {
            return Err(foreign(format!("its digests are not SHA-256: {}", layer.digest)));
        }
        let locked = Locked { reference: self.text.clone(), manifest: digest, digest: layer.digest.clone() };
        Ok(Resolved { locked, layer })
    }

    fn too_slow(&self, limit: Duration) -> PackageError {
        let problem = format!("the registry took more than {} s", limit.as_secs());
        PackageError::Refused { reference: self.text.clone(), problem }
    }
}

fn refused(reference: &str, error: &OciDistributionError) -> PackageError {
    let reference = reference.to_owned();
    match error {
        OciDistributionError::UnauthorizedError { .. }
        | OciDistributionError::AuthenticationFailure(_)
        | OciDistributionError::ServerError { code: 401 | 403, .. } => PackageError::Unauthorized { reference },
        other => {
            let mut problem = other.to_string();
            let mut cause = std::error::Error::source(other);
            while let Some(error) = cause {
                problem = format!("{problem}: {error}");
                cause = error.source();
            }
            PackageError::Refused { reference, problem: crate::text::clean(&problem) }
        }
    }
}

/// Bytes in memory, up to the largest component.
struct Bounded(Vec<u8>);

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if LARGEST < self.0.len() + bytes.len() {
            return Poll::Ready(Err(io::Error::other(format!("it sends more than {LARGEST} bytes"))));
        }
        self.0.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_says_where_and_which() {
        assert_eq!(require_reference("oci://ghcr.io/me/grader:1.0").unwrap(), "ghcr.io");
        assert_eq!(require_reference("oci://127.0.0.1:5000/grader:1").unwrap(), "127.0.0.1:5000");
        for wrong in
            ["ghcr.io/me/grader:1", "oci://ghcr.io", "oci://grader:1", "oci://ghcr.io/me/grader", "oci://me/g:1"]
        {
            assert!(require_reference(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        assert!(is_loopback("localhost:5000") && is_loopback("127.0.0.1:80") && is_loopback("[::1]:5000"));
        assert!(!is_loopback("localhost.example.com") && !is_loopback("127.0.0.1.example.com:80"));
    }
}
