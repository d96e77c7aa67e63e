//! The `supported-claims` grader asks a model for the claims of a response, and then of each whether the context
//! supports it. The counting is done here, where a model cannot be talked out of it.

use gradebox_sdk::{
    Description, Example, GradeError, Grader, Message, Sample, Verdict, description, models,
    schemars::JsonSchema,
    serde::Deserialize,
    serde_json::{self, Value, json},
};

/// The role under which the configuration grants a model: `roles = { judge = "NAME" }`.
const ROLE: &str = "judge";

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "gradebox_sdk::serde", default)]
#[schemars(crate = "gradebox_sdk::schemars")]
pub struct Params {
    /// Claims that are looked into, each by a call of its own.
    pub claims: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { claims: 8 }
    }
}

pub struct SupportedClaims;

impl Grader for SupportedClaims {
    type Params = Params;

    fn describe() -> Description {
        let row = |response: &str| Example::new(json!({"response": response, "context": "Lyon lies on the Rhône."}));
        description!("Asks a model which claims of the response the context supports")
            .requires_one_of(&["context"])
            .example(row(" ").is_not_applicable())
            .example(row("Lyon lies on a river.").scores(1.0))
    }

    fn grade(sample: &Sample, params: &Params) -> Result<Verdict, GradeError> {
        let context = sample.required_text("context")?;
        if sample.response.trim().is_empty() {
            return Ok(Verdict::not_applicable("the response is empty"));
        }
        let Some(claims) = claims(&sample.response, params.claims)? else {
            return Ok(Verdict::undecided("the model did not list the claims of the response as it was asked to"));
        };
        if claims.is_empty() {
            return Ok(Verdict::not_applicable("the response claims nothing"));
        }
        let mut unsupported = Vec::new();
        for claim in &claims {
            match is_supported(claim, context)? {
                Some(true) => {}
                Some(false) => unsupported.push(claim.as_str()),
                None => return Ok(Verdict::undecided(format!("the model would not say whether this holds: {claim}"))),
            }
        }
        let supported = claims.len() - unsupported.len();
        let reason = match unsupported.as_slice() {
            [] => "the context supports every claim".to_owned(),
            some => format!("the context does not support: {}", some.join("; ")),
        };
        #[expect(clippy::cast_precision_loss, reason = "a response has few claims")]
        let score = supported as f64 / claims.len() as f64;
        Ok(Verdict::scored(score, reason).detail("claims", claims))
    }
}

gradebox_sdk::export_grader!(SupportedClaims);

/// The claims that the model finds in a response; `None` where its reply has another form.
fn claims(response: &str, most: usize) -> Result<Option<Vec<String>>, GradeError> {
    let prompt = format!("List the factual claims of this text, each as one sentence.\n\n<text>\n{response}\n</text>");
    let schema = json!({
        "type": "object",
        "properties": {"claims": {"type": "array", "items": {"type": "string"}}},
        "required": ["claims"],
        "additionalProperties": false,
    });
    let Some(reply) = ask(&prompt, &schema)? else { return Ok(None) };
    let claims = reply.get("claims").and_then(Value::as_array);
    let claims = claims.map(|claims| claims.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    Ok(claims.flatten().map(|claims| claims.into_iter().take(most).map(str::to_owned).collect()))
}

/// Whether the context supports a claim; `None` where the model's reply has another form.
fn is_supported(claim: &str, context: &str) -> Result<Option<bool>, GradeError> {
    let prompt = format!(
        "Does the context alone support the claim?\n\n<context>\n{context}\n</context>\n\n<claim>\n{claim}\n</claim>"
    );
    let schema = json!({
        "type": "object",
        "properties": {"supported": {"type": "boolean"}},
        "required": ["supported"],
        "additionalProperties": false,
    });
    Ok(ask(&prompt, &schema)?.and_then(|reply| reply.get("supported")?.as_bool()))
}

/// The model's reply; `None` where it is not JSON.
fn ask(prompt: &str, schema: &Value) -> Result<Option<Value>, GradeError> {
    let message = Message { role: "user".to_owned(), content: prompt.to_owned(), ..Message::default() };
    let reply = models::complete(ROLE, &[message], &json!({"max_tokens": 400, "response_schema": schema}))?;
    Ok(reply.get("content").and_then(Value::as_str).and_then(|content| serde_json::from_str(content).ok()))
}
