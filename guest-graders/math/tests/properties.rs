//! Properties of the comparison over generated expressions: reflexive, symmetric, and right by construction.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first thing that fails")]

use math::decide::Decision;
use math::grade::{BUDGET, compare_texts};
use math::policy::Policy;
use math::work::Work;

const CASES: u64 = 400;

/// A small linear congruential generator: the same cases on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// An expression in LaTeX, with a second way to write the same value.
    fn pair(&mut self, depth: u32) -> (String, String) {
        if depth == 0 {
            return self.leaf();
        }
        let (a, b) = self.pair(depth - 1);
        let (c, d) = self.pair(depth - 1);
        match self.below(8) {
            0 => (format!("\\left({a}\\right)+{c}"), format!("{d} + ({b})")),
            1 => (format!("({a})({c})"), format!("({d}) \\cdot ({b})")),
            2 => (format!("({a})\\cdot(({c})+1)"), format!("({b})({d})+({b})")),
            3 => (format!("(({a})+({c}))^2"), format!("({b})^2+2({b})({d})+({d})^2")),
            4 => (format!("\\frac{{{a}}}{{({c})^2+1}}"), format!("({b})/(1+({d})({d}))")),
            5 => (format!("({a})-({c})"), format!("-(({d})-({b}))")),
            6 => (format!("\\sin({a})^2+{c}"), format!("{d}+1-\\cos^2({b})")),
            _ => (format!("\\sqrt{{({a})^2+3}}"), format!("(3+({b})^{{2}})^{{\\frac12}}")),
        }
    }

    fn leaf(&mut self) -> (String, String) {
        let number = self.below(30) + 1;
        match self.below(7) {
            0 => (number.to_string(), format!("{number}.0")),
            1 => (format!("\\frac{{{number}}}{{4}}"), format!("{}/8", 2 * number)),
            2 => ("x".to_owned(), "{x}".to_owned()),
            3 => ("y".to_owned(), "\\left(y\\right)".to_owned()),
            4 => (format!("\\sqrt{{{number}}}"), format!("\\frac{{\\sqrt{{{}}}}}{{2}}", 4 * number)),
            5 => ("\\pi".to_owned(), "\\frac{2\\pi}{2}".to_owned()),
            _ => (format!("{number}x"), format!("x \\cdot {number}")),
        }
    }
}

fn compare(left: &str, right: &str) -> Decision {
    compare_texts(left, right, &Policy::default(), &mut Work::new(BUDGET))
}

#[test]
fn equal_by_construction_is_never_different() {
    let mut random = Random(11);
    let mut decided = 0;
    for case in 0..CASES {
        let (left, right) = random.pair(u32::try_from(case % 3).unwrap() + 1);
        let decision = compare(&left, &right);
        assert!(!matches!(decision, Decision::Different(_)), "{left} and {right}: {decision:?}");
        decided += usize::from(decision == Decision::Equal);
    }
    assert!(decided * 100 >= usize::try_from(CASES).unwrap() * 95, "only {decided} of {CASES} were decided");
}

#[test]
fn different_by_construction_is_never_equal() {
    let mut random = Random(12);
    for case in 0..CASES {
        let (left, right) = random.pair(u32::try_from(case % 3).unwrap() + 1);
        let change = match random.below(4) {
            0 => format!("{right}+1"),
            1 => format!("{right}-\\frac{{1}}{{10^{{20}}}}"),
            2 => format!("2({right})+7"),
            _ => format!("{right}+x^2+\\frac{{1}}{{7}}"),
        };
        // 2a + 7 = a where a = -7 only, which no case is.
        let decision = compare(&left, &change);
        assert_ne!(decision, Decision::Equal, "{left} and {change}");
    }
}

#[test]
fn comparison_is_reflexive_and_symmetric() {
    let mut random = Random(13);
    let mut previous = "7".to_owned();
    for _ in 0..CASES {
        let (left, _) = random.pair(2);
        assert_eq!(compare(&left, &left), Decision::Equal, "{left}");
        let spaced = left.replace('+', " + ");
        assert_eq!(compare(&left, &spaced), Decision::Equal, "{left}");
        let (forth, back) = (compare(&left, &previous), compare(&previous, &left));
        assert_eq!(std::mem::discriminant(&forth), std::mem::discriminant(&back), "{left} and {previous}");
        previous = left;
    }
}
