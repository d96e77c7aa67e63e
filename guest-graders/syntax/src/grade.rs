//! From a sample to a verdict.

use code_blocks::{CodeBlock, Source};
use gradebox_sdk::{Description, Example, GradeError, Grader, Sample, Verdict, description};
use ruff_python_ast::PythonVersion;
use serde_json::json;

use crate::{
    check,
    report::{Checked, details, reason},
};

/// Bytes of a response that are looked at: far above any answer of a model, and parsed well within the memory and
/// the time that the host gives.
const LARGEST_RESPONSE: usize = 1024 * 1024;

/// What the grader may be told.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Params {
    /// The language to check; only `python` (or a name for it, such as `py`) so far.
    pub language: String,
    /// The version of Python that the code is written for, from 3.7 to 3.15.
    pub target_version: String,
    /// How many errors are reported at most; the score counts all.
    pub max_errors: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { language: "python".to_owned(), target_version: "3.14".to_owned(), max_errors: 10 }
    }
}

/// Checks the syntax of the code in a response. The score is the share of its blocks that Python would compile.
///
/// Judged are blocks tagged as Python, bare fences that are recognisably Python, and Python without a fence; of an
/// interactive session, the input.
pub struct Syntax;

impl Grader for Syntax {
    type Params = Params;

    fn describe() -> Description {
        let described = description!("Checks that the Python code in a response parses, and says where it does not.");
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
        let blocks: Vec<&CodeBlock> = found.iter().filter(|block| block.is("python")).collect();
        if blocks.is_empty() {
            return Ok(Verdict::not_applicable(nothing_to_check(&found)));
        }
        Ok(verdict(&blocks, version, params))
    }
}

fn verdict(blocks: &[&CodeBlock], version: PythonVersion, params: &Params) -> Verdict {
    let mut checked: Vec<Checked<'_>> = Vec::with_capacity(blocks.len());
    for (number, block) in (1..).zip(blocks) {
        let source = Source::new(&block.code);
        match check::problems(&source, version) {
            Ok(problems) => checked.push(Checked { number, block, source, problems }),
            Err(check::TooDeep) => {
                return Verdict::undecided(format!(
                    "the code block at line {} nests brackets, operators or indentation deeper than this grader can \
                     parse; simplify it",
                    block.line
                ));
            }
        }
    }
    let valid = checked.iter().filter(|block| block.problems.is_empty()).count();
    let verdict = Verdict::scored(share(valid, checked.len()), reason(&checked, params.max_errors));
    details(&checked, params).into_iter().fold(verdict, |verdict, (key, value)| verdict.detail(&key, value))
}

fn share(valid: usize, all: usize) -> f64 {
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    count(valid) / count(all)
}

fn version(params: &Params) -> Result<PythonVersion, GradeError> {
    if code_blocks::normalised(&params.language) != "python" {
        let problem = format!("`{}` cannot be checked; the only language is `python`", params.language);
        return Err(GradeError::invalid_params("language", &problem));
    }
    if params.max_errors == 0 {
        return Err(GradeError::invalid_params("max_errors", "must be at least 1"));
    }
    let minor = params.target_version.strip_prefix("3.").and_then(|minor| minor.parse::<u8>().ok());
    minor
        .map(|minor| PythonVersion { major: 3, minor })
        .filter(|version| PythonVersion::iter().any(|known| known == *version))
        .ok_or_else(|| {
            let problem = format!("`{}` is no version from `3.7` to `3.15`", params.target_version);
            GradeError::invalid_params("target_version", &problem)
        })
}

fn nothing_to_check(found: &[CodeBlock]) -> String {
    if found.is_empty() {
        return "the response contains no code".to_owned();
    }
    let mut languages: Vec<String> = Vec::new();
    for block in found {
        let name = block
            .language
            .as_ref()
            .map_or_else(|| "untagged, not recognisably Python".to_owned(), |tag| format!("`{tag}`"));
        if !languages.contains(&name) {
            languages.push(name);
        }
    }
    languages.truncate(5);
    format!("the response contains no Python code; its code blocks are {}", languages.join(", "))
}

/// Golden cases for `gradebox check`.
fn examples() -> impl Iterator<Item = Example> {
    GOLDEN.iter().map(|(response, target_version, score)| {
        let row = json!({"query": "Write a Python function.", "response": response});
        let example = Example::new(row).params(json!({"target_version": target_version}));
        score.map_or_else(|| example.clone().is_not_applicable(), |score| example.clone().scores(score))
    })
}

/// Responses, versions of Python, and the scores they get; none where there is no Python to judge.
const GOLDEN: [(&str, &str, Option<f64>); 8] = [
    ("```python\ndef double(n):\n    return 2 * n\n```", "3.14", Some(1.0)),
    (
        "    def factorial(n):\n        if n = 1:\n            return 1\n        return n * factorial(n-1)",
        "3.14",
        Some(0.0),
    ),
    ("First:\n```py\nx = (1\n```\nThen:\n~~~Python3\nprint(1)\n~~~", "3.14", Some(0.5)),
    ("- In a list:\n\n  ```python\n  x = 1\n  y = 2\n  ```", "3.14", Some(1.0)),
    ("```\n>>> f(1)\n2\n```", "3.14", Some(1.0)),
    ("```python\nmatch x:\n    case 1:\n        pass\n```", "3.9", Some(0.0)),
    ("The capital of France is Paris.", "3.14", None),
    ("```bash\nls -la\n```", "3.14", None),
];

#[cfg(test)]
mod tests;
