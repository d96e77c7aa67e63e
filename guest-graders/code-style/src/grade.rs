//! From a sample to a verdict.

use std::fmt::Write as _;

use code_blocks::CodeBlock;
use gradebox_sdk::{
    Description, Example, GradeError, Grader, Sample, Verdict, description,
    serde_json::{Value, json},
};

use crate::block::{Finding, Judged, Style};

/// Bytes of a response that are looked at.
const LARGEST_RESPONSE: usize = 1024 * 1024;

/// Blocks and findings that the details list.
const MOST_LISTED: usize = 100;

/// What the grader may be told.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Params {
    /// What consistent indentation counts against good names, from 0 to 1.
    pub indentation_weight: f64,
    /// Spaces of one level of indentation; any indentation that is the same throughout when absent.
    pub indent_width: Option<u32>,
    /// Names that are left out, such as those that a task prescribes.
    pub allowed_names: Vec<String>,
    /// How many findings the reason lists at most.
    pub max_findings: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { indentation_weight: 0.5, indent_width: None, allowed_names: Vec::new(), max_findings: 10 }
    }
}

/// Scores the style of the Python in a response: the mean over its blocks of consistent indentation and of the share
/// of names that are written as PEP 8 has them. What a block does not have (indented lines, names) does not count.
pub struct CodeStyle;

impl Grader for CodeStyle {
    type Params = Params;

    fn describe() -> Description {
        let described = description!("Judges the indentation and the names of the Python code in a response");
        examples().into_iter().fold(described, Description::example)
    }

    fn grade(sample: &Sample, params: &Params) -> Result<Verdict, GradeError> {
        if !(0.0..=1.0).contains(&params.indentation_weight) {
            return Err(GradeError::invalid_params("indentation_weight", "must be from 0 to 1"));
        }
        if params.indent_width.is_some_and(|width| !(1..=16).contains(&width)) {
            return Err(GradeError::invalid_params("indent_width", "must be from 1 to 16"));
        }
        if sample.response.len() > LARGEST_RESPONSE {
            let size = sample.response.len();
            return Ok(Verdict::undecided(format!(
                "the response has {size} bytes; code is looked for in at most {LARGEST_RESPONSE}"
            )));
        }
        let blocks = code_blocks::find(&sample.response);
        let blocks: Vec<&CodeBlock> = blocks.iter().filter(|block| block.is("python")).collect();
        if blocks.is_empty() {
            return Ok(Verdict::not_applicable("the response contains no Python code"));
        }
        Ok(judge(&blocks, params))
    }
}

fn judge(blocks: &[&CodeBlock], params: &Params) -> Verdict {
    let style = Style { indent_width: params.indent_width, allowed_names: &params.allowed_names };
    let mut judged = Vec::with_capacity(blocks.len());
    for block in blocks {
        let Ok(found) = Judged::of(block, &style) else {
            let line = block.line;
            return Verdict::undecided(format!("the code block at line {line} nests too deep to be parsed here"));
        };
        judged.push((block.line, found));
    }
    let scores: Vec<f64> = judged.iter().filter_map(|(_, block)| block.score(params.indentation_weight)).collect();
    let Some(value) = mean(&scores) else {
        return Verdict::not_applicable("the code indents nothing and names nothing that has a style");
    };
    Verdict::scored(value, reason(&judged, params.max_findings))
        .detail(
            "blocks",
            judged.iter().take(MOST_LISTED).map(|(line, block)| summary(*line, block, params)).collect::<Vec<_>>(),
        )
        .detail(
            "findings",
            judged.iter().flat_map(|(_, block)| &block.findings).take(MOST_LISTED).map(finding).collect::<Vec<_>>(),
        )
}

/// `None` of nothing.
fn mean(scores: &[f64]) -> Option<f64> {
    let count = f64::from(u32::try_from(scores.len()).unwrap_or(u32::MAX));
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / count)
}

fn reason(judged: &[(u32, Judged)], most: usize) -> String {
    let findings = || judged.iter().flat_map(|(_, block)| &block.findings);
    let names: usize = judged.iter().map(|(_, block)| block.names).sum();
    let mut reason = match findings().count() {
        0 => format!("indentation and names are as they should be; {names} names"),
        count => format!("{count} of style to mend"),
    };
    for Finding { place, message } in findings().take(most) {
        let _ = write!(reason, "\nline {}, column {}: {message}", place.line, place.column);
    }
    let more = findings().count().saturating_sub(most);
    if more > 0 {
        let _ = write!(reason, "\nand {more} more");
    }
    for (line, _) in judged.iter().filter(|(_, block)| !block.parses).take(1) {
        let _ =
            write!(reason, "\nthe code block at line {line} does not parse; it is judged by what can be read of it");
    }
    reason
}

fn summary(line: u32, block: &Judged, params: &Params) -> Value {
    json!({
        "line": line,
        "score": block.score(params.indentation_weight),
        "consistent_indentation": block.indentation,
        "names": block.names,
        "good_names": block.good_names,
        "parses": block.parses,
    })
}

fn finding(finding: &Finding) -> Value {
    json!({"line": finding.place.line, "column": finding.place.column, "message": finding.message})
}

/// Golden cases for `gradebox check`.
fn examples() -> [Example; 5] {
    let row = |code: &str| Example::new(json!({"response": format!("```python\n{code}\n```")}));
    [
        row("def calc(n):\n    t = 0\n    return t + n").scores(1.0),
        row("def Calc(n):\n    T = 0\n    return T + n").scores(0.5 + 0.5 / 3.0),
        row("def f(a):\n    return a\n\ndef g(b):\n\treturn b").scores(0.5),
        row("if MyVar == 3:\n    f(maxRows=2)\n\nclass Tree:\n    nodeType = 1").scores(1.0),
        Example::new(json!({"response": "I would call it `sum_of`."})).is_not_applicable(),
    ]
}

#[cfg(test)]
mod tests;
