//! Python that stands in the response without a fence.

use crate::{
    CodeBlock,
    lines::{Line, indent_width},
    python::{self, Count, Evidence, Next, TripleQuotes},
};

/// Finds regions of code among the visible lines of text.
pub(crate) fn find(text: &[Line<'_>]) -> Vec<CodeBlock> {
    let mut finder = Finder { text, trust_strings: true };
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = finder.region_end(at);
        blocks.extend(text.get(at..end).and_then(|region| finder.block(at, region)));
        at = end.max(at + 1);
    }
    blocks
}

struct Finder<'a, 'b> {
    text: &'b [Line<'a>],
    /// Off once a triple-quoted string turned out to have no end: it would take all that follows for code.
    trust_strings: bool,
}

impl<'a> Finder<'a, '_> {
    /// The line behind the region that starts at `start`; `start` itself when no code starts there.
    fn region_end(&mut self, start: usize) -> usize {
        let Some(first) = self.text.get(start).filter(|_| self.evidence(start) != Evidence::None) else {
            return start;
        };
        let base = indent_width(first.text);
        let mut strings = TripleQuotes::default();
        let mut opened_at = start;
        let mut at = start;
        while let Some(line) = self.text.get(at) {
            if !strings.is_open() && at > start && !self.continues(at, base) {
                return at;
            }
            if self.trust_strings {
                let was_open = strings.is_open();
                strings.read(line.text);
                opened_at = if strings.is_open() && !was_open { at } else { opened_at };
            }
            at += 1;
        }
        if strings.is_open() {
            self.trust_strings = false;
            return self.region_end_from(opened_at + 1, base);
        }
        at
    }

    fn region_end_from(&self, start: usize, base: usize) -> usize {
        (start..self.text.len()).find(|at| !self.continues(*at, base)).unwrap_or(self.text.len())
    }

    /// Whether a line goes on with the region whose outermost lines have the indentation `base`.
    fn continues(&self, at: usize, base: usize) -> bool {
        let Some(line) = self.text.get(at) else { return false };
        let is_code = self.evidence(at) != Evidence::None;
        match indent_width(line.text).cmp(&base) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => {
                let visible = line.text.trim();
                is_code || !self.follows_gap(at) || !(python::is_list_item(visible) || python::reads_as_prose(visible))
            }
            std::cmp::Ordering::Equal => is_code || self.is_broken_code(at, base),
        }
    }

    /// A line that is no Python, with the punctuation of code and code right above and below it.
    fn is_broken_code(&self, at: usize, base: usize) -> bool {
        let below = self.text.get(at + 1).filter(|_| !self.follows_gap(at + 1));
        let has_code_below = below.is_some_and(|below| {
            indent_width(below.text) > base || matches!(self.evidence(at + 1), Evidence::Strong | Evidence::Weak)
        });
        let line = self.text.get(at).map_or("", |line| line.text.trim());
        has_code_below
            && line.contains(['(', '[', '=', ':'])
            && !line.ends_with(['.', '!', '?'])
            && !python::is_list_item(line)
            && (!self.follows_gap(at) || line.contains(['(', '[', '=']))
            && line.starts_with(|c: char| !c.is_uppercase())
    }

    fn follows_gap(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| self.text.get(before));
        match (before, self.text.get(at)) {
            (Some(before), Some(line)) => before.number + 1 < line.number,
            _ => true,
        }
    }

    fn evidence(&self, at: usize) -> Evidence {
        let Some(line) = self.text.get(at) else { return Evidence::None };
        let next = self.text.get(at + 1).map(|next| Next {
            is_more_indented: indent_width(next.text) > indent_width(line.text),
            text: next.text.trim(),
        });
        python::evidence(line.text.trim(), next)
    }

    /// The region as a block, when there is enough in it that prose does not have.
    fn block(&self, start: usize, region: &[Line<'a>]) -> Option<CodeBlock> {
        let mut count = Count::default();
        let mut strings = TripleQuotes::default();
        for (offset, line) in region.iter().enumerate() {
            if !(self.trust_strings && strings.is_open()) {
                count.add(line.text, self.evidence(start + offset));
            }
            strings.read(line.text);
        }
        let is_program = count.strong > 0 || (count.imports > 0 && count.code > 1);
        if !is_program || !count.is_python() {
            return None;
        }
        let lines = with_gaps(self.without_headings(start, region));
        let mut block = CodeBlock::new(Some("python".to_owned()), &lines)?;
        block.fenced = false;
        Some(block)
    }

    /// Leaves out comments at both ends that a gap separates from the code: headings of the text around it.
    fn without_headings<'c>(&self, start: usize, region: &'c [Line<'a>]) -> &'c [Line<'a>] {
        let is_comment = |offset: &usize| self.evidence(start + offset) == Evidence::Comment;
        let leading = (0..region.len()).take_while(is_comment).count();
        let from = if self.follows_gap(start + leading) { leading } else { 0 };
        let trailing = (0..region.len()).rev().take_while(is_comment).count();
        let last = region.len() - trailing;
        let to = if trailing > 0 && self.follows_gap(start + last) { last } else { region.len() };
        region.get(from..to).unwrap_or(region)
    }
}

/// Puts the blank lines back in.
fn with_gaps<'a>(lines: &[Line<'a>]) -> Vec<Line<'a>> {
    let mut filled: Vec<Line<'a>> = Vec::with_capacity(lines.len());
    for line in lines {
        if let Some(last) = filled.last().map(|last| last.number) {
            filled.extend((last + 1..line.number).map(|number| Line { number, column: 0, text: "" }));
        }
        filled.push(*line);
    }
    filled
}
