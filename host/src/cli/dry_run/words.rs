//! A forecast in words, and as JSON. Pure.

use serde_json::{Value, json};

use super::{
    super::{
        plan::Plan,
        progress::{large, money},
        table::{count, table},
    },
    Forecast,
    estimate::{Line, Load},
    looked_at::RowSeen,
    number,
};
use crate::budget::Charge;

/// For people.
pub(super) fn text(forecast: &Forecast, plan: &Plan, spent: Charge) -> String {
    let mut lines = vec![standing(forecast, plan), String::new()];
    if forecast.lines.is_empty() {
        lines.push("no model is asked".to_owned());
        return lines.join("\n");
    }
    lines.push(loads("expected", forecast, |line| line.expected));
    lines.push(String::new());
    lines.push(loads("at worst", forecast, |line| line.worst));
    lines.push(String::new());
    lines.extend(method(forecast, plan));
    lines.extend(prices(forecast, plan));
    lines.push(cache(forecast));
    lines.extend(budget(forecast, plan, spent));
    lines.join("\n")
}

/// For machines; what is not known is null.
pub(super) fn json(forecast: &Forecast, plan: &Plan, spent: Charge) -> Value {
    let of_line = |line: &Line| {
        json!({
            "role": line.role,
            "grader": line.grader,
            "model": line.model,
            "expected": load(line.expected),
            "worst": load(line.worst),
        })
    };
    let prices = plan.models.iter().map(|(name, model)| {
        let prices = model.prices.as_ref().map(|prices| {
            json!({
                "prompt": prices.value.prompt,
                "completion": prices.value.completion,
                "cached_prompt": prices.value.cached_prompt,
                "source": prices.origin.to_string(),
            })
        });
        (name.clone(), prices.unwrap_or(Value::Null))
    });
    let looked_at = &forecast.looked_at;
    let (asked, answered) = first_requests(forecast);
    json!({
        "rows": forecast.rows,
        "sampled": {
            "rows": looked_at.rows.len(),
            "passing": looked_at.passing,
            "failing": looked_at.failing,
            "open": looked_at.open,
            "unreadable": looked_at.unreadable,
        },
        "calls": forecast.lines.iter().map(of_line).collect::<Value>(),
        "expected": load(total(forecast, |line| line.expected)),
        "worst": load(total(forecast, |line| line.worst)),
        "prices": prices.collect::<Value>(),
        "cache": {"first_requests": asked, "answered": answered},
        "budget": {
            "calls": plan.budget.calls,
            "tokens": plan.budget.tokens,
            "cost": plan.budget.cost,
            "spent": {"calls": spent.calls, "tokens": spent.tokens, "cost": spent.cost},
        },
        "method": method(forecast, plan),
    })
}

fn load(load: Load) -> Value {
    json!({
        "calls": whole(load.calls),
        "prompt_tokens": whole(load.prompt_tokens),
        "completion_tokens": load.completion_tokens.map(whole),
        "cost": load.cost,
    })
}

fn standing(forecast: &Forecast, plan: &Plan) -> String {
    let looked_at = &forecast.looked_at;
    let mut parts = vec![format!("{} pass", looked_at.passing), format!("{} do not", looked_at.failing)];
    if looked_at.open > 0 {
        parts.push(format!("of {} only a model can tell", looked_at.open));
    }
    if looked_at.unreadable > 0 {
        parts.push(format!("{} cannot be read", looked_at.unreadable));
    }
    let what = match (&plan.refine, &plan.regrade) {
        (Some(_), _) => "refine",
        (None, Some(_)) => "grade again",
        (None, None) => "grade",
    };
    format!(
        "dry run: no model was asked and nothing written\n{} to {what}; {} looked at: {}",
        count(forecast.rows, "row"),
        looked_at.rows.len(),
        parts.join(", ")
    )
}

fn loads(title: &str, forecast: &Forecast, of: impl Fn(&Line) -> Load + Copy) -> String {
    let cells = |load: Load| {
        [
            large(whole(load.calls)),
            large(whole(load.prompt_tokens)),
            load.completion_tokens.map_or("no bound".to_owned(), |tokens| large(whole(tokens))),
            cost(load),
        ]
    };
    let row = |line: &Line| {
        let grader = line.grader.clone().unwrap_or_default();
        [vec![line.role.to_owned(), grader, line.model.clone()], cells(of(line)).to_vec()].concat()
    };
    let mut rows: Vec<Vec<String>> = forecast.lines.iter().map(row).collect();
    if rows.len() > 1 {
        let all = vec!["in all".to_owned(), String::new(), String::new()];
        rows.push([all, cells(total(forecast, of)).to_vec()].concat());
    }
    table(&[title, "grader", "model", "calls", "prompt tokens", "completion tokens", "cost"], 3, rows)
}

fn cost(load: Load) -> String {
    match (load.cost, load.completion_tokens) {
        (Some(cost), _) => money(cost),
        (None, Some(_)) => "unknown".to_owned(),
        (None, None) => "no bound".to_owned(),
    }
}

fn total(forecast: &Forecast, of: impl Fn(&Line) -> Load) -> Load {
    forecast.lines.iter().map(of).fold(Load::NONE, Load::plus)
}

/// How the estimate was made.
fn method(forecast: &Forecast, plan: &Plan) -> Vec<String> {
    let mut lines = vec![
        "prompts: those that a run would begin with, of the rows that were looked at; a token for every 4 bytes"
            .to_owned(),
    ];
    for (model, bytes) in &forecast.calibrated {
        lines.push(format!("prompts of `{model}`: a token for every {bytes:.1} bytes, by its answers in the cache"));
    }
    lines.push(
        "replies: as long as those in the cache; without any, 150 tokens of a judge, and of the writer as many as the \
         rows' own responses have, at least 100; thinking is not foreseen"
            .to_owned(),
    );
    if plan.refine.is_some() {
        lines.push(
            "expected: half of the rows of which only a model can tell need better responses, and half of those pass \
             with each round"
                .to_owned(),
        );
        lines.push(
            "at worst: every row goes through all its rounds, every vote is asked for, every judge is asked twice, \
             and replies are as long as max_tokens"
                .to_owned(),
        );
    } else {
        if plan.regrade.is_some() {
            lines.push(
                "attempts: every one that the rows have is graded; a row passes where one of them does; where none \
                 does, they are ordered, and half of the rows need the final comparison"
                    .to_owned(),
            );
        }
        lines.push(
            "at worst: every vote is asked for, every judge is asked twice, and replies are as long as max_tokens"
                .to_owned(),
        );
    }
    if forecast.lines.iter().any(|line| line.role == "component") {
        lines.push(
            "components: their first questions; what they ask after an answer is not known before it comes, and is \
             bounded by budget_per_grade at worst"
                .to_owned(),
        );
    }
    lines.push("requests that are repeated after a failure are in neither".to_owned());
    if forecast.lines.iter().any(|line| line.role == "writer" && line.worst.completion_tokens.is_none()) {
        lines.push("`max_tokens` in [refine] bounds what the writer may write; there is none".to_owned());
    }
    lines
}

fn prices(forecast: &Forecast, plan: &Plan) -> Vec<String> {
    let asked = |name: &String| forecast.lines.iter().any(|line| line.model == *name);
    let models = plan.models.iter().filter(|(name, _)| asked(name));
    let lines = models.map(|(name, model)| match &model.prices {
        Some(prices) => format!(
            "prices of `{name}`: {} for a million prompt tokens, {} for a million completion tokens ({})",
            prices.value.prompt, prices.value.completion, prices.origin
        ),
        None => format!(
            "prices of `{name}`: unknown; `prices = {{ prompt = …, completion = … }}` in [models.{name}] says what a \
             million tokens cost"
        ),
    });
    lines.collect()
}

fn first_requests(forecast: &Forecast) -> (usize, usize) {
    let rows = forecast.looked_at.rows.iter().flat_map(RowSeen::first_requests);
    rows.fold((0, 0), |(asked, answered), request| (asked + 1, answered + usize::from(request.known.is_some())))
}

fn cache(forecast: &Forecast) -> String {
    let (asked, answered) = first_requests(forecast);
    format!("the cache would answer {answered} of the {asked} first calls for the rows that were looked at")
}

/// What the budget has to say.
fn budget(forecast: &Forecast, plan: &Plan, spent: Charge) -> Vec<String> {
    let limits = plan.budget;
    let (expected, worst) = (total(forecast, |line| line.expected), total(forecast, |line| line.worst));
    let tokens = |load: Load| load.completion_tokens.map(|completion| load.prompt_tokens + completion);
    let bounds = [
        ("calls", limits.calls.map(number), number(spent.calls), Some(expected.calls), Some(worst.calls)),
        ("tokens", limits.tokens.map(number), number(spent.tokens), tokens(expected), tokens(worst)),
        ("cost", limits.cost, spent.cost, expected.cost, worst.cost),
    ];
    let lines = bounds.into_iter().filter_map(|(what, limit, spent, expected, worst)| {
        let limit = limit?;
        let is_over = |load: Option<f64>| load.is_none_or(|load| spent + load > limit);
        let verdict = if is_over(expected) {
            "is likely to end the run early"
        } else if is_over(worst) {
            "is enough for what is expected, not for the worst"
        } else {
            "is enough even at worst"
        };
        Some(format!("budget: {what} = {limit} {verdict}"))
    });
    lines.collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of counts, rounded")]
fn whole(count: f64) -> u64 {
    count.round() as u64
}
