//! From a sample to a verdict.

use code_blocks::{CodeBlock, Source};
use gradebox_sdk::{Description, Example, GradeError, Grader, Sample, Verdict, description};
use ruff_python_ast::PythonVersion;
use serde_json::json;

use crate::{
    language::Language,
    problem::TooDeep,
    report::{Checked, details, reason},
};

/// Bytes of a response that are looked at: far above any answer of a model, and parsed well within the memory and
/// the time that the host gives.
const LARGEST_RESPONSE: usize = 1024 * 1024;

/// What the grader may be told.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Params {
    /// The one language to check. Empty: every block by the tag of its fence, and untagged code that is recognisably
    /// Python. Otherwise: the blocks with this tag; without any, the untagged ones; without any fence, the whole
    /// response.
    pub language: String,
    /// The version of Python that the code is written for, from 3.7 to 3.15.
    pub python_version: String,
    /// How many errors are reported at most; the score counts all.
    pub max_errors: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { language: String::new(), python_version: "3.14".to_owned(), max_errors: 10 }
    }
}

/// Checks the syntax of the code in a response. The score is the share of its blocks that are valid.
///
/// Judged are blocks of the languages that there is a parser for, and no others: a response without any is not
/// judged. Of an interactive session of Python, the input counts.
pub struct Syntax;

impl Grader for Syntax {
    type Params = Params;

    fn describe() -> Description {
        let described = description!("Checks that the code in a response parses, and says where it does not");
        examples().fold(described, Description::example)
    }

    fn grade(sample: &Sample, params: &Params) -> Result<Verdict, GradeError> {
        let version = version(params)?;
        if sample.response.len() > LARGEST_RESPONSE {
            return Ok(Verdict::undecided(format!(
                "the response has {} bytes; code is looked for in at most {LARGEST_RESPONSE}",
                sample.response.len()
            )));
        }
        let found = code_blocks::find(&sample.response);
        let blocks = if params.language.trim().is_empty() {
            found.iter().filter_map(|block| Some((language_of(block)?, block.clone()))).collect()
        } else {
            let Some(language) = Language::named(&params.language) else {
                return Ok(Verdict::not_applicable(format!(
                    "`{}` cannot be checked; there are parsers for {}",
                    params.language,
                    Language::all()
                )));
            };
            blocks_of(language, &found, &sample.response)
        };
        if blocks.is_empty() {
            return Ok(Verdict::not_applicable(nothing_to_check(&found, &params.language)));
        }
        Ok(verdict(&blocks, version, params))
    }
}

/// The language of a block, when it can be checked.
fn language_of(block: &CodeBlock) -> Option<Language> {
    match &block.language {
        Some(tag) => Language::named(tag),
        None => block.is(Language::Python.tag()).then_some(Language::Python),
    }
}

/// The blocks of the language that a user asked for.
fn blocks_of(language: Language, found: &[CodeBlock], response: &str) -> Vec<(Language, CodeBlock)> {
    let of = |accept: &dyn Fn(&CodeBlock) -> bool| -> Vec<(Language, CodeBlock)> {
        found.iter().filter(|block| accept(block)).map(|block| (language, block.clone())).collect()
    };
    let tagged = of(&|block| block.language.as_deref() == Some(language.tag()));
    if language == Language::Python {
        return of(&|block| block.is(language.tag()));
    }
    if !tagged.is_empty() {
        return tagged;
    }
    if found.iter().any(|block| block.fenced) {
        return of(&|block| block.fenced && block.language.is_none());
    }
    code_blocks::whole(response, language.tag()).map(|block| (language, block)).into_iter().collect()
}

fn verdict(blocks: &[(Language, CodeBlock)], version: PythonVersion, params: &Params) -> Verdict {
    let mut checked: Vec<Checked<'_>> = Vec::with_capacity(blocks.len());
    for (number, (language, block)) in (1..).zip(blocks) {
        let source = Source::new(&block.code);
        match language.problems(&source, version) {
            Ok(problems) => checked.push(Checked { number, language: *language, block, source, problems }),
            Err(TooDeep) => {
                return Verdict::undecided(format!(
                    "the code block at line {} nests brackets, operators or indentation deeper than this grader can \
                     parse; simplify it",
                    block.line
                ));
            }
        }
    }
    let valid = checked.iter().filter(|block| block.problems.is_empty()).count();
    Verdict::Scored {
        value: share(valid, checked.len()),
        reason: reason(&checked, params.max_errors),
        details: details(&checked, params),
    }
}

fn share(valid: usize, all: usize) -> f64 {
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    count(valid) / count(all)
}

fn version(params: &Params) -> Result<PythonVersion, GradeError> {
    if params.max_errors == 0 {
        return Err(GradeError::invalid_params("max_errors", "must be at least 1"));
    }
    let minor = params.python_version.strip_prefix("3.").and_then(|minor| minor.parse::<u8>().ok());
    minor
        .map(|minor| PythonVersion { major: 3, minor })
        .filter(|version| PythonVersion::iter().any(|known| known == *version))
        .ok_or_else(|| {
            let problem = format!("`{}` is no version from `3.7` to `3.15`", params.python_version);
            GradeError::invalid_params("python_version", &problem)
        })
}

fn nothing_to_check(found: &[CodeBlock], wanted: &str) -> String {
    if found.is_empty() {
        return "the response contains no code".to_owned();
    }
    let mut languages: Vec<String> = Vec::new();
    for block in found {
        let name = block.language.as_ref().map_or_else(|| "untagged".to_owned(), |tag| format!("`{tag}`"));
        if !languages.contains(&name) {
            languages.push(name);
        }
    }
    languages.truncate(5);
    let languages = languages.join(", ");
    match wanted {
        "" => format!("there is no parser for the code in the response; its code blocks are {languages}"),
        wanted => format!("the response contains no code of `{wanted}`; its code blocks are {languages}"),
    }
}

/// Golden cases for `gradebox check`.
fn examples() -> impl Iterator<Item = Example> {
    GOLDEN.iter().map(|(response, params, score)| {
        let params: serde_json::Value = serde_json::from_str(params).unwrap_or_default();
        let example = Example::new(json!({"query": "Write a function.", "response": response})).params(params);
        score.map_or_else(|| example.clone().is_not_applicable(), |score| example.clone().scores(score))
    })
}

/// Responses, parameters, and the scores they get; none where there is nothing to judge.
const GOLDEN: [(&str, &str, Option<f64>); 22] = [
    ("```python\ndef double(n):\n    return 2 * n\n```", "{}", Some(1.0)),
    (
        "    def factorial(n):\n        if n = 1:\n            return 1\n        return n * factorial(n-1)",
        "{}",
        Some(0.0),
    ),
    ("First:\n```py\nx = (1\n```\nThen:\n~~~Python3\nprint(1)\n~~~", "{}", Some(0.5)),
    ("- In a list:\n\n  ```python\n  x = 1\n  y = 2\n  ```", "{}", Some(1.0)),
    ("```\n>>> f(1)\n2\n```", "{}", Some(1.0)),
    ("```python\nmatch x:\n    case 1:\n        pass\n```", r#"{"python_version": "3.9"}"#, Some(0.0)),
    ("The capital of France is Paris.", "{}", None),
    ("```bash\nls -la\n```", "{}", None),
    ("```brainfuck\n+[\n```", "{}", None),
    ("IDENTIFICATION DIVISION.", r#"{"language": "cobol"}"#, None),
    ("```js\nconst f = (x) => x?.y ?? 1;\n```\n```ts\nlet x: number = ;\n```", "{}", Some(0.5)),
    ("```jsx\nconst a = <b c={1}>d</b>;\n```", "{}", Some(1.0)),
    ("```rust\nfn main() { println!(\"{}\", 1) }\n```\n```rust\nfn main( {}\n```", "{}", Some(0.5)),
    ("```json\n{\"a\": [1, 2]}\n```\n```json\n{'a': 1}\n```", "{}", Some(0.5)),
    ("{\"a\": 1}", r#"{"language": "json"}"#, Some(1.0)),
    ("```toml\n[a]\nb = 1\n```\n```toml\nb =\n```", "{}", Some(0.5)),
    ("```yaml\na:\n  - b: c\n```\n```yaml\na: [1\n```", "{}", Some(0.5)),
    ("```sql\nSELECT a FROM b WHERE c = 1;\n```\n```sql\nSELECT FROM WHERE;\n```", "{}", Some(0.5)),
    ("```css\na { color: red }\n```\n```css\na { color: red\n```", "{}", Some(0.5)),
    ("```html\n<p>a<br><img src=b></p>\n```\n```html\n<div><span></div>\n```", "{}", Some(0.5)),
    ("```xml\n<a b=\"c\"/>\n```\n```xml\n<a><b></a>\n```", "{}", Some(0.5)),
    ("```jsonl\n{\"a\": 1}\n{\"a\": 2}\n```", "{}", Some(1.0)),
];

#[cfg(test)]
mod tests;
