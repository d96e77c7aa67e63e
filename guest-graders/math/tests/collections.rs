//! Properties of the comparison over generated lists, sets, intervals, relations and matrices: what is rewritten stays
//! equal, what is changed in one place does not, and the order of the two sides never matters.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first thing that fails")]

use math::decide::Decision;
use math::grade::{BUDGET, compare_texts};
use math::policy::Policy;
use math::work::Work;

const CASES: usize = 600;

/// A small linear congruential generator: the same cases on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// Whole numbers that rise, each as two texts of the same value.
    fn rising(&mut self, count: usize) -> Vec<[String; 2]> {
        let mut value = i64::try_from(self.below(9)).unwrap() - 4;
        (0..count)
            .map(|_| {
                value += i64::try_from(self.below(5)).unwrap() + 1;
                let factor = self.below(4) + 2;
                let other = match self.below(4) {
                    0 => format!("\\frac{{{}}}{{{factor}}}", value * i64::try_from(factor).unwrap()),
                    1 => format!("{value}.0"),
                    2 => format!("({} - {factor})", value + i64::try_from(factor).unwrap()),
                    _ => format!("\\left({value}\\right)"),
                };
                [value.to_string(), other]
            })
            .collect()
    }

    fn case(&mut self) -> Case {
        let count = usize::try_from(self.below(3)).unwrap() + 2;
        let numbers = self.rising(count);
        let each = |which: usize| numbers.iter().map(|pair| pair[which].clone()).collect::<Vec<_>>();
        let (plain, rewritten) = (each(0), each(1));
        let mut changed = plain.clone();
        let place = usize::try_from(self.below(u64::try_from(count).unwrap())).unwrap();
        changed[place] = format!("{}+100", plain[place]);
        let backwards = |items: &[String]| items.iter().rev().cloned().collect::<Vec<_>>();
        let (low, high) = (&plain[0], &plain[1]);
        let (low_again, high_again) = (&rewritten[0], &rewritten[1]);
        let scale = self.below(5) + 2;
        match self.below(9) {
            0 => Case::new(
                format!("({})", plain.join(", ")),
                format!("\\left({}\\right)", rewritten.join(",")),
                [format!("({})", changed.join(", ")), format!("({})", backwards(&plain).join(", "))],
            ),
            1 => Case::new(
                format!("\\{{{}\\}}", plain.join(", ")),
                format!("\\{{{}\\}}", backwards(&rewritten).join(", ")),
                [format!("\\{{{}\\}}", changed.join(", ")), format!("\\{{{}\\}}", plain[1..].join(", "))],
            ),
            2 => Case::new(
                format!("x = {}", plain.join(" \\text{ or } x = ")),
                backwards(&rewritten).join(", "),
                [changed.join(", "), plain[..count - 1].join(", ")],
            ),
            3 => Case::new(
                format!("[{low}, {high})"),
                format!("{low_again} \\le x < {high_again}"),
                [format!("[{low}, {high}]"), format!("({low}, {high})")],
            ),
            4 => Case::new(
                format!("(-\\infty, {low}) \\cup [{high}, \\infty)"),
                format!("x \\ge {high_again} \\text{{ or }} x < {low_again}"),
                [
                    format!("(-\\infty, {low}] \\cup [{high}, \\infty)"),
                    format!("(-\\infty, {low}) \\cup [{high} + 1, \\infty)"),
                ],
            ),
            5 => Case::new(
                format!("{scale}x + y = {low}"),
                format!("0 = 2 \\cdot {low_again} - 2y - {}x", 2 * scale),
                [format!("{scale}x + y = {high}"), format!("{scale}x - y = {low}")],
            ),
            6 => Case::new(
                format!("{scale}x > {low}"),
                format!("-{scale}x < -({low_again})"),
                [format!("{scale}x < {low}"), format!("{scale}x \\ge {low}")],
            ),
            7 => Case::new(
                format!("\\begin{{pmatrix}} {low} & {high} \\\\ 1 & {scale} \\end{{pmatrix}}"),
                format!(
                    "\\left[\\begin{{array}}{{cc}} {low_again} & {high_again} \\\\ 1 & {scale} \\end{{array}}\\right]"
                ),
                [
                    format!("\\begin{{pmatrix}} {high} & {low} \\\\ 1 & {scale} \\end{{pmatrix}}"),
                    format!("\\begin{{pmatrix}} {low} & 1 \\\\ {high} & {scale} + 100 \\end{{pmatrix}}"),
                ],
            ),
            _ => Case::new(
                format!("{low} \\pm \\sqrt{{{scale}}}"),
                format!("{low_again} - \\sqrt{{{scale}}}, \\sqrt{{{scale}}} + {low_again}"),
                [format!("{low} + \\sqrt{{{scale}}}"), format!("{high} \\pm \\sqrt{{{scale}}}")],
            ),
        }
    }
}

/// An answer, the same rewritten, and answers that differ from it.
struct Case {
    answer: String,
    rewritten: String,
    changed: [String; 2],
}

impl Case {
    fn new(answer: String, rewritten: String, changed: [String; 2]) -> Self {
        Self { answer, rewritten, changed }
    }
}

fn compare(left: &str, right: &str) -> Decision {
    compare_texts(left, right, &Policy::default(), &mut Work::new(BUDGET))
}

#[test]
fn rewriting_keeps_answers_equal_and_changes_do_not() {
    let mut random = Random(21);
    for _ in 0..CASES {
        let Case { answer, rewritten, changed } = random.case();
        assert_eq!(compare(&answer, &rewritten), Decision::Equal, "{answer} and {rewritten}");
        assert_eq!(compare(&rewritten, &answer), Decision::Equal, "{rewritten} and {answer}");
        for changed in changed {
            for (one, other) in [(&answer, &changed), (&changed, &rewritten)] {
                let decision = compare(one, other);
                assert!(matches!(decision, Decision::Different(_)), "{one} and {other}: {decision:?}");
            }
        }
    }
}

#[test]
fn the_order_of_the_sides_does_not_matter() {
    let mut random = Random(22);
    let answers: Vec<String> = (0..24)
        .flat_map(|_| {
            let Case { answer, rewritten, changed: [first, second] } = random.case();
            [answer, rewritten, first, second]
        })
        .collect();
    for (at, left) in answers.iter().enumerate() {
        for right in &answers[at..] {
            let (forth, back) = (compare(left, right), compare(right, left));
            assert_eq!(
                std::mem::discriminant(&forth),
                std::mem::discriminant(&back),
                "{left} and {right}: {forth:?}, {back:?}"
            );
        }
    }
}
