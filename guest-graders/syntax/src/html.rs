//! HTML: is every tag written as the standard has it, and every element closed that must be?
//!
//! A browser makes a page out of anything. An error here is what the HTML standard calls a parse error of the
//! tokenizer (<https://html.spec.whatwg.org/#parse-errors>), and elements that do not nest: one that is never closed
//! though its end tag may not be left out, an end tag without its element, a `/>` that closes nothing. A piece of a
//! page is as valid as a whole one; what may stand in what is not looked at.

use code_blocks::Source;
use html5gum::{DefaultEmitter, EndTag, StartTag, Token, Tokenizer};
use rustc_hash::FxHashMap;

use crate::problem::{Problem, first_of_each_line};

/// Elements that have no content and no end tag. Source: the HTML standard, "Void elements".
const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// Elements whose end tag may be left out. Source: the HTML standard, "Optional tags".
const MAY_STAY_OPEN: [&str; 18] = [
    "body", "caption", "colgroup", "dd", "dt", "head", "html", "li", "optgroup", "option", "p", "rp", "rt", "tbody",
    "td", "tfoot", "thead", "tr",
];

/// Elements whose start ends a paragraph. Source: the HTML standard, "The p element".
const ENDS_PARAGRAPH: [&str; 36] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "dd",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "li",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "ul",
];

pub(crate) fn problems(source: &Source<'_>) -> Vec<Problem> {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut open = OpenElements { source, elements: Vec::new(), counts: FxHashMap::default(), problems: Vec::new() };
    for Ok(token) in Tokenizer::new_with_emitter(source.code, emitter) {
        match token {
            Token::StartTag(tag) => open.start(&tag),
            Token::EndTag(tag) => open.end(&tag),
            Token::Error(error) => open.report(error.value.as_str().replace('-', " "), error.span.start),
            _ => {}
        }
    }
    while let Some(element) = open.close() {
        open.require_end(&element);
    }
    first_of_each_line(source, open.problems)
}

struct Element {
    name: String,
    start: usize,
}

struct OpenElements<'a> {
    source: &'a Source<'a>,
    elements: Vec<Element>,
    /// How many elements of each name are open.
    counts: FxHashMap<String, usize>,
    problems: Vec<Problem>,
}

impl OpenElements<'_> {
    fn start(&mut self, tag: &StartTag<usize>) {
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        let is_foreign = self.is_foreign() || matches!(name.as_str(), "svg" | "math");
        let is_in_paragraph = self.elements.last().is_some_and(|element| element.name == "p");
        if is_in_paragraph && ENDS_PARAGRAPH.contains(&name.as_str()) {
            self.close();
        }
        if VOID.contains(&name.as_str()) || (is_foreign && tag.self_closing) {
            return;
        }
        if tag.self_closing {
            self.report(format!("`/>` does not close `<{name}>`; write `</{name}>`"), tag.span.start);
            return;
        }
        *self.counts.entry(name.clone()).or_default() += 1;
        self.elements.push(Element { name, start: tag.span.start });
    }

    fn end(&mut self, tag: &EndTag<usize>) {
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        if VOID.contains(&name.as_str()) {
            return self.report(format!("`<{name}>` has no end tag"), tag.span.start);
        }
        if !self.is_open(&name) {
            return self.report(format!("`</{name}>` closes nothing: no such element is open"), tag.span.start);
        }
        while let Some(element) = self.close().filter(|element| element.name != name) {
            self.require_end(&element);
        }
    }

    /// Inside a drawing or formula, where `/>` closes.
    fn is_foreign(&self) -> bool {
        self.is_open("svg") || self.is_open("math")
    }

    fn is_open(&self, name: &str) -> bool {
        self.counts.get(name).is_some_and(|count| *count > 0)
    }

    /// Takes the innermost element off.
    fn close(&mut self) -> Option<Element> {
        let element = self.elements.pop()?;
        if let Some(count) = self.counts.get_mut(&element.name) {
            *count -= 1;
        }
        Some(element)
    }

    fn require_end(&mut self, element: &Element) {
        if !MAY_STAY_OPEN.contains(&element.name.as_str()) {
            self.report(format!("`<{}>` is never closed", element.name), element.start);
        }
    }

    fn report(&mut self, message: String, at: usize) {
        self.problems.push(Problem::at_place(self.source, message, at));
    }
}
