//! Answers against references: pairs that are equal, different, or not to be decided.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first thing that fails")]

use math::decide::Decision;
use math::grade::{BUDGET, Outcome, against_reference, compare_texts};
use math::policy::{Percent, Policy, Rounding, Units};
use math::work::Work;

fn compare(left: &str, right: &str, policy: &Policy) -> Decision {
    compare_texts(left, right, policy, &mut Work::new(BUDGET))
}

/// Every pair is compared both ways.
fn assert_all(pairs: &[(&str, &str)], policy: &Policy, what: &str, test: impl Fn(&Decision) -> bool) {
    for (left, right) in pairs {
        for (one, other) in [(left, right), (right, left)] {
            let decision = compare(one, other, policy);
            assert!(test(&decision), "{one:?} and {other:?} should be {what}: {decision:?}");
        }
    }
}

fn assert_equal(pairs: &[(&str, &str)]) {
    assert_all(pairs, &Policy::default(), "equal", |decision| *decision == Decision::Equal);
}

fn assert_different(pairs: &[(&str, &str)]) {
    assert_all(pairs, &Policy::default(), "different", |decision| matches!(decision, Decision::Different(_)));
}

#[test]
fn equal_numbers() {
    assert_equal(&[
        ("17", "17.0"),
        ("0.25", "1/4"),
        ("\\frac{3}{8}", "0.375"),
        ("\\dfrac58", "\\tfrac{5}{8}"),
        ("-\\frac12", "-0.5"),
        ("2 1/3", "7/3"),
        ("4\\frac{2}{5}", "\\frac{22}{5}"),
        ("12,345,678", "12345678"),
        ("7{,}500", "7500"),
        ("64,\\!000", "64000"),
        ("1 250", "1250"),
        ("3.2e5", "320000"),
        ("6.02 \\times 10^{3}", "6020"),
        ("+9", "9"),
        ("2^{10}", "1024"),
        ("5!", "120"),
        ("\\binom{6}{2}", "15"),
        ("0.\\overline{6}", "2/3"),
        (".75", "0.75"),
        ("\\sqrt{50}", "5\\sqrt{2}"),
        ("\\frac{1}{\\sqrt{3}}", "\\frac{\\sqrt{3}}{3}"),
        ("\\sqrt[3]{54}", "3\\sqrt[3]{2}"),
        ("8^{2/3}", "4"),
        ("\\sqrt{2}\\sqrt{3}", "\\sqrt 6"),
        ("(1+\\sqrt2)^2", "3+2\\sqrt{2}"),
        ("\\sqrt[3]{-8}", "-2"),
        ("\\frac{1}{2-\\sqrt{3}}", "2+\\sqrt{3}"),
        ("\\pi/4", "0.25\\pi"),
        ("\\cos 60^\\circ", "1/2"),
        ("\\sin(\\pi/6)", "0.5"),
        ("\\ln e^3", "3"),
        ("\\log_2 32", "5"),
        ("\\log 1000", "3"),
        ("e^{\\ln 7}", "7"),
        ("\\ln 12", "2\\ln 2+\\ln 3"),
        ("i^2", "-1"),
        ("(1+i)^2", "2i"),
        ("\\frac{1}{i}", "-i"),
        ("e^{i\\pi}", "-1"),
        ("|-7|", "7"),
        ("|3+4i|", "5"),
        ("\\lfloor 3.7 \\rfloor", "3"),
        ("\\lceil 3.2 \\rceil", "4"),
        ("17 \\bmod 5", "2"),
        ("\\sum_{k=1}^{10} k", "55"),
        ("\\prod_{j=1}^{5} j", "120"),
        ("\\sqrt{5+2\\sqrt{6}}", "\\sqrt2+\\sqrt3"),
        ("0.333333", "1/3"),
        ("3.14159265", "\\pi"),
        ("\\frac{22}{7}", "3\\frac17"),
        ("½", "0.5"),
        ("5²", "25"),
        ("3×4", "12"),
        ("2·7", "14"),
        ("−6", "-6"),
        ("\\sin 15^\\circ", "\\frac{\\sqrt6-\\sqrt2}{4}"),
        ("\\arctan 1", "\\frac{\\pi}{4}"),
        ("\\sin(3\\pi)", "0"),
        ("\\tan(-\\pi)", "0"),
        ("\\cos\\frac{5\\pi}{2}", "0"),
        ("2+\\sin 4\\pi", "2"),
        ("\\ln(\\sqrt{5}-2)+\\ln(\\sqrt5+2)", "0"),
        ("\\tan(\\pi/3)", "\\sqrt{3}"),
        ("-\\cos(\\pi/7)\\cos(2\\pi/7)\\cos(4\\pi/7)", "1/8"),
        ("\\text{21}", "21"),
        ("\\begin{vmatrix}1&2\\\\3&4\\end{vmatrix}", "-2"),
    ]);
}

#[test]
fn different_numbers() {
    assert_different(&[
        ("17", "18"),
        ("0.1", "0.10000001"),
        ("1/10", "0.10000001"),
        ("0.000000004", "0.000000005"),
        ("3", "-3"),
        ("\\frac{1}{1999!}", "\\frac{1}{2001!}"),
        ("2^{-120}", "2^{-119}"),
        ("5", "5\\sqrt{2}"),
        ("3", "3\\sqrt(2)"),
        ("\\frac{2^{1500}+1}{5\\cdot 2^{1501}}", "\\frac{1}{5\\cdot 2^{1501}}"),
        ("2-\\frac{1}{e}", "2+\\frac{1}{e}"),
        ("3-\\frac{1}{\\mathrm{e}}", "3+\\frac{1}{\\mathrm{e}}"),
        ("0.28", "28"),
        ("28/100", "28"),
        ("0.333", "1/3"),
        ("3.14", "\\pi"),
        ("2", "2 2/3"),
        ("\\sqrt{2}", "1.5"),
        ("\\sqrt2+\\sqrt3", "\\sqrt5"),
        ("e^{\\pi\\sqrt{163}}", "262537412640768744"),
        ("2i", "2"),
        ("\\pi", "22/7"),
        ("10^{10^{10}}", "2"),
        ("7^{7^{7^7}}", "7"),
        ("12:00", "1:00"),
        ("3.0001", "3"),
        ("2^{0.5}", "1.41422"),
        ("1000", "1,001"),
        ("\\ln 2", "\\log 2"),
        ("\\sin 30", "1/2"),
        ("\\sin(\\pi+10^{-40})", "0"),
        ("\\sin(10^{-60})", "0"),
    ]);
}

#[test]
fn equal_expressions() {
    assert_equal(&[
        ("x^2+2x+1", "(x+1)^2"),
        ("(a-b)(a+b)", "a^2-b^2"),
        ("\\frac{x^2-1}{x-1}", "x+1"),
        ("\\frac{x+3}{5}", "\\frac{x}{5}+0.6"),
        ("2\\sin x\\cos x", "\\sin 2x"),
        ("1+\\tan^2 t", "\\sec^2 t"),
        ("\\cos^2 y", "1-\\sin^2 y"),
        ("x*x", "x^2"),
        ("3 a b", "3ba"),
        ("\\frac{1}{x}-\\frac{1}{x+1}", "\\frac{1}{x(x+1)}"),
        ("e^{2x}", "(e^x)^2"),
        ("2^{x+1}", "2\\cdot 2^x"),
        ("\\sqrt{x^2+2x+1}", "|x+1|"),
        ("\\ln(x^2)", "2\\ln|x|"),
        ("x^{1/2}", "\\sqrt x"),
        ("\\frac{x}{\\sqrt{x}}", "\\sqrt{x}"),
        ("((t+2)(t^2+4t+4))^{1/3}", "((t+2)^2(t+2))^{1/3}"),
        ("n(n+1)/2", "\\frac{n^2+n}{2}"),
        ("\\frac{(n+1)!}{n!}", "n+1"),
        ("x_1+x_2", "x_{2}+x_{1}"),
        ("-(x-3)", "3-x"),
        ("\\frac{-1}{2x}", "-\\frac{1}{2x}"),
        ("7z^{96}(4z+1)", "28z^{97}+7z^{96}"),
        ("\\frac{2}{3}\\pi r^3", "\\frac{2\\pi r^3}{3}"),
        ("x^{-2}", "1/x^2"),
        ("(2x)^3", "8x^3"),
        ("\\sinh x", "\\frac{e^x-e^{-x}}{2}"),
    ]);
}

#[test]
fn different_expressions() {
    assert_different(&[
        ("x^2+2x+1", "y^2+2y+1"),
        ("x+1", "x-1"),
        ("(x+1)^2", "x^2+1"),
        ("\\sqrt{x^2}", "x"),
        ("\\sin x", "\\cos x"),
        ("2x", "x^2"),
        ("e^{x+y}", "e^x+e^y"),
        ("\\ln(a+b)", "\\ln a+\\ln b"),
        ("x^2", "x^3"),
        ("\\frac{1}{x}", "x"),
        ("\\tan^2 t", "\\sec^2 t"),
        ("a", "b"),
        ("x + 10^{-30}", "x"),
        ("\\frac{1}{a+b}", "\\frac1a+\\frac1b"),
        ("n!", "n^2"),
    ]);
}

#[test]
fn collections() {
    assert_equal(&[
        ("(1, 2)", "(1,2)"),
        ("(1, 4.5)", "(1,\\frac92)"),
        ("\\{1, 2, 3\\}", "\\{3, 1, 2\\}"),
        ("1, 2", "2, 1"),
        ("2 and 5", "\\{2,5\\}"),
        ("x = 2 \\text{ or } x = 7", "7, 2"),
        ("\\pm 3", "3, -3"),
        ("x = \\pm 3", "x = 3, x = -3"),
        ("\\{2\\pm\\sqrt3, 1\\}", "2+\\sqrt3, 2-\\sqrt3, 1"),
        ("\\{1/3, 1/4\\}", "\\{0.25, 1/3\\}"),
        ("{4, 6}", "\\{6,4\\}"),
        ("(3,1),(1,3)", "(1,3),(3,1)"),
        ("7;8;9", "7,8,9"),
        ("\\langle 1,2,3\\rangle", "(1,2,3)"),
        ("(x,y)=(4,5)", "(4,5)"),
        ("x = 4, y = 5", "(4, 5)"),
        ("p=5,q=2;p=7,q=2", "(5,2),(7,2)"),
        ("2:3", "4:6"),
        ("3:4", "3/4"),
        ("[0,1)", "[0, 1)"),
        ("(-\\infty, 2) \\cup (3, \\infty)", "(3,\\infty)\\cup(-\\infty,2)"),
        ("x > 5", "5 < x"),
        ("x \\ge 3", "[3, \\infty)"),
        ("-2 < x \\le 7", "(-2, 7]"),
        ("x \\in [-2,7]", "-2 \\le x \\le 7"),
        ("x \\ne 3", "(-\\infty,3)\\cup(3,\\infty)"),
        ("2x > 6", "x > 3"),
        ("-x \\ge -1", "x \\le 1"),
        ("x < 1 \\text{ or } x > 2", "(-\\infty,1)\\cup(2,\\infty)"),
        ("[1,2]\\cup[2,3]", "[1,3]"),
        ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\left[\\begin{array}{cc}1&2\\\\3&4\\end{array}\\right]"),
        (
            "\\begin{pmatrix}1\\\\2\\end{pmatrix}+\\begin{pmatrix}3\\\\4\\end{pmatrix}",
            "\\begin{bmatrix}4\\\\6\\end{bmatrix}",
        ),
        ("2\\begin{pmatrix}1&2\\end{pmatrix}", "\\begin{pmatrix}2&4\\end{pmatrix}"),
        ("\\emptyset", "no solution"),
        ("\\mathbb{R}", "(-\\infty,\\infty)"),
    ]);
    assert_different(&[
        ("(1, 2)", "(2, 1)"),
        ("\\{1, 2\\}", "\\{1, 3\\}"),
        ("1, 2", "1, 2, 3"),
        ("16, 3, 1, 1", "16, 3, 1"),
        ("-3,0", "-3"),
        ("120,000", "120"),
        ("1331 and 1728", "1728"),
        ("\\pm 2021", "2021"),
        ("[0,1)", "(0,1]"),
        ("[0,1]", "(0,1)"),
        ("x > 5", "x < 5"),
        ("x > 5", "x \\ge 5"),
        ("(1,2,3)", "(1,2)"),
        ("2:3", "3:2"),
        ("(1,3)", "(1,4)"),
        ("x \\in [-2,7]", "-2 \\le x < 7"),
        ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{pmatrix}1&2\\\\3&5\\end{pmatrix}"),
        ("\\{1\\}", "2"),
        ("(3,1)", "\\{1,3\\}"),
        ("5", "5, 6"),
        ("\\begin{pmatrix}1&2\\end{pmatrix}", "\\begin{pmatrix}1\\\\2\\end{pmatrix}"),
        ("(-\\infty,2)", "(-\\infty,2]"),
        ("(2,12)\\cup(12,102)", "(2,102)"),
    ]);
}

#[test]
fn equations_and_names() {
    assert_equal(&[
        ("x = 5", "5"),
        ("k=1", "1"),
        ("f(x) = 2x", "2x"),
        ("y = 2x + 1", "2x - y + 1 = 0"),
        ("2x+4y-3=0", "y=-\\frac12x+\\frac34"),
        ("34x+45y-20z+100=0", "-34x-45y+20z-100=0"),
        ("x^2/4+y^2/3=1", "3x^2+4y^2=12"),
        ("x = 5+6 = 11", "11"),
        ("xy = 1", "y = 1/x"),
        ("|AB| = 3", "3"),
        ("x = 1/3 \\approx 0.33", "1/3"),
        ("2 + 3 = 5", "5"),
        ("a_3 = 2, a_{37} = 19", "a_{37} = 19, a_3 = 2"),
        ("S:T = 7:32", "7:32"),
    ]);
    assert_different(&[
        ("3x-y+13=0", "3x+4y+14=0"),
        ("x = 5", "6"),
        ("2x + z = 1", "1"),
        ("7 = 11a + c", "11a + c"),
        ("x+y-z+2=0", "5x-7y+11z+4=0"),
        ("y = 2x", "y = 3x"),
        ("x = 2, y = 3", "x = 3, y = 2"),
        ("n = 1, 2, 3", "n = 2, 3, 4"),
    ]);
    let names = compare("x = 5", "t = 5", &Policy::default());
    assert!(matches!(names, Decision::Undecided(_)), "{names:?}");
}

#[test]
fn units_percentages_and_words() {
    assert_equal(&[
        ("10\\text{ units}", "10"),
        ("15 cm^2", "15\\mbox{ cm}^2"),
        ("\\$40", "40"),
        ("90^\\circ", "90"),
        ("72 degrees", "72"),
        ("35 m", "35\\text{ m}"),
        ("3500\\text{ cm}", "35 m"),
        ("60 minutes", "1 hour"),
        ("28\\%", "28"),
        ("28\\%", "0.28"),
        ("28 percent", "28\\%"),
        ("5 miles per hour", "5"),
        ("125\\textnormal{ miles}", "125 miles"),
        ("\\text{Evelyn}", "evelyn"),
        ("\\text{even}", "Even"),
        ("Yes", "yes"),
        ("\\text{(C)}", "C"),
        ("204_5", "204_{5}"),
        ("204_5", "204"),
    ]);
    assert_different(&[
        ("35 cm", "35\\text{ m}"),
        ("45\\text{ units}^2", "45\\text{ units}^3"),
        ("28\\%", "29"),
        ("5 kg", "5 hours"),
        ("odd", "even"),
        ("yes", "no"),
        ("A", "B"),
        ("52_8", "52_7"),
        ("52_8", "42"),
        ("odd", "7"),
    ]);
}

#[test]
fn policies_are_symmetric() {
    let hundredth = Policy { percent: Percent::Hundredth, ..Policy::default() };
    assert_all(&[("28\\%", "28")], &hundredth, "different", |decision| matches!(decision, Decision::Different(_)));
    assert_all(&[("28\\%", "0.28")], &hundredth, "equal", |decision| *decision == Decision::Equal);
    let dropped = Policy { percent: Percent::Dropped, ..Policy::default() };
    assert_all(&[("28\\%", "0.28")], &dropped, "different", |decision| matches!(decision, Decision::Different(_)));
    let ignored = Policy { units: Units::Ignored, ..Policy::default() };
    assert_all(&[("35 cm", "35\\text{ m}")], &ignored, "equal", |decision| *decision == Decision::Equal);
    let required = Policy { units: Units::Required, ..Policy::default() };
    assert_all(&[("35 cm", "35")], &required, "different", |decision| matches!(decision, Decision::Different(_)));
    let rounded = Policy { rounding: Rounding::Digits(3), ..Policy::default() };
    assert_all(&[("0.333", "1/3"), ("3.14", "\\pi")], &rounded, "equal", |decision| *decision == Decision::Equal);
    assert_all(&[("0.34", "1/3"), ("0.335", "1/3")], &rounded, "different", |decision| {
        matches!(decision, Decision::Different(_))
    });
    let tolerant = Policy { relative_tolerance: 0.01, ..Policy::default() };
    assert_all(&[("9.81", "9.8"), ("1.4", "\\sqrt{1.97}")], &tolerant, "equal", |decision| {
        *decision == Decision::Equal
    });
    assert_all(&[("9.81", "9.6")], &tolerant, "different", |decision| matches!(decision, Decision::Different(_)));
    let ordered = Policy { ordered_lists: true, ..Policy::default() };
    assert_all(&[("1, 2", "2, 1")], &ordered, "different", |decision| matches!(decision, Decision::Different(_)));
}

#[test]
fn answers_are_found_in_responses() {
    let cases = [
        ("So the total is $\\boxed{\\frac{3}{4}}$.", "0.75", Outcome::Right),
        ("I first tried \\boxed{3}. That fails. Now \\boxed{4}.", "4", Outcome::Right),
        ("I first tried \\boxed{3}. That fails. Now \\boxed{4}.", "3", Outcome::Wrong),
        ("\\boxed{2} and \\boxed{9}", "9, 2", Outcome::Right),
        ("The final answer is 12.", "12", Outcome::Right),
        ("Adding up: 3 + 4 = 7\n#### 7", "7", Outcome::Right),
        ("Answer: \\(x = \\tfrac{1}{2}\\)", "1/2", Outcome::Right),
        ("It costs 3 dollars each.\n\n**Total: 36**", "36", Outcome::Right),
        ("<think>perhaps 9?</think>The answer is 8.", "9", Outcome::Wrong),
        ("<think>perhaps 9?</think>The answer is 8.", "8", Outcome::Right),
        ("<think>the answer is 8, let me check", "8", Outcome::Wrong),
        ("We have 5 apples and 7 pears, so there are 12 fruits.", "12", Outcome::Right),
        ("x + 3 = 10\nx = 7", "7", Outcome::Right),
        ("The probability is $\\frac{1}{6}$.", "1/6", Outcome::Right),
        ("Therefore, the area is $5 \\times 8 = 40$ square metres.", "40", Outcome::Right),
        ("I believe that it is (B).", "B", Outcome::Right),
        ("The answer is C because the others are odd.", "(C) 14", Outcome::Right),
        ("The answer is C because the others are odd.", "D", Outcome::Wrong),
        ("", "4", Outcome::Wrong),
        ("I cannot help with that request, sorry about it all.", "4", Outcome::Wrong),
        ("The answer is 30\\% of them.", "30", Outcome::Right),
    ];
    for (response, reference, expected) in cases {
        let judgement = against_reference(response, reference, &Policy::default(), &mut Work::new(BUDGET)).unwrap();
        assert_eq!(judgement.outcome, expected, "{response:?} against {reference:?}: {}", judgement.reason);
    }
}

#[test]
fn a_reference_that_cannot_be_read_is_no_wrong_answer() {
    for reference in ["\\frac{1}{", "", "((", "3 +", "$"] {
        let result = against_reference("The answer is 4.", reference, &Policy::default(), &mut Work::new(BUDGET));
        assert!(result.is_err(), "{reference:?}: {result:?}");
    }
}
