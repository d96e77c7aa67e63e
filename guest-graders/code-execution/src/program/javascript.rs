//! What a response in JavaScript may mean, where the task's prompt ends with the head of a function.

use code_blocks::CodeBlock;

use super::{Place, Program, function_name, looks_like_body};

/// The programs that a response may mean, the likeliest first; none where it holds no code.
pub(super) fn candidates(
    response: &str,
    block: Option<&CodeBlock>,
    prompt: Option<&str>,
    entry_point: Option<&str>,
) -> Vec<Program> {
    let alone = block.map(|block| Program::new("", Place::Block(block.clone()), &block.code, 0));
    let prompt = prompt.map(str::trim_end).filter(|prompt| prompt.ends_with('{'));
    let name = prompt.and_then(|prompt| entry_point.map(function_name).or_else(|| last_definition(prompt)));
    let (Some(prompt), Some(name)) = (prompt, name) else { return alone.into_iter().collect() };
    let (place, code) = match block {
        Some(block) if defines(&block.code, name) => return alone.into_iter().collect(),
        Some(block) => (Place::Block(block.clone()), block.code.as_str()),
        None if looks_like_body(response) => (Place::Whole, response),
        None => return Vec::new(),
    };
    let unclosed = format!("{}\n}}", code.trim_end_matches('\n'));
    [code, &unclosed].map(|code| Program::new(prompt, place.clone(), code, 0)).into_iter().chain(alone).collect()
}

/// The name that the last line which defines one gives to a function.
fn last_definition(prompt: &str) -> Option<&str> {
    prompt.lines().rev().find_map(defined)
}

/// The name that a line defines: `function f(`, `const f =` and their like.
fn defined(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for word in ["export ", "default ", "async "] {
        rest = rest.strip_prefix(word).map_or(rest, str::trim_start);
    }
    let words = ["function* ", "function *", "function ", "const ", "let ", "var ", "class "];
    let rest = words.iter().find_map(|word| rest.strip_prefix(word))?.trim_start();
    let end = rest.find(|character: char| !(character.is_alphanumeric() || "_$".contains(character)));
    rest.get(..end.unwrap_or(rest.len())).filter(|name| !name.is_empty())
}

fn defines(code: &str, name: &str) -> bool {
    code.lines().any(|line| {
        let assigned = line.trim_start().strip_prefix(name).map(str::trim_start);
        defined(line) == Some(name)
            || assigned.and_then(|rest| rest.strip_prefix('=')).is_some_and(|rest| !rest.starts_with('='))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &str = "/* Adds.\n  */\nconst add = (a, b) => {\n";

    fn sources(response: &str, prompt: &str, entry_point: Option<&str>) -> Vec<String> {
        let block = code_blocks::module_in(&code_blocks::find(response), "javascript");
        candidates(response, block.as_ref(), Some(prompt), entry_point)
            .into_iter()
            .map(|program| program.source)
            .collect()
    }

    #[test]
    fn a_body_stands_behind_the_prompt() {
        let found = sources("  return a + b;\n}\n", PROMPT, None);
        assert_eq!(found[0], format!("{PROMPT}  return a + b;\n}}\n"));
        let found = sources("```js\nreturn a + b;\n```", PROMPT, Some("add"));
        assert_eq!(found[1], format!("{PROMPT}return a + b;\n}}\n"));
    }

    #[test]
    fn a_whole_function_stands_alone() {
        for code in
            ["const add = (a, b) => a + b;", "function add(a, b) {\n  return a + b;\n}", "add = (a, b) => a + b;"]
        {
            assert_eq!(sources(&format!("```js\n{code}\n```"), PROMPT, None), [format!("{code}\n")]);
        }
    }

    #[test]
    fn a_prompt_in_words_is_no_head() {
        assert_eq!(sources("```js\nf()\n```", "Write add.", Some("add")), ["f()\n"]);
    }
}
