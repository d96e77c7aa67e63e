//! What counts as code in a reply, and where it stands.

use proptest::prelude::*;

use super::*;

fn only(response: &str) -> CodeBlock {
    let blocks = find(response);
    assert_eq!(blocks.len(), 1, "{response:?} gives {blocks:#?}");
    blocks.into_iter().next().unwrap()
}

fn codes(response: &str) -> Vec<String> {
    find(response).into_iter().map(|block| block.code).collect()
}

/// Every line of every block is what the response has at the place that `locate` gives.
fn assert_places(response: &str) {
    let lines: Vec<&str> = lines::split(response).map(|line| line.text).collect();
    for block in find(response) {
        for (number, text) in (1..).zip(block.code.lines()) {
            let place = block.locate(Position { line: number, column: 1 });
            let there: String = lines[place.line as usize - 1].chars().skip(place.column as usize - 1).collect();
            assert!(there.starts_with(text), "line {number} of {block:#?} is not at {place:?} of {response:?}");
        }
    }
}

#[test]
fn fences_of_any_mark_length_tag_and_case() {
    for (open, close) in [
        ("```python", "```"),
        ("```Python", "```"),
        ("``` PYTHON3", "```  "),
        ("```py title=\"x.py\"", "```"),
        ("``` {.python}", "```"),
        ("~~~python", "~~~"),
        ("`````python3.12", "``````"),
        ("~~~~ py", "~~~~"),
        ("Here you are: ```python", "```"),
    ] {
        let response = format!("Sure.\n\n{open}\nx = 1\n{close}\nDone.");
        let block = only(&response);
        assert_eq!(block.language.as_deref(), Some("python"), "{open}");
        assert_eq!((block.code.as_str(), block.line, block.closed, block.fenced), ("x = 1\n", 4, true, true), "{open}");
    }
}

#[test]
fn a_shorter_or_other_fence_is_content() {
    assert_eq!(only("````\n```\nx\n```\n````").code, "```\nx\n```\n");
    assert_eq!(only("~~~\n```\nx\n~~~").code, "```\nx\n");
}

#[test]
fn blocks_in_lists_and_quotes_are_dedented_and_located() {
    let listed = "1. First:\n\n   ```python\n   def f():\n       return 1\n   ```\n2. Then stop.";
    let block = only(listed);
    assert_eq!((block.code.as_str(), block.line, block.column_offset), ("def f():\n    return 1\n", 4, 3));
    let quoted = "> Look:\n> ```py\n> x = 1\n>\n> y = 2\n> ```\nEnd";
    let block = only(quoted);
    assert_eq!((block.code.as_str(), block.line, block.column_offset), ("x = 1\n\ny = 2\n", 3, 2));
    let marked = "- ```python\n  x = 1\n  ```";
    assert_eq!(only(marked).code, "x = 1\n");
    let deep = "* a\n    * b\n\n        ```python\n        x = 1\n        ```";
    assert_eq!(only(deep).code, "x = 1\n");
    for response in [listed, quoted, marked, deep] {
        assert_places(response);
    }
}

#[test]
fn lines_less_indented_than_the_list_item_stay_in_the_block() {
    assert_eq!(only("1. Do:\n   ```python\ndef f():\n  return 1\n   ```\nDone").code, "def f():\n  return 1\n");
}

#[test]
fn a_string_that_stands_further_left_does_not_keep_the_indentation() {
    let response = "   ```python\n   x = \"\"\"\nleft\n   \"\"\"\n   y = 2\n   ```";
    assert_eq!(only(response).code, "x = \"\"\"\nleft\n\"\"\"\ny = 2\n");
    assert_places(response);
}

#[test]
fn a_reply_cut_off_keeps_its_code() {
    let block = only("Sure:\n```python\ndef f():\n    return 1");
    assert_eq!((block.code.as_str(), block.closed), ("def f():\n    return 1\n", false));
}

#[test]
fn fences_within_docstrings_are_content() {
    let indented =
        "```python\ndef f():\n    \"\"\"Doc.\n\n    ```\n    f()\n    ```\n    \"\"\"\n    return 1\n```\nText";
    assert!(only(indented).code.ends_with("return 1\n"));
    let tagged = "```python\ndef f():\n  \"\"\"Doc.\n  ```python\n  f()\n  ```\n  \"\"\"\n  return 1\n```\nText";
    assert!(only(tagged).code.ends_with("return 1\n"));
}

#[test]
fn a_forgotten_closing_fence_does_not_swallow_the_next_block() {
    let response = "```python\nx = 1\n\n```python\ny = 2\n```";
    assert_eq!(codes(response), ["x = 1\n", "y = 2\n"]);
    let glued = "```python\nprint(1)```\nThat is all.";
    let block = only(glued);
    assert_eq!((block.code.as_str(), block.closed), ("print(1)\n", true));
}

#[test]
fn a_markdown_fence_is_a_wrapping() {
    let response = "```markdown\n# Title\n```python\nx = 1\n```\nText\n```\nBye";
    let block = only(response);
    assert_eq!((block.code.as_str(), block.line), ("x = 1\n", 4));
}

#[test]
fn reasoning_is_not_part_of_the_answer() {
    let drafted = "<think>\n```python\nold = 1\n```\n</think>\n```python\nnew = 1\n```";
    assert_eq!(codes(drafted), ["new = 1\n"]);
    let unopened = "Let me try\n```python\nold = 1\n```\nGood.</think>\n\n```python\nnew = 1\n```";
    assert_eq!(codes(unopened), ["new = 1\n"]);
    assert!(find("<think>\n```python\nold = 1\n```\n").is_empty());
    let same_line = "<think>x</think>```python\nnew = 1\n```";
    assert_eq!(codes(same_line), ["new = 1\n"]);
    let in_code = "```python\ntext = \"\"\"\n<think>\n\"\"\"\n```";
    assert!(only(in_code).code.contains("<think>"));
    for response in [drafted, unopened, same_line, in_code] {
        assert_places(response);
    }
}

#[test]
fn line_ends_and_tabs() {
    let response = "Sure:\r\n```python\r\nif x:\r\n\ty = 1\r\n```\r\n";
    assert_eq!(only(response).code, "if x:\n\ty = 1\n");
    let tabs = "\t```python\n\tif x:\n\t\ty = 1\n\t```";
    assert_eq!(only(tabs).code, "if x:\n\ty = 1\n");
    assert_places(tabs);
}

#[test]
fn code_without_fences_is_found_though_it_does_not_parse() {
    let guide = "    def factorial(n):\n        if n = 1:\n            return 1\n        else:\n            return n * factorial(n-1)\n    ";
    let block = only(guide);
    assert_eq!(block.language.as_deref(), Some("python"));
    assert_eq!((block.line, block.column_offset, block.fenced), (1, 4, false));
    assert_eq!(block.code.lines().nth(1), Some("    if n = 1:"));
    assert_places(guide);
}

#[test]
fn code_between_prose_is_cut_out() {
    let response = "Here is the function you asked for:\n\nimport math\n\ndef area(r):\n    \"\"\"The area.\n\nof a circle\n    \"\"\"\n    return math.pi * r ** 2\n\nprint(area(2))\n\nThis prints the area of a circle with radius 2.";
    let block = only(response);
    assert!(block.code.starts_with("import math\n") && block.code.ends_with("print(area(2))\n"), "{}", block.code);
    assert_eq!(block.line, 3);
    assert_places(response);
    let with_dictionaries =
        "def f(key):\n    table = {\n        'a': 1,\n    }\n    return {\n        key: table,\n    }";
    assert_eq!(only(with_dictionaries).code, format!("{with_dictionaries}\n"));
    let indented = "You can write:\n\n    def f(n):\n        return n\n\nand call it.";
    assert_eq!(only(indented).code, "def f(n):\n    return n\n");
}

#[test]
fn broken_lines_between_code_belong_to_it() {
    let missing_colon = "def f(n)\n    return n\n\nprint(f(1))";
    assert_eq!(only(missing_colon).code, format!("{missing_colon}\n"));
    let misspelt = "def f(n):\n    return n\nfro i in range(3):\n    print(f(i))";
    assert_eq!(only(misspelt).code, format!("{misspelt}\n"));
    let open_string = "def f(n):\n    \"\"\"Adds.\n    return n\n\nf(1)";
    assert!(only(open_string).code.starts_with("def f(n):"));
}

#[test]
fn prose_is_not_code() {
    for prose in [
        "The capital of France is Paris. It is for all.",
        "x = 10",
        "x = 5\ny = 3",
        "2x + 5 = 15\n\nx = 5",
        "- one\n- two\n  - three",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "$ ls -la\ntotal 0\n$ python3 main.py",
        "If you want this:\n    - first wash it\n    - then dry it",
        "for example, in the following list:\n    the first is best",
        "while you wait:\n    read the manual",
        "import taxes are high",
        "import this",
        "class struggle: the history of all society",
        "def. a definition (see above): nothing",
        "Use `print(x)` or ```y = 1``` inline.",
        "# Heading\n\nText under it.\n\n## Another",
        "function f(x) {\n    return x;\n}\nconsole.log(f(1));",
        "Dear John,\n\n    I am with you.\n\nYours",
        "with love:\n    from me to you",
        "",
        "\n\n\n",
    ] {
        assert!(find(prose).is_empty(), "{prose:?} gives {:#?}", find(prose));
    }
}

#[test]
fn text_is_searched_only_when_no_fence_holds_a_program() {
    let with_output = "def f(n):\n    return n\n\nprint(f(1))\n\nOutput:\n```\n1\n```";
    let blocks = find(with_output);
    assert!(blocks.iter().any(|block| !block.fenced && block.code.contains("def f")), "{blocks:#?}");
    let with_program = "def f(n):\n    return m\n\nBetter:\n```python\ndef f(n):\n    return n\n```";
    assert!(only(with_program).fenced);
}

#[test]
fn a_bare_fence_is_python_only_when_recognisable() {
    let is_python = |code: &str| only(&format!("```\n{code}\n```")).is("python");
    for code in [
        "def f():\n    return 1",
        "import os\nos.getcwd()",
        "for i in range(3):\n    prnt(i",
        "print('a')",
        ">>> f(1)\n1",
    ] {
        assert!(is_python(code), "{code}");
    }
    for code in [
        "ls -la",
        "{\"a\": 1}",
        "x = 1",
        "1\n2\n3",
        "key = value",
        "function f(x) {\n    print(x);\n}",
        "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    boom(x)",
        "import java.util.List;\nclass A {\n}",
        "def f(x)\n  x + 1\nend",
        "pip install numpy",
    ] {
        assert!(!is_python(code), "{code}");
    }
    assert!(!only("```text\ndef f():\n    return 1\n```").is("python"));
}

#[test]
fn a_session_is_reduced_to_its_input() {
    let response = "```pycon\n>>> def f(n):\n...     return n\n...\n>>> f(1)\n1\n```";
    let block = only(response);
    assert!(block.transcript);
    assert_eq!(block.code, "def f(n):\n    return n\n\nf(1)\n");
    assert_eq!(block.locate(Position { line: 2, column: 5 }), Position { line: 3, column: 9 });
    assert_places(response);
}

fn fenced(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("Text.\n```python\n{part}\n```\n")).collect::<Vec<_>>().concat()
}

#[test]
fn the_program_is_the_last_version_with_what_it_builds_on() {
    for (parts, expected) in [
        (vec!["def f():\n    return 1"], vec![0]),
        (vec!["def f():\n    return 1", "def f():\n    return 2"], vec![1]),
        (vec!["def f():\n    return 1", "print(f())"], vec![0, 1]),
        (vec!["import math", "def f():\n    return math.pi"], vec![0, 1]),
        (vec!["def g():\n    return 1", "def f():\n    return g()"], vec![0, 1]),
        (vec!["def f():\n    return 1", "import unittest\nclass TestF(unittest.TestCase):\n    pass"], vec![0]),
        (vec!["def f():\n    return 1", ">>> f()\n1"], vec![0]),
        (vec!["n = int(input())\nprint(n)", "print(int(input()))"], vec![1]),
        (vec!["def main():\n    print(input())\nmain()", "def solve():\n    print(input())\nsolve()"], vec![1]),
        (vec!["def read():\n    return input()", "print(read())"], vec![0, 1]),
        (vec!["a = 1", "b = 2"], vec![1]),
        (vec!["def f():\n    return 1", "total = [1, 2]\nprint(total)"], vec![0]),
    ] {
        let response = fenced(&parts);
        let expected: Vec<&str> = expected.into_iter().map(|part: usize| parts[part]).collect();
        assert_eq!(program(&response, "Python3").unwrap().code, expected.join("\n") + "\n", "{parts:?}");
    }
}

#[test]
fn a_module_has_no_examples_of_use() {
    let response = fenced(&["def f():\n    return 1", "print(f())"]);
    assert_eq!(module(&response, "python").unwrap().code, "def f():\n    return 1\n");
}

#[test]
fn the_tag_wins_over_bare_fences_and_those_over_text() {
    let mixed = "```\ndef a():\n    return 1\n```\n```python\ndef b():\n    return 1\n```\n```js\nlet c = 1;\n```";
    assert!(program(mixed, "py").unwrap().code.starts_with("def b"));
    assert_eq!(program(mixed, "javascript").unwrap().code, "let c = 1;\n");
    assert!(program(mixed, "rust").is_none());
    assert!(program("The answer is 5.", "python").is_none());
    assert!(program("```\n1 2 3\n```", "python").is_none());
}

#[test]
fn parts_of_a_program_keep_their_places() {
    let response = fenced(&["import math", "def f():\n    return math.pi"]);
    let joined = program(&response, "python").unwrap();
    assert_eq!(joined.locate(Position { line: 1, column: 1 }), Position { line: 3, column: 1 });
    assert_eq!(joined.locate(Position { line: 3, column: 5 }), Position { line: 8, column: 5 });
}

fn pieces_of_a_reply() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("```".to_owned()),
        Just("```python".to_owned()),
        Just("~~~~".to_owned()),
        Just("    ".to_owned()),
        Just("\t".to_owned()),
        Just("> ".to_owned()),
        Just("- ".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("def f(x):\n    return x\n".to_owned()),
        Just("\"\"\"".to_owned()),
        Just("'".to_owned()),
        Just(">>> ".to_owned()),
        Just("<think>".to_owned()),
        Just("</think>".to_owned()),
        Just("```markdown\n".to_owned()),
        Just("é = \"ü\"".to_owned()),
        Just("print(1)".to_owned()),
        "\\PC{0,6}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_line_is_where_it_says(response in pieces_of_a_reply()) {
        assert_places(&response);
        if let Some(program) = program(&response, "python") {
            prop_assert!(program.line >= 1);
        }
    }

    #[test]
    fn any_text_is_read(response in any::<String>()) {
        assert_places(&response);
    }

    #[test]
    fn indenting_a_block_changes_only_where_it_stands(
        lines in prop::collection::vec("[a-z]( {0,4}[a-z]{1,5}){0,3}", 1..8),
        indents in prop::collection::vec(0_usize..4, 8),
        margin in "[ ]{0,9}|\t{1,2}",
    ) {
        let code: Vec<String> =
            lines.iter().zip(&indents).map(|(line, indent)| format!("{}{line}", "    ".repeat(*indent))).collect();
        let reply = |margin: &str| {
            let lines: Vec<String> = code.iter().map(|line| format!("{margin}{line}\n")).collect();
            format!("{margin}```python\n{}{margin}```\n", lines.concat())
        };
        let (plain, moved) = (only(&reply("")), only(&reply(&margin)));
        prop_assert_eq!(&plain.code, &moved.code);
        prop_assert_eq!(plain.line, moved.line);
        prop_assert_eq!(plain.column_offset as usize + margin.len(), moved.column_offset as usize);
    }
}
