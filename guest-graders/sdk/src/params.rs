//! Reads parameters strictly: an unknown key is an error, and every error names the parameter.

use serde::de::DeserializeOwned;

use crate::GradeError;

/// The parameters of a grader that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
pub struct NoParams {}

/// Reads a JSON object of parameters. The host calls it for every grade; it is public for unit tests.
///
/// # Errors
/// [`GradeError::InvalidParams`], naming the parameter, for a value that does not fit and for a key that
/// the struct does not have, at any depth.
pub fn read_params<P: DeserializeOwned>(json: &str) -> Result<P, GradeError> {
    let mut unknown: Vec<String> = Vec::new();
    let mut note = |path: serde_ignored::Path<'_>| unknown.push(path.to_string());
    let mut track = serde_path_to_error::Track::new();
    let mut text = serde_json::Deserializer::from_str(json);
    let tracked = serde_path_to_error::Deserializer::new(&mut text, &mut track);
    let params = serde_ignored::deserialize(tracked, &mut note);
    let params: P = params.map_err(|error| invalid(&track.path().to_string(), &error))?;
    text.end().map_err(|error| invalid(".", &error))?;
    match unknown.as_slice() {
        [] => Ok(params),
        [key] => Err(GradeError::InvalidParams(format!("unknown parameter `{key}`"))),
        keys => Err(GradeError::InvalidParams(format!("unknown parameters `{}`", keys.join("`, `")))),
    }
}

/// A type error of `serde_json`, without the position in a text that no user wrote.
fn invalid(path: &str, error: &serde_json::Error) -> GradeError {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    // The paths of `serde_path_to_error` for the whole document and for a key that was never read.
    if matches!(path, "." | "?") {
        return GradeError::InvalidParams(message.to_owned());
    }
    GradeError::invalid_params(path, message)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(default)]
    struct Params {
        timeout_ms: u32,
        limits: Limits,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Limits {
        memory: u32,
    }

    impl Default for Params {
        fn default() -> Self {
            Self { timeout_ms: 5, limits: Limits::default() }
        }
    }

    fn message(json: &str) -> String {
        read_params::<Params>(json).unwrap_err().to_string()
    }

    #[test]
    fn absent_keys_take_their_defaults() {
        let params: Params = read_params(r#"{"limits": {"memory": 7}}"#).unwrap();
        assert_eq!(params, Params { timeout_ms: 5, limits: Limits { memory: 7 } });
        assert_eq!(read_params::<NoParams>("{}"), Ok(NoParams {}));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named() {
        assert_eq!(
            message(r#"{"timeout_ms": "soon"}"#),
            "parameter `timeout_ms`: invalid type: string \"soon\", expected u32"
        );
        assert_eq!(
            message(r#"{"limits": {"memory": -1}}"#),
            "parameter `limits.memory`: invalid value: integer `-1`, expected u32"
        );
    }

    #[test]
    fn an_unknown_key_is_refused_at_any_depth() {
        assert_eq!(message(r#"{"timeout": 5}"#), "unknown parameter `timeout`");
        assert_eq!(message(r#"{"a": 1, "limits": {"b": 2}}"#), "unknown parameters `a`, `limits.b`");
        assert!(read_params::<NoParams>(r#"{"a": 1}"#).is_err());
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        assert!(message("3").starts_with("invalid type: integer `3`"), "{}", message("3"));
        assert!(message("{").starts_with("EOF"), "{}", message("{"));
        assert!(message("{} {}").starts_with("trailing characters"), "{}", message("{} {}"));
    }
}
