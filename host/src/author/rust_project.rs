//! A Rust project carries the SDK as a crate of its own: what its manifest inherits is written out.

use toml::{Table, Value};

use super::sources::Source;

const SDK: &str = include_str!("../../../guest-graders/sdk/Cargo.toml");
const WORKSPACE: &str = include_str!("../../../guest-graders/Cargo.toml");

/// Where the crate lies in a project; its sources look for the contract two folders up.
pub(super) const SDK_FOLDER: &str = "vendor/gradebox-sdk";
pub(super) const CONTRACT_FOLDER: &str = "wit/grader";

/// The manifest of the SDK, with nothing inherited.
pub(super) fn sdk_manifest() -> Result<String, toml::de::Error> {
    let mut manifest: Table = toml::from_str(SDK)?;
    let workspace: Table = toml::from_str(WORKSPACE)?;
    let shared = |section: &str, key: &str| workspace.get("workspace")?.get(section)?.get(key).cloned();
    for section in ["package", "dependencies"] {
        let Some(Value::Table(entries)) = manifest.get_mut(section) else { continue };
        for (key, entry) in entries {
            let is_inherited = entry.get("workspace") == Some(&Value::Boolean(true));
            if let (true, Some(value)) = (is_inherited, shared(section, key)) {
                *entry = value;
            }
        }
    }
    // The lints of this repository are not the author's.
    manifest.remove("lints");
    Ok(manifest.to_string())
}

/// The example's manifest, with the SDK of the project.
pub(super) fn manifest(example: &Source) -> String {
    example.text.replace("../../../guest-graders/sdk", SDK_FOLDER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_inherited_any_more() {
        let manifest = sdk_manifest().unwrap();
        assert!(!manifest.contains("workspace"), "{manifest}");
        assert!(manifest.contains("wit-bindgen"), "{manifest}");
    }
}
