//! Makes one program of a response: its code, with what the task's prompt already defines.
//!
//! HumanEval's prompt ends with the head of the function that the response completes. A response may be a
//! whole function, then the prompt's imports and helper functions stand before it, or only the body, then the
//! whole prompt does. Which one parses is for the host to say, so there are several [`candidates`].

mod javascript;

use std::collections::HashSet;

use code_blocks::{CodeBlock, Position};

use crate::language;

/// The code to test, with where its lines come from.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Ends with a newline.
    pub(crate) source: String,
    /// Lines of the prompt before the response's own.
    lines_before: u32,
    /// Lines of the response's own.
    lines: u32,
    /// How many columns the response's lines were moved to the right.
    indented: u32,
    place: Place,
}

/// Bytes of a response that may be a body as a whole; there are several ways to read one, each with a copy.
const LONGEST_BODY: usize = 1 << 20;

/// Where a line of a program comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The prompt.
    Prompt,
    /// This place in the response.
    Response(Position),
    /// This line, counted from 1, of what was put behind the program.
    Behind(u32),
}

#[derive(Debug, Clone)]
enum Place {
    /// The response as it is.
    Whole,
    Block(CodeBlock),
}

/// The programs that a response may mean, the likeliest first; none where it holds no code. `prompt` is the
/// task's, `entry_point` the function that the tests call.
pub(crate) fn candidates(
    response: &str,
    block: Option<CodeBlock>,
    prompt: Option<&str>,
    entry_point: Option<&str>,
    language: &str,
) -> Vec<Program> {
    if language == language::JAVASCRIPT {
        return javascript::candidates(response, block.as_ref(), prompt, entry_point);
    }
    let alone = block.as_ref().map(|block| Program::new("", Place::Block(block.clone()), &block.code, 0));
    let name = entry_point.map(function_name);
    let head = name.zip(prompt).and_then(|(name, prompt)| Some((name, prompt, definition(prompt, name)?)));
    let Some((name, prompt, head)) = head else { return alone.into_iter().collect() };
    match block {
        Some(block) if defines(&block.code, name) => {
            let preamble = prompt.get(..head).unwrap_or_default();
            let behind = Program::new(preamble, Place::Block(block.clone()), &block.code, 0);
            let first = (!preamble.trim().is_empty()).then_some(behind);
            first.into_iter().chain(alone).collect()
        }
        block => {
            let block = block.filter(|block| !leaves_out_code(response, block));
            let alone = alone.filter(|_| block.is_some());
            let fenced = block.as_ref().is_some_and(|block| block.fenced);
            let whole = if fenced || response.len() > LONGEST_BODY {
                Vec::new()
            } else {
                completions(prompt, &Place::Whole, response)
            };
            let of_block = block.map(|block| {
                let place = Place::Block(block.clone());
                // Dedented together: no line of it has lost its indentation.
                let keeps_indentation = !block.fenced && looks_like_body(response);
                let moved = || vec![Program::new(prompt, place.clone(), &block.code, 4)];
                if keeps_indentation { moved() } else { completions(prompt, &place, &block.code) }
            });
            whole.into_iter().chain(of_block.into_iter().flatten()).chain(alone).collect()
        }
    }
}

/// What a task's prompt defines before the function that the response is to complete, or before its class.
pub(crate) fn preamble<'a>(prompt: &'a str, entry_point: Option<&str>) -> &'a str {
    let head = entry_point.and_then(|entry_point| definition(prompt, function_name(entry_point)));
    let before = head.and_then(|head| prompt.get(..head)).unwrap_or_default();
    if prompt.get(before.len()..).is_some_and(|rest| rest.starts_with([' ', '\t'])) {
        let class = before.rfind("\nclass ").map(|newline| newline + 1);
        return class.and_then(|class| before.get(..class)).unwrap_or_default();
    }
    before
}

/// Whether a text that is no code block was meant as the indented body of a function.
pub(crate) fn looks_like_body(response: &str) -> bool {
    response.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.starts_with([' ', '\t']))
}

/// Whether code without a fence is only a part of a response that was meant as a body: what cannot be read as code in
/// a body is a mistake in it. Prose behind a body stands at the margin.
fn leaves_out_code(response: &str, block: &CodeBlock) -> bool {
    if block.fenced || !looks_like_body(response) {
        return false;
    }
    let lines_of_block = 1..=count_lines(&block.code);
    let kept: HashSet<u32> = lines_of_block.map(|line| block.locate(Position { line, column: 1 }).line).collect();
    let is_code = |text: &str| text.starts_with([' ', '\t']) && !matches!(text.trim().chars().next(), None | Some('#'));
    (1..).zip(response.lines()).any(|(line, text)| is_code(text) && !kept.contains(&line))
}

/// The name that a call must use: a method when the program has no such function, but a class with it.
pub(crate) fn target_in(source: &str, target: &str) -> String {
    let path: Vec<&str> = target.split('.').map(|part| part.trim().trim_end_matches("()")).collect();
    let [name] = path.as_slice() else { return path.join(".") };
    let is_function = |line: &str| is_definition(line, name);
    if source.lines().any(is_function) || !source.lines().any(|line| is_function(line.trim_start())) {
        return (*name).to_owned();
    }
    match class_of_method(source, name) {
        Some(class) => format!("{class}.{name}"),
        None => (*name).to_owned(),
    }
}

impl Program {
    /// `code` indented by `indent` spaces behind `before`.
    fn new(before: &str, place: Place, code: &str, indent: usize) -> Self {
        let mut source = String::with_capacity(before.len() + code.len() + 64);
        let mut own = String::with_capacity(code.len());
        let future = "from __future__ import";
        for line in code.lines() {
            let moves = !before.trim().is_empty() && line.starts_with(future);
            if moves {
                source.push_str(line);
                source.push('\n');
            }
            if indent > 0 && !line.trim().is_empty() {
                own.push_str(&" ".repeat(indent));
            }
            own.push_str(if moves { "pass" } else { line });
            own.push('\n');
        }
        if !before.is_empty() {
            source.push_str(before.trim_end_matches('\n'));
            source.push('\n');
        }
        let lines_before = count_lines(&source);
        source.push_str(&own);
        let indented = u32::try_from(indent).unwrap_or(0);
        Self { source, lines_before, lines: count_lines(&own), indented, place }
    }

    /// The first line of the response's own code, as a line of the response.
    pub(crate) fn first_line(&self) -> u32 {
        match &self.place {
            Place::Whole => 1,
            Place::Block(block) => block.line,
        }
    }

    /// Where a place in the source, or behind it, comes from; both are counted from 1.
    pub(crate) fn origin(&self, line: u32, column: u32) -> Origin {
        if line <= self.lines_before {
            return Origin::Prompt;
        }
        let line = line - self.lines_before;
        if line > self.lines {
            return Origin::Behind(line - self.lines);
        }
        let in_code = Position { line, column: column.saturating_sub(self.indented).max(1) };
        Origin::Response(match &self.place {
            Place::Whole => in_code,
            Place::Block(block) => block.locate(in_code),
        })
    }

    /// A line of the source, counted from 1.
    pub(crate) fn line(&self, line: u32) -> Option<&str> {
        self.source.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)
    }
}

/// The prompt with a body behind it, as the body stands or moved into the function.
fn completions(prompt: &str, place: &Place, code: &str) -> Vec<Program> {
    let as_it_is = || Program::new(prompt, place.clone(), code, 0);
    let moved = || Program::new(prompt, place.clone(), code, 4);
    let first_line_moved = || Program::new(prompt, place.clone(), &format!("    {}", code.trim_start()), 0);
    let starts_indented = looks_like_body(code);
    let at_margin = |words: [&str; 2]| code.lines().any(|line| words.iter().any(|word| is_word_at_start(line, word)));
    let others_indented =
        code.trim().lines().skip(1).filter(|line| !line.trim().is_empty()).all(|line| line.starts_with("    "));
    match (starts_indented, others_indented) {
        (true, _) => vec![as_it_is()],
        // `return` belongs into the function, wherever the model put it.
        (false, false) if at_margin(["return", "yield"]) => vec![moved()],
        (false, false) => vec![moved(), as_it_is()],
        (false, true) => vec![moved(), first_line_moved(), as_it_is()],
    }
}

/// The last name of an expression such as `Solution().add`.
fn function_name(entry_point: &str) -> &str {
    entry_point.rsplit('.').next().unwrap_or(entry_point).trim().trim_end_matches("()")
}

/// Where the line that defines a function begins, at any indentation: the last such line.
fn definition(source: &str, name: &str) -> Option<usize> {
    let mut start = 0;
    let mut found = None;
    for line in source.split_inclusive('\n') {
        if is_definition(line.trim_start(), name) {
            found = Some(start);
        }
        start += line.len();
    }
    found
}

/// Whether code makes the name: as a function, a variable or an import.
fn defines(code: &str, name: &str) -> bool {
    definition(code, name).is_some()
        || code.lines().any(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(['=', ':']))
                || (is_word_at_start(line, "from") && line.ends_with(name))
        })
}

fn is_definition(line: &str, name: &str) -> bool {
    let rest = line.strip_prefix("async ").map_or(line, str::trim_start);
    let rest = rest.strip_prefix("def ").and_then(|rest| rest.trim_start().strip_prefix(name));
    rest.is_some_and(|rest| rest.trim_start().starts_with(['(', '[']))
}

/// The last top-level class before a method of this name.
fn class_of_method<'a>(source: &'a str, name: &str) -> Option<&'a str> {
    let mut class = None;
    for line in source.lines() {
        if let Some(rest) = line.strip_prefix("class ") {
            class = rest.split(['(', ':', '[']).next().map(str::trim);
        } else if line.starts_with([' ', '\t']) && is_definition(line.trim_start(), name) && class.is_some() {
            return class;
        } else if !line.starts_with([' ', '\t', '#', ')', ']', '}']) && !line.is_empty() {
            class = None;
        }
    }
    None
}

fn is_word_at_start(line: &str, word: &str) -> bool {
    line.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
}

fn count_lines(text: &str) -> u32 {
    u32::try_from(text.lines().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &str = "import math\n\ndef helper(x):\n    return x\n\ndef f(x):\n    \"\"\"Doc.\"\"\"\n";

    fn sources(response: &str, prompt: Option<&str>) -> Vec<String> {
        let block = code_blocks::module(response, "python");
        candidates(response, block, prompt, Some("f"), "python").into_iter().map(|program| program.source).collect()
    }

    #[test]
    fn a_whole_function_gets_what_stands_before_it_in_the_prompt() {
        let response = "Here:\n```python\ndef f(x):\n    return helper(x)\n```\n";
        let code = "def f(x):\n    return helper(x)\n";
        let preamble = "import math\n\ndef helper(x):\n    return x\n";
        assert_eq!(sources(response, Some(PROMPT)), [format!("{preamble}{code}"), code.to_owned()]);
        assert_eq!(sources(response, Some("Write f.")), [code]);
        assert_eq!(sources(response, None), [code]);
    }

    #[test]
    fn a_bare_body_gets_the_whole_prompt() {
        for response in ["    y = x\n    return y\n", "```python\n    y = x\n    return y\n```"] {
            let first = sources(response, Some(PROMPT)).into_iter().next().unwrap();
            assert_eq!(first, format!("{PROMPT}    y = x\n    return y\n"), "{response}");
        }
    }

    #[test]
    fn a_broken_body_is_not_repaired_by_leaving_lines_out() {
        for response in [
            "        return ''\n\n    y = 0\n    while y < 3:\n        y += 1\n\n    return y\n",
            "        if not x:\n        return ''\n\n    y = 0\n\n    return y\n",
        ] {
            assert_eq!(sources(response, Some(PROMPT)), [format!("{PROMPT}{response}")]);
        }
        let response = "    import math\n        return math.pi\n";
        let repaired = format!("{PROMPT}    import math\n    return math.pi\n");
        assert!(!sources(response, Some(PROMPT)).contains(&repaired));
    }

    #[test]
    fn prose_behind_a_body_is_left_out() {
        let response = "    for y in x:\n        print(y)\n    return 1\n\nThis prints each and returns one.";
        let body = format!("{PROMPT}    for y in x:\n        print(y)\n    return 1\n");
        assert!(sources(response, Some(PROMPT)).contains(&body));
    }

    #[test]
    fn a_body_that_lost_its_first_indent_is_tried_with_it() {
        let response = "for y in x:\n        print(y)\n    return 1";
        let expected = format!("{PROMPT}    for y in x:\n        print(y)\n    return 1\n");
        assert!(sources(response, Some(PROMPT)).contains(&expected));
    }

    #[test]
    fn future_imports_stay_first() {
        let response = "```python\nfrom __future__ import annotations\ndef f(x):\n    return x\n```";
        let first = sources(response, Some(PROMPT)).into_iter().next().unwrap();
        assert!(first.starts_with("from __future__ import annotations\nimport math\n"), "{first}");
        assert!(first.ends_with("pass\ndef f(x):\n    return x\n"), "{first}");
    }

    #[test]
    fn lines_lead_back_to_the_response() {
        let response = "Here:\n\n```python\ndef f(x):\n    return helper(x)\n```\n";
        let block = code_blocks::module(response, "python");
        let program = candidates(response, block, Some(PROMPT), Some("f"), "python").into_iter().next().unwrap();
        assert_eq!(program.origin(1, 1), Origin::Prompt);
        assert_eq!(program.origin(5, 1), Origin::Response(Position { line: 4, column: 1 }));
        assert_eq!(program.origin(6, 5), Origin::Response(Position { line: 5, column: 5 }));
        assert_eq!(program.origin(7, 1), Origin::Behind(1));
        assert_eq!(program.line(6), Some("    return helper(x)"));
    }

    #[test]
    fn prose_is_no_body() {
        assert!(!looks_like_body("I do not know."));
        assert!(looks_like_body("\n    return x"));
        assert_eq!(sources("I do not know.", None), [] as [String; 0]);
    }

    #[test]
    fn a_method_is_called_on_its_class() {
        let source = "import x\nclass Solution(object):\n    # sum\n    def add(self, a):\n        return a\n";
        assert_eq!(target_in(source, "add"), "Solution.add");
        assert_eq!(target_in(source, "Solution().add"), "Solution.add");
        assert_eq!(target_in("def add(a):\n    return a\n", "add"), "add");
        assert_eq!(target_in("def make():\n    def add(a):\n        return a\n", "add"), "add");
        assert_eq!(target_in("add = sum\n", "add"), "add");
    }
}
