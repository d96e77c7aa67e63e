//! Notation, conventions and the failures that users of other verifiers reported, in cases of our own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first thing that fails")]

use math::decide::Decision;
use math::grade::{BUDGET, Outcome, against_reference, compare_texts};
use math::params::Params;
use math::policy::Policy;
use math::work::Work;
use serde_json::{Value, json};

fn compare(left: &str, right: &str, policy: &Policy) -> Decision {
    compare_texts(left, right, policy, &mut Work::new(BUDGET))
}

fn policy(params: Value) -> Policy {
    serde_json::from_value::<Params>(params).unwrap().policy().unwrap()
}

fn assert_both_ways(pairs: &[(&str, &str)], policy: &Policy, equal: bool) {
    for (left, right) in pairs {
        for (one, other) in [(left, right), (right, left)] {
            let decision = compare(one, other, policy);
            let as_wanted =
                if equal { decision == Decision::Equal } else { matches!(decision, Decision::Different(_)) };
            assert!(
                as_wanted,
                "{one:?} and {other:?} should be {}: {decision:?}",
                if equal { "equal" } else { "different" }
            );
        }
    }
}

#[test]
fn differences_that_rounding_would_hide() {
    let pairs = [
        ("\\frac{1}{3003!}", "\\frac{1}{3005!}"),
        ("2^{-150}", "2^{-151}"),
        ("\\frac{3^{1200}+1}{7\\cdot 3^{1201}}", "\\frac{1}{7\\cdot 3^{1201}}"),
        ("0.000000003", "0.000000007"),
        ("\\frac{1}{8}", "0.12500001"),
        ("4-\\frac{1}{\\mathrm{e}}", "4+\\frac{1}{\\mathrm{e}}"),
        ("5x-2y+11=0", "5x+7y+12=0"),
        ("6", "6\\sqrt(3)"),
        ("1, 2, \\ldots, m", "2, 4, 6, \\ldots, 2m"),
        ("1:3:5:\\ldots", "1:9:25:\\ldots"),
        ("125 and 216", "216"),
        ("3", "3 1/4"),
    ];
    assert_both_ways(&pairs, &Policy::default(), false);
}

#[test]
fn equalities_that_simplifying_misses() {
    let pairs = [
        ("x^2 - 6x + 9", "(x-3)^2"),
        ("\\cos(\\pi/9)\\cos(2\\pi/9)\\cos(4\\pi/9)", "\\frac{1}{8}"),
        ("((y+5)(y^2+10y+25))^{1/3}", "((y+5)^2(y+5))^{1/3}"),
        ("-\\frac{3(x^2+5)}{4(x^2-3)\\sqrt[3]{x^2-3}}", "-\\frac{3x^2+15}{4(x^2-3)^{4/3}}"),
        ("No", "no"),
        ("45.0\\%", "45"),
        ("t \\geq \\sqrt{5}", "t \\in [\\sqrt{5}, +\\infty)"),
        ("\\frac{\\sqrt{\\sqrt{7}+\\sqrt{31}}}{9+4\\sqrt{5}}", "\\frac{\\sqrt{\\sqrt{31}+\\sqrt{7}}}{4\\sqrt{5}+9}"),
        ("\\{1/7, 3\\}", "\\{3, \\frac{1}{7}\\}"),
    ];
    assert_both_ways(&pairs, &Policy::default(), true);
}

#[test]
fn notation_of_every_kind_is_read() {
    let pairs = [
        ("63^{\\circ} 30^{\\prime}", "63.5^\\circ"),
        ("-(2, 3)", "(-2, -3)"),
        ("\\frac{1}{2}(4, 6)", "(2, 3)"),
        ("-[0, 4)", "(-4, 0]"),
        ("x < -7 : (-\\infty, -7)", "x < -7"),
        ("-\\$0.75", "-0.75"),
        ("(2t, t) \\text{ for all real numbers } t", "(2t, t)"),
        ("\\sum_{k=1}^{\\infty} \\frac{1}{k^2}", "\\sum_{n=1}^{\\infty} n^{-2}"),
        ("\\sum_{k=2}^{4} \\ln k", "\\ln 24"),
        ("\\max(\\sqrt2, \\frac{3}{2})", "1.5"),
        ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^{-1}", "\\begin{pmatrix}-2&1\\\\1.5&-0.5\\end{pmatrix}"),
        ("\\begin{pmatrix}1&1\\\\0&1\\end{pmatrix}^{3}", "\\begin{pmatrix}1&3\\\\0&1\\end{pmatrix}"),
        ("1 \\le |x| \\le 2", "[-2,-1] \\cup [1,2]"),
        ("|x - 3| < 2", "(1, 5)"),
        ("|x| > 4", "x < -4 \\text{ or } x > 4"),
        ("x > 1 \\text{ and } x \\le 6", "(1, 6]"),
        ("x \\ne \\pm 3", "x \\ne 3, x \\ne -3"),
        ("f^{-1}(x) = 3x", "3x"),
        ("P(X = 4) = \\frac{1}{8}", "1/8"),
        ("\\operatorname{Var}(X) = 4", "4"),
        ("8.25 \\mathrm{ft} / \\mathrm{sec}", "8.25 ft/s"),
        ("\u{c}rac{3}{4}", "0.75"),
        ("2.5e3-1", "2499"),
        ("$3x^2 +$ $20x$", "3x^2+20x"),
        (
            "f(x) = \\begin{cases} x & x > 0 \\\\ -x & x \\le 0 \\end{cases}",
            "\\begin{cases} -x & \\text{if } 0 \\ge x \\\\ x & \\text{if } 0 < x \\end{cases}",
        ),
        (
            "\\left\\{\\begin{array}{ll} 2 & x \\ge 1 \\\\ 5 & \\text{otherwise} \\end{array}\\right.",
            "\\begin{cases} 2 & 1 \\le x \\\\ 5 & \\text{else} \\end{cases}",
        ),
        ("\\begin{cases} x = 1 \\\\ y = 2 \\end{cases}", "x = 1, y = 2"),
        ("y^2 = x + \\ln x", "y^2 = \\ln x + x"),
    ];
    assert_both_ways(&pairs, &Policy::default(), true);
    let pairs = [
        ("63^{\\circ} 30^{\\prime}", "63.3^\\circ"),
        ("-[0, 4)", "[-4, 0)"),
        ("\\sum_{k=1}^{10^{12}} \\frac{1}{\\sqrt{k}}", "3"),
        ("|x - 3| < 2", "(1, 5]"),
        ("x > 1 \\text{ and } x \\le 6", "(1, 6)"),
        ("f(x)", "f(y)"),
        ("y^2 = x + \\ln x", "y^2 = x - \\ln x"),
        ("-24_5", "24_5"),
        (
            "\\begin{cases} x & x > 0 \\\\ 0 & x \\le 0 \\end{cases}",
            "\\begin{cases} x & x > 0 \\\\ 1 & x \\le 0 \\end{cases}",
        ),
    ];
    assert_both_ways(&pairs, &Policy::default(), false);
}

#[test]
fn what_is_left_out_cannot_be_decided() {
    for (left, right) in [
        ("1 + x + \\cdots + x^9", "1 + x + \\cdots + x^8"),
        ("\\sum_{n=1}^{\\infty} x^n", "\\sum_{n=1}^{\\infty} x^{2n}"),
        ("\\bigcup_{k=1}^{\\infty} (k, k+1)", "(k, k+1)"),
        ("\\{x \\mid x \\ge 3\\}, \\{x \\mid x \\ge 0\\}", "x \\ge 3"),
    ] {
        let decision = compare(left, right, &Policy::default());
        assert!(matches!(decision, Decision::Undecided(_)), "{left} and {right}: {decision:?}");
    }
}

#[test]
fn conventions_have_names() {
    let cases = [
        (json!({"tuple-as-set": "any-order"}), ("(5, 1)", "\\{1, 5\\}"), true),
        (json!({"tuple-as-set": "different"}), ("(1, 5)", "\\{1, 5\\}"), false),
        (json!({"rounded-places": 3}), ("1.667", "5/3"), true),
        (json!({"rounded-places": 3}), ("1.67", "5/3"), false),
        (json!({"rounded-digits": 0}), ("1.66666667", "5/3"), false),
        (json!({"renamed-variables": true}), ("3a + b", "3u + v"), true),
        (json!({"renamed-variables": true}), ("3a + b", "u + 3v"), false),
        (json!({"preset": "math-verify"}), ("35 cm", "35 \\text{ m}"), true),
        (json!({"preset": "math-verify", "units": "optional"}), ("35 cm", "35 \\text{ m}"), false),
        (json!({"preset": "math-verify"}), ("0.41", "41\\%"), false),
    ];
    for (params, (left, right), equal) in cases {
        assert_both_ways(&[(left, right)], &policy(params), equal);
    }
}

#[test]
fn conventions_that_are_not_symmetric_hold_for_the_response() {
    let subset = policy(json!({"subset": true}));
    assert_eq!(compare("2", "2, 3", &subset), Decision::Equal);
    assert_eq!(compare("\\{2\\}", "\\{2, 3\\}", &subset), Decision::Equal);
    assert!(matches!(compare("2, 3", "2", &subset), Decision::Different(_)));
    assert!(matches!(compare("4", "2, 3", &subset), Decision::Different(_)));
    let strict = policy(json!({"inequality-for-interval": false}));
    assert_eq!(compare("(1, 2)", "1 < x < 2", &strict), Decision::Equal);
    assert!(matches!(compare("1 < x < 2", "(1, 2)", &strict), Decision::Different(_)));
}

#[test]
fn where_the_answer_is_looked_for_can_be_chosen() {
    let grade = |response: &str, reference: &str, params: Value| {
        against_reference(response, reference, &policy(params), &mut Work::new(BUDGET)).unwrap().outcome
    };
    assert_eq!(grade("It is 12.", "12", json!({"formulas-only": true})), Outcome::Wrong);
    assert_eq!(grade("It is $12$.", "12", json!({"formulas-only": true})), Outcome::Right);
    let both = "The final answer is $8$, not \\boxed{1}";
    assert_eq!(grade(both, "1", json!({})), Outcome::Right);
    assert_eq!(grade(both, "8", json!({"boxes-first": false})), Outcome::Right);
}

#[test]
fn parameters_that_contradict_are_refused() {
    for params in [json!({"rounded-digits": 3, "rounded-places": 3}), json!({"relative-tolerance": 1.5})] {
        assert!(serde_json::from_value::<Params>(params.clone()).unwrap().policy().is_err(), "{params}");
    }
    assert!(serde_json::from_value::<Params>(json!({"preset": "sympy"})).is_err());
}

#[test]
fn answers_in_prose_of_any_script() {
    let cases = [
        ("每人得到 (\\frac{3}{7}) 千克。 答案：每人得到 (\\frac{3}{7}) 千克。", "3/7", Outcome::Right),
        ("Réponse: Marc devra encore 340 $ dans 18 mois.", "340", Outcome::Right),
        ("how much $? roughly 5$", "5", Outcome::Right),
        ("The answer is !!!nothing!!!", "5", Outcome::Wrong),
        ("Answer $ \\frac{1}{3} \\$ = \\frac{2}{6} $", "1/3", Outcome::Right),
    ];
    for (response, reference, expected) in cases {
        let judgement = against_reference(response, reference, &Policy::default(), &mut Work::new(BUDGET)).unwrap();
        assert_eq!(judgement.outcome, expected, "{response:?} against {reference:?}: {}", judgement.reason);
    }
}
