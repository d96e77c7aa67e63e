//! Whether code is indented in one way throughout.

use code_blocks::Source;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextSize};

/// How the statements of a piece of code are indented.
pub(crate) enum Indentation {
    /// No line is indented.
    None,
    Consistent,
    /// What differs from what came before it, and where.
    Broken {
        problem: String,
        at: TextSize,
    },
}

/// Looks at the lines that statements begin on; `width` is the number of spaces that a level must have, if any.
pub(crate) fn judge(source: &Source<'_>, tokens: &[Token], width: Option<u32>) -> Indentation {
    let mut levels: Vec<&str> = Vec::new();
    let mut step: Option<String> = width.map(|width| " ".repeat(width as usize));
    let mut is_indented = false;
    for at in starts(tokens) {
        let line = source.line_text(source.line(at));
        let margin = line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or_default();
        while levels.last().is_some_and(|outer| outer.len() > margin.len()) {
            levels.pop();
        }
        let outer = levels.last().copied().unwrap_or_default();
        if margin == outer {
            continue;
        }
        is_indented = true;
        let added = margin.strip_prefix(outer).unwrap_or(margin).to_owned();
        match &step {
            Some(step) if *step != added => {
                return Indentation::Broken {
                    problem: format!("indented by {}, not by {}", words(&added), words(step)),
                    at,
                };
            }
            _ if is_mixed(&added) => {
                return Indentation::Broken { problem: format!("indented by {}", words(&added)), at };
            }
            _ => step = Some(added),
        }
        levels.push(margin);
    }
    if is_indented { Indentation::Consistent } else { Indentation::None }
}

/// Where statements begin that stand at the start of their lines.
fn starts(tokens: &[Token]) -> impl Iterator<Item = TextSize> {
    use TokenKind::{Comment, Dedent, EndOfFile, Indent, Newline, NonLogicalNewline};
    let mut begins = true;
    tokens.iter().filter_map(move |token| match token.kind() {
        Newline => {
            begins = true;
            None
        }
        Comment | Dedent | EndOfFile | Indent | NonLogicalNewline => None,
        _ => std::mem::take(&mut begins).then(|| token.start()),
    })
}

fn is_mixed(margin: &str) -> bool {
    margin.contains(' ') && margin.contains('\t')
}

fn words(margin: &str) -> String {
    let count = |mark: char, name: &str| match margin.matches(mark).count() {
        0 => None,
        1 => Some(format!("1 {name}")),
        several => Some(format!("{several} {name}s")),
    };
    let parts: Vec<String> = [count(' ', "space"), count('\t', "tab")].into_iter().flatten().collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(" and ") }
}
