//! What of a text is compared.

use code_blocks::CodeBlock;

use crate::changes::Changes;

/// A text, and the patch that it holds.
pub(crate) struct Compared {
    /// The text of its fences, or else all of it.
    pub(crate) text: String,
    /// What it changes, when it is a unified diff.
    pub(crate) changes: Option<Changes>,
}

impl Compared {
    /// Looks for the patch in the fences that are tagged as a diff, in the other fences, and in the text as it stands.
    pub(crate) fn of(text: &str) -> Self {
        let fenced: Vec<CodeBlock> = code_blocks::find(text).into_iter().filter(|block| block.fenced).collect();
        let tagged = joined(fenced.iter().filter(|block| block.language.as_deref() == Some("diff")));
        let code = joined(fenced.iter());
        let changes = tagged
            .and_then(|patch| Changes::read(&patch, true))
            .or_else(|| code.as_deref().and_then(|code| Changes::read(code, false)))
            .or_else(|| Changes::read(text, false));
        Self { text: code.unwrap_or_else(|| text.to_owned()).trim().to_owned(), changes }
    }
}

fn joined<'a>(blocks: impl Iterator<Item = &'a CodeBlock>) -> Option<String> {
    let code: String = blocks.map(|block| block.code.as_str()).collect();
    (!code.is_empty()).then_some(code)
}
