//! Which failures are worth another attempt, and when; pure decisions, after the rules of the official Python client.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

use super::complaint::Complaint;

/// The longest wait that is honoured; an endpoint that asks for more is given up.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(2);

/// How often a plain 500 is tried again: real servers answer 500 to what is a mistake of the request.
const SERVER_ERROR_RETRIES: u32 = 2;

/// What the headers of a failure say of another attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hints {
    /// `x-should-retry`.
    pub(super) should_retry: Option<bool>,
    /// `retry-after-ms`, else `retry-after` in seconds or as a date; a moment passed is no wait.
    pub(super) after: Option<Duration>,
    /// Where a redirect leads.
    pub(super) location: Option<String>,
}

impl Hints {
    pub(super) fn of(headers: &HeaderMap, now: SystemTime) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let should_retry = match header("x-should-retry") {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        };
        let milliseconds = header("retry-after-ms").and_then(|text| seconds(text, 1000.0));
        let after = milliseconds.or_else(|| {
            let text = header("retry-after")?;
            seconds(text, 1.0).or_else(|| {
                let date = httpdate::parse_http_date(text).ok()?;
                Some(date.duration_since(now).unwrap_or(Duration::ZERO))
            })
        });
        Self { should_retry, after, location: header("location").map(str::to_owned) }
    }
}

/// What a failed status means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// May pass: worth up to so many further attempts.
    Transient {
        at_most: u32,
    },
    /// May pass when there is less to do: longer waits.
    Overloaded,
    /// Would pass, but later than anyone waits.
    TooLate(Duration),
    Unauthorized,
    NoQuota,
    Refused,
    TooLong,
    NotFound,
    Redirected,
    Rejected,
}

pub(super) fn judge(status: u16, hints: &Hints, complaint: &Complaint) -> Verdict {
    let verdict = judge_status(status, hints, complaint);
    let retryable = matches!(verdict, Verdict::Transient { .. } | Verdict::Overloaded);
    match (hints.should_retry, retryable) {
        (Some(true), false) if !matches!(verdict, Verdict::NoQuota | Verdict::TooLate(_)) => {
            Verdict::Transient { at_most: u32::MAX }
        }
        (Some(false), true) => Verdict::Rejected,
        _ => verdict,
    }
}

fn judge_status(status: u16, hints: &Hints, complaint: &Complaint) -> Verdict {
    let wait = wait_asked(hints, complaint);
    if matches!(status, 402 | 403 | 429 | 400) && out_of_quota(status, complaint, wait) {
        return Verdict::NoQuota;
    }
    if (400..500).contains(&status) && filtered(status, complaint) {
        return Verdict::Refused;
    }
    if too_long(status, complaint) {
        return Verdict::TooLong;
    }
    match status {
        300..=399 => Verdict::Redirected,
        401 | 403 => Verdict::Unauthorized,
        404 | 405 => Verdict::NotFound,
        408 | 409 | 429 | 500.. => match wait {
            Some(wait) if wait > LONGEST_WAIT => Verdict::TooLate(wait),
            _ if overloaded(status, complaint) => Verdict::Overloaded,
            _ if status == 500 => Verdict::Transient { at_most: SERVER_ERROR_RETRIES },
            _ => Verdict::Transient { at_most: u32::MAX },
        },
        _ => Verdict::Rejected,
    }
}

fn out_of_quota(status: u16, complaint: &Complaint, wait: Option<Duration>) -> bool {
    let codes = [
        "insufficient_quota",
        "credit_balance_exhausted",
        "billing_hard_limit_reached",
        "billing_not_active",
        "spend_limit_reached",
        "spending_limit_exceeded",
        "usage_limit_reached",
        "usage_limit_exceeded",
        "insufficient_balance",
    ];
    let words = ["credit balance", "insufficient balance", "insufficient credits"];
    // Some providers word a passing rate limit like an exhausted quota, but then say how long to wait.
    let exceeded = status == 429 && wait.is_none() && complaint.mentions(&["exceeded your current quota"]);
    status == 402 || complaint.has_code(&codes) || complaint.mentions(&words) || exceeded
}

fn filtered(status: u16, complaint: &Complaint) -> bool {
    let codes =
        ["content_filter", "responsibleaipolicyviolation", "content_policy_violation", "data_inspection_failed"];
    let flagged = matches!(status, 400 | 403) && complaint.mentions(&["was flagged", "requires moderation"]);
    complaint.has_code(&codes) || flagged
}

fn too_long(status: u16, complaint: &Complaint) -> bool {
    let codes = ["context_length_exceeded", "exceed_context_size_error", "string_above_max_length"];
    let words = ["maximum context length", "context length", "context window", "context size", "prompt is too long"];
    status == 413 || (matches!(status, 400 | 422) && (complaint.has_code(&codes) || complaint.mentions(&words)))
}

fn overloaded(status: u16, complaint: &Complaint) -> bool {
    let codes = ["slow_down", "server_is_overloaded", "overloaded_error", "service_unavailable_error"];
    status == 529 || complaint.has_code(&codes)
}

/// How long the endpoint asks to wait: its headers, else its words ("try again in 41.7s").
pub(super) fn wait_asked(hints: &Hints, complaint: &Complaint) -> Option<Duration> {
    let said = || {
        let message = complaint.message.to_lowercase();
        let (_, after) = message.split_once("try again in ").or_else(|| message.split_once("retry in "))?;
        spoken_duration(after)
    };
    hints.after.or_else(said).filter(|wait| !wait.is_zero())
}

/// The wait before retry number `retry` (0 is the first) where the endpoint named none: half a second, doubled each
/// time, 8 s at most, four times that for an overloaded endpoint. `jitter` in 0..1 takes off up to a quarter.
pub(super) fn backoff(retry: u32, overloaded: bool, jitter: f64) -> Duration {
    let factor = if overloaded { 4.0 } else { 1.0 };
    let seconds = (0.5 * 2_f64.powi(i32::try_from(retry.min(10)).unwrap_or(10))).min(8.0);
    Duration::try_from_secs_f64(seconds * factor * (1.0 - 0.25 * jitter)).unwrap_or(Duration::from_secs(8))
}

fn seconds(text: &str, per_second: f64) -> Option<Duration> {
    let value: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64((value / per_second).max(0.0)).ok()
}

/// Reads `41.724s`, `6m0s`, `250ms`, `2 seconds`.
fn spoken_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim_start();
    let mut total = None;
    loop {
        let number = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (digits, after) = rest.split_at(number);
        let Ok(value) = digits.trim_end_matches('.').parse::<f64>() else { return total };
        let after = after.trim_start();
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        let scale = match unit {
            "ms" | "milliseconds" => 0.001,
            "s" | "sec" | "second" | "seconds" => 1.0,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            _ => return total,
        };
        let part = Duration::try_from_secs_f64(value * scale).ok()?;
        total = Some(total.unwrap_or(Duration::ZERO).saturating_add(part));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn hints(headers: &[(&'static str, &str)]) -> Hints {
        let pairs = headers.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header in a test is valid"))
        });
        let now = httpdate::parse_http_date("Wed, 21 Oct 2015 07:28:00 GMT").expect("a date in a test is valid");
        Hints::of(&pairs.collect(), now)
    }

    fn verdict(status: u16, body: &str, headers: &[(&'static str, &str)]) -> Verdict {
        judge(status, &hints(headers), &Complaint::of_body(body.as_bytes()))
    }

    const AGAIN: Verdict = Verdict::Transient { at_most: u32::MAX };

    #[test]
    fn a_wait_is_read_in_all_its_forms_and_in_order() {
        let seconds = |value: f64| Some(Duration::from_secs_f64(value));
        assert_eq!(hints(&[("retry-after", "2")]).after, seconds(2.0));
        assert_eq!(hints(&[("retry-after", "0.5")]).after, seconds(0.5));
        assert_eq!(hints(&[("retry-after", "9"), ("retry-after-ms", "250")]).after, seconds(0.25));
        assert_eq!(hints(&[("retry-after", "Wed, 21 Oct 2015 07:28:07 GMT")]).after, seconds(7.0));
        assert_eq!(hints(&[("retry-after", "Wed, 21 Oct 2015 07:27:00 GMT")]).after, seconds(0.0));
        assert_eq!(hints(&[("retry-after", "soon")]).after, None);
        assert_eq!(hints(&[("retry-after", "NaN")]).after, seconds(0.0));
    }

    #[test]
    fn the_message_names_a_wait_where_no_header_does() {
        let asked = |message: &str| {
            let complaint = Complaint { message: message.to_owned(), ..Complaint::default() };
            wait_asked(&Hints::default(), &complaint)
        };
        assert_eq!(asked("Please try again in 41.724s. Visit"), Some(Duration::from_secs_f64(41.724)));
        assert_eq!(asked("Try again in 6m0s"), Some(Duration::from_mins(6)));
        assert_eq!(asked("please retry in 250ms."), Some(Duration::from_millis(250)));
        assert_eq!(asked("try again in 2 seconds"), Some(Duration::from_secs(2)));
        assert_eq!(asked("try again in a while"), None);
    }

    #[test]
    fn statuses_are_judged_as_the_official_client_does() {
        for status in [408, 409, 429, 502, 503, 504] {
            assert_eq!(verdict(status, "", &[]), AGAIN, "{status}");
        }
        for (status, expected) in [
            (500, Verdict::Transient { at_most: 2 }),
            (400, Verdict::Rejected),
            (422, Verdict::Rejected),
            (401, Verdict::Unauthorized),
            (403, Verdict::Unauthorized),
            (404, Verdict::NotFound),
            (405, Verdict::NotFound),
            (402, Verdict::NoQuota),
            (413, Verdict::TooLong),
            (307, Verdict::Redirected),
        ] {
            assert_eq!(verdict(status, "", &[]), expected, "{status}");
        }
    }

    #[test]
    fn the_server_has_the_last_word_on_retries() {
        assert_eq!(verdict(500, "", &[("x-should-retry", "false")]), Verdict::Rejected);
        assert_eq!(verdict(400, "", &[("x-should-retry", "true")]), AGAIN);
    }

    #[test]
    fn a_long_wait_is_not_waited_for() {
        assert_eq!(verdict(429, "", &[("retry-after", "121")]), Verdict::TooLate(Duration::from_secs(121)));
        assert_eq!(verdict(429, "", &[("retry-after", "120")]), AGAIN);
    }

    #[test]
    fn an_empty_account_is_told_from_a_rate_limit() {
        let quota = r#"{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}"#;
        assert_eq!(verdict(429, quota, &[("retry-after", "1")]), Verdict::NoQuota);
        let worded = r#"{"error": {"message": "You exceeded your current quota. Please retry in 3s."}}"#;
        assert_eq!(verdict(429, worded, &[]), AGAIN);
    }

    #[test]
    fn filters_long_prompts_and_overload_are_told_apart() {
        assert_eq!(verdict(400, r#"{"error": {"code": "content_filter"}}"#, &[]), Verdict::Refused);
        assert_eq!(verdict(403, r#"{"error": {"message": "input was flagged"}}"#, &[]), Verdict::Refused);
        assert_eq!(verdict(400, r#"{"error": {"type": "exceed_context_size_error"}}"#, &[]), Verdict::TooLong);
        assert_eq!(verdict(503, r#"{"error": {"code": "server_is_overloaded"}}"#, &[]), Verdict::Overloaded);
    }

    #[test]
    fn waits_double_up_to_a_limit() {
        let waits: Vec<f64> = (0..6).map(|retry| backoff(retry, false, 0.0).as_secs_f64()).collect();
        assert_eq!(waits, [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]);
        assert_eq!(backoff(0, false, 1.0), Duration::from_millis(375));
        assert_eq!(backoff(40, true, 0.0), Duration::from_secs(32));
    }
}
