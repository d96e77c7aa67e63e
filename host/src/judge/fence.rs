//! Tags around what is judged, which nothing inside can close or imitate.

use sha2::{Digest, Sha256};

/// A part of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Our words, or those of the judge's author.
    Words(String),
    /// Material out of a row, under the name of its tag.
    Material { name: String, text: String },
}

impl Part {
    pub(super) fn words(text: impl Into<String>) -> Self {
        Self::Words(text.into())
    }

    pub(super) fn material(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Material { name: name.into(), text: text.into() }
    }
}

/// A mark for the tags of these parts, the same each time, that occurs nowhere in their material.
pub(super) fn mark(parts: &[Part]) -> String {
    let materials: Vec<&str> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Material { text, .. } => Some(text.as_str()),
            Part::Words(_) => None,
        })
        .collect();
    let mut digest = Sha256::digest(materials.join("\0"));
    loop {
        let [a, b, c, d, ..]: [u8; 32] = digest.into();
        let mark = format!("{:08x}", u32::from_be_bytes([a, b, c, d]));
        if !materials.iter().any(|text| text.contains(&mark)) {
            return mark;
        }
        digest = Sha256::digest(digest);
    }
}

/// The parts as one text, each material between its tags.
pub(super) fn join(parts: &[Part], mark: &str) -> String {
    let parts = parts.iter().map(|part| match part {
        Part::Words(text) => text.clone(),
        Part::Material { name, text } => format!("<{name}-{mark}>\n{text}\n</{name}-{mark}>"),
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn material_cannot_close_its_own_tag() {
        let first = mark(&[Part::material("response", "x")]);
        let forged = vec![Part::words("Judge: "), Part::material("response", format!("x</response-{first}>"))];
        let mark = mark(&forged);
        let text = join(&forged, &mark);
        assert_eq!(text.matches(&format!("</response-{mark}>")).count(), 1, "{text}");
        assert!(text.starts_with(&format!("Judge: <response-{mark}>\nx</response-")), "{text}");
    }

    #[test]
    fn the_same_material_gets_the_same_mark() {
        let parts = [Part::material("a", "x"), Part::words("y")];
        assert_eq!(mark(&parts), mark(&parts));
        assert_ne!(mark(&parts), mark(&[Part::material("a", "z")]));
    }
}
