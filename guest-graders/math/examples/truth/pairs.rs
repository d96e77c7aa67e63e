//! Sets of labelled pairs: a gold answer, a response, and whether the response is right.

use math::grade::{BUDGET, Outcome, against_reference};
use math::params::Params;
use math::policy::Policy;
use math::work::Work;
use serde_json::{Value, json};

use crate::tally::{Tally, Verdict};

/// Grades every row's `pred` against its `gold` under the policy that `policy` makes of the row's settings.
pub(crate) fn measure(name: &str, rows: &[Value], policy: impl Fn(&Value) -> Policy) -> Tally {
    let mut tally = Tally::new(name);
    for row in rows {
        let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
        let expected = row.get("expected").and_then(Value::as_bool).unwrap_or_default();
        let policy = policy(row);
        let shown = |key: &str| text(key).chars().take(300).collect::<String>();
        let label =
            format!("{} gold {:?} pred {:?} special {:?}", text("id"), shown("gold"), shown("pred"), text("special"));
        tally.run(&label, expected, || {
            match against_reference(text("pred"), text("gold"), &policy, &mut Work::new(BUDGET)) {
                Ok(judgement) => (verdict(judgement.outcome), judgement.reason),
                Err(reason) => (Verdict::Unreadable, reason),
            }
        });
    }
    tally
}

fn verdict(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Right => Verdict::Equal,
        Outcome::Wrong => Verdict::Different,
        Outcome::Undecided => Verdict::Undecided,
    }
}

/// Whether the row's label is an opinion or a policy of the project that it comes from.
pub(crate) fn is_excused(row: &Value) -> bool {
    let special = row.get("special").and_then(Value::as_str).unwrap_or_default();
    ["opinion", "policy", "format policy"].iter().any(|mark| special.starts_with(mark))
}

pub(crate) fn defaults(_row: &Value) -> Policy {
    Policy::default()
}

/// The `math-verify` preset with the row's own settings.
pub(crate) fn preset(row: &Value) -> Policy {
    let setting = |key: &str| row.get("config").and_then(|config| config.get(key)).cloned().unwrap_or(Value::Null);
    let targets = |target: &str| {
        row.get("targets").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == target))
    };
    let params = json!({
        "preset": "math-verify",
        "rounded-places": setting("float_rounding").as_u64().unwrap_or(6),
        "renamed-variables": setting("strict") == json!(false),
        "inequality-for-interval": setting("allow_set_relation_comp") == json!(true),
        "formulas-only": targets("latex") && !targets("expr"),
        "boxes-first": setting("boxed_match_priority").as_u64().unwrap_or(50) < 100,
    });
    let params: Params = serde_json::from_value(params).unwrap_or_default();
    params.policy().unwrap_or_default()
}
