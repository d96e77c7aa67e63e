//! The style of one block of code.

use code_blocks::{CodeBlock, Position, Source};
use ruff_python_ast::{Mod, ModModule};
use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_unchecked};
use ruff_text_size::TextSize;

use crate::{
    indentation::{self, Indentation},
    names,
};

/// What was found in one block.
pub(crate) struct Judged {
    /// Whether all of it could be read.
    pub(crate) parses: bool,
    /// Whether it is indented in one way; absent where nothing is indented.
    pub(crate) indentation: Option<bool>,
    /// Names that were looked at.
    pub(crate) names: usize,
    /// Names that are written as they should be.
    pub(crate) good_names: usize,
    pub(crate) findings: Vec<Finding>,
}

/// One thing to mend.
pub(crate) struct Finding {
    /// In the response.
    pub(crate) place: Position,
    pub(crate) message: String,
}

/// What a user wants of a style.
pub(crate) struct Style<'a> {
    pub(crate) indent_width: Option<u32>,
    pub(crate) allowed_names: &'a [String],
}

/// Code that nests deeper than can be parsed within the grader's stack.
pub(crate) struct TooDeep;

impl Judged {
    /// Judges a block by its tokens and its tree; of code that does not parse, by what the parser could read.
    pub(crate) fn of(block: &CodeBlock, style: &Style<'_>) -> Result<Self, TooDeep> {
        if python_nesting::is_too_deep(&block.code) {
            return Err(TooDeep);
        }
        let source = Source::new(&block.code);
        let parsed = parse_unchecked(source.code, ParseOptions::from(Mode::Module));
        let mut judged = Self {
            parses: !parsed.has_invalid_syntax(),
            indentation: None,
            names: 0,
            good_names: 0,
            findings: Vec::new(),
        };
        let place = |at: TextSize| block.locate(source.position(at));
        judged.judge_indentation(&source, &parsed, style.indent_width, place);
        if let Mod::Module(module) = parsed.syntax() {
            judged.judge_names(module, style.allowed_names, place);
        }
        judged.findings.sort_by_key(|finding| finding.place);
        Ok(judged)
    }

    /// The share of what is right; `None` where there is nothing to judge.
    pub(crate) fn score(&self, indentation_weight: f64) -> Option<f64> {
        let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let indentation = self.indentation.map(|consistent| (indentation_weight, f64::from(u8::from(consistent))));
        let share = count(self.good_names) / count(self.names.max(1));
        let naming = (self.names > 0).then_some((1.0 - indentation_weight, share));
        let parts = || indentation.into_iter().chain(naming);
        let weight: f64 = parts().map(|(weight, _)| weight).sum();
        (weight > 0.0).then(|| parts().map(|(weight, share)| weight * share).sum::<f64>() / weight)
    }

    fn judge_indentation(
        &mut self,
        source: &Source<'_>,
        parsed: &Parsed<Mod>,
        width: Option<u32>,
        place: impl Fn(TextSize) -> Position,
    ) {
        self.indentation = match indentation::judge(source, parsed.tokens(), width) {
            Indentation::None => None,
            Indentation::Consistent => Some(true),
            Indentation::Broken { problem, at } => {
                self.findings.push(Finding { place: place(at), message: problem });
                Some(false)
            }
        };
    }

    fn judge_names(&mut self, module: &ModModule, allowed: &[String], place: impl Fn(TextSize) -> Position) {
        for name in names::given(&module.body).into_iter().filter(|name| !allowed.iter().any(|a| a == name.text)) {
            self.names += 1;
            if name.kind.allows(name.text) {
                self.good_names += 1;
                continue;
            }
            let (kind, corrected) = (name.kind.words(), name.kind.corrected(name.text));
            let message = format!("{kind} `{}` should be written `{corrected}`", name.text);
            self.findings.push(Finding { place: place(name.range.start()), message });
        }
    }
}
