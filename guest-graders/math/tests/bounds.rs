//! Hostile input: a verdict or "undecided" within the budget of work and a small stack.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first thing that fails")]

use math::grade::{BUDGET, Outcome, against_reference, without_reference};
use math::policy::Policy;
use math::work::Work;

/// Stack of the thread that the cases run on. The host gives the component 512 KiB, which holds more frames than it
/// does natively, since a component keeps its larger values in linear memory.
const STACK: usize = if cfg!(debug_assertions) { 8 << 20 } else { 1 << 20 };

fn outcome(response: &str, reference: &str) -> Option<Outcome> {
    let mut work = Work::new(BUDGET);
    against_reference(response, reference, &Policy::default(), &mut work).ok().map(|judgement| judgement.outcome)
}

fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap();
    thread.join().unwrap();
}

fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

#[test]
fn astronomical_numbers() {
    on_a_small_stack(|| {
        assert_eq!(outcome("\\boxed{10^{10^{10}}}", "2"), Some(Outcome::Wrong));
        assert_eq!(outcome("\\boxed{9^{9^{9^9}}}", "9^9"), Some(Outcome::Wrong));
        assert_eq!(outcome("\\boxed{\\frac{5^{(5^{(5^{(5^5)})}-4)}-5}{16}}", "5"), Some(Outcome::Wrong));
        assert_eq!(outcome("\\boxed{10000000!}", "1"), Some(Outcome::Wrong));
        assert_eq!(outcome("\\boxed{10^{10^{10}}}", "10^{10^{10}}"), Some(Outcome::Right));
        for unclear in [
            "\\binom{10^7}{5\\cdot 10^6}",
            "\\sum_{k=1}^{10^9} 1/k",
            "2^{-10^{12}}",
            "\\sin(10^{10^{10}})",
            "(10^9)!!!",
        ] {
            assert_ne!(outcome(&format!("\\boxed{{{unclear}}}"), "2"), Some(Outcome::Right), "{unclear}");
        }
    });
}

#[test]
fn deep_nesting() {
    on_a_small_stack(|| {
        assert_eq!(outcome(&nested("(", "x", ")", 3_000), "x"), Some(Outcome::Right));
        for deep in [
            nested("\\frac{1}{1+", "1", "}", 3_000),
            nested("\\frac{1}{1+", "1", "}", 60),
            nested("\\sqrt{", "2", "}", 199),
            nested("\\sqrt{", "2", "}", 3_000),
            nested("(1+", "x", ")", 190),
            nested("x^{", "x", "}", 190),
            nested("2^", "2", "", 5_000),
            nested("\\{", "1", "\\}", 190),
            nested("(1,", "1", ")", 150),
            nested("\\sin ", "x", "", 5_000),
            nested("\\pm ", "x", "", 5_000),
            nested("-", "x", "", 9_000),
            nested("x", "!", "!", 5_000),
            nested("\\frac", "1", "", 5_000),
            nested("\\text{", "1", "}", 5_000),
            nested("1\\frac{", "1", "}{2}", 150),
            nested("$", "1", "", 9_000),
            nested("[", "1", "]", 3_000),
            nested("f(", "x", ")", 190),
            nested("|", "x", "|", 300),
            nested("x=", "1", "", 5_000),
            nested("1,", "1", "", 5_000),
            nested("\\begin{pmatrix}", "1", "\\end{pmatrix}", 190),
        ] {
            let response = format!("\\boxed{{{deep}}}");
            assert_ne!(outcome(&response, "77"), Some(Outcome::Right), "{}", &deep[..40]);
            outcome("5", &deep);
            outcome(&response, &deep);
        }
    });
}

#[test]
fn long_input() {
    on_a_small_stack(|| {
        let ones = "1".repeat(1_000_000);
        assert_eq!(outcome(&ones, &ones), Some(Outcome::Right));
        assert_eq!(outcome(&format!("\\boxed{{{ones}}}"), &ones), Some(Outcome::Right));
        assert_ne!(outcome(&format!("{ones}2"), &ones), Some(Outcome::Right));
        let long_sum: String = (0..4_000).fold(String::new(), |sum, power| sum + &format!("+x^{{{power}}}"));
        outcome(&format!("\\boxed{{{long_sum}}}"), "0");
        outcome("\\boxed{(x+y+z+w)^{400}}", "(w+z+y+x)^{399}");
        for unit in [
            "\\boxed{1} ",
            "$1$ ",
            "\\( ",
            "\\boxed{",
            "is 1. ",
            "** 1 ** ",
            "<think>",
            "= ",
            "\\begin{array}",
            "π²½",
            "\u{0}",
        ] {
            let response = unit.repeat(200_000 / unit.len());
            outcome(&response, "7");
            without_reference("Solve x^2 = 4", &response, &Policy::default(), &mut Work::new(BUDGET));
            without_reference(&response, "x = 2", &Policy::default(), &mut Work::new(BUDGET));
        }
    });
}

#[test]
fn equations_of_high_degree() {
    on_a_small_stack(|| {
        for query in
            ["Solve x^{60} - x^{59} + 3x^7 = 1", "Solve (x-1)^{2000} = 0", "Solve x^{100000} = 1", "Solve x^{x^x} = 5"]
        {
            without_reference(query, "x = 1", &Policy::default(), &mut Work::new(BUDGET));
        }
    });
}
