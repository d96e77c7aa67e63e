//! Interactive Python sessions: the input without prompts and output.

use crate::{CodeBlock, lines::Line};

/// The input of a session (`>>> …`, `... …`); any other block is given back as it is.
pub(crate) fn without_prompts(block: CodeBlock) -> CodeBlock {
    let may_be = matches!(block.language.as_deref(), None | Some("python")) && block.code.starts_with(">>>");
    if !may_be {
        return block;
    }
    let input = input_lines(block.lines());
    let Some(mut session) = CodeBlock::from_lines(block.language.clone(), &input) else {
        return block;
    };
    session.transcript = true;
    session.fenced = block.fenced;
    session.closed = block.closed;
    session
}

fn input_lines<'a>(lines: impl Iterator<Item = Line<'a>>) -> Vec<Line<'a>> {
    let mut input = Vec::new();
    let mut in_statement = false;
    for line in lines {
        let prompt = [">>> ", ">>>", "... ", "..."].iter().find(|prompt| line.text.starts_with(**prompt));
        in_statement = prompt.is_some_and(|prompt| in_statement || prompt.starts_with('>'));
        if let Some(prompt) = prompt.filter(|_| in_statement) {
            input.push(line.without(prompt.len()));
        }
    }
    input
}
