//! Grades without a reference: equations by substitution, arithmetic by evaluation.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first thing that fails")]

use math::grade::{BUDGET, Judgement, Outcome, without_reference};
use math::policy::Policy;
use math::work::Work;

fn grade(query: &str, response: &str) -> Judgement {
    without_reference(query, response, &Policy::default(), &mut Work::new(BUDGET))
}

#[test]
fn equations_are_checked_by_substitution() {
    use Outcome::{Right, Undecided, Wrong};
    let cases = [
        ("Solve for x: 2x + 5 = 15", "x = 10", Wrong),
        ("Solve for x: 2x + 5 = 15", "x = 5", Right),
        ("Solve for x: 2x + 5 = 15", "2x + 5 = 15\n2x = 10\nx = 10", Wrong),
        ("Solve for x: 2x + 5 = 15", "2x + 5 = 15\n2x = 10\nx = 5", Right),
        ("Solve for x: 2x + 5 = 15", "2x + 5 = 15\n2x = 20\nx = 10", Wrong),
        ("Solve for x: 2x + 5 = 15", "Subtract 5: 2x = 10. Divide by 2: x = 5.", Right),
        ("Solve for x: 2x + 5 = 15", "5", Right),
        ("Solve for x: 2x + 5 = 15", "The answer is $\\boxed{5}$.", Right),
        ("Solve for x: 2x + 5 = 15", "**x = 5**", Right),
        ("Solve for x: 2x + 5 = 15", "First we guess.\n\n**Answer:** x = 6", Wrong),
        ("Solve 3y - 7 = 2y + 1 for y.", "y = 8", Right),
        ("Solve 3y - 7 = 2y + 1 for y.", "y = 6", Wrong),
        ("Solve $x^2 - 5x + 6 = 0$.", "x = 2 or x = 3", Right),
        ("Solve $x^2 - 5x + 6 = 0$.", "$x = 2, x = 3$", Right),
        ("Solve $x^2 - 5x + 6 = 0$.", "\\boxed{\\{2, 3\\}}", Right),
        ("Solve $x^2 - 5x + 6 = 0$.", "The solutions are x = 2 and x = 3.", Right),
        ("Solve $x^2 - 5x + 6 = 0$.", "x = 2\nx = 3", Right),
        ("Solve $x^2 - 5x + 6 = 0$.", "x = 2", Wrong),
        ("Solve $x^2 - 5x + 6 = 0$.", "x = 2 or x = 4", Wrong),
        ("Solve $x^2 - 5x + 6 = 0$.", "x = 1 or x = 6", Wrong),
        ("Solve x^2 = 2", "x = \\pm\\sqrt{2}", Right),
        ("Solve x^2 = 2", "x = \\sqrt{2}", Wrong),
        ("Find the positive solution of x^2 = 2", "x = \\sqrt{2}", Right),
        ("Find the positive solution of x^2 = 2", "x = -\\sqrt{2}", Wrong),
        ("Solve x^2 + 1 = 0", "There is no real solution.", Right),
        ("Solve x^2 + 1 = 0", "x = i, x = -i", Right),
        ("Solve x^2 - 1 = 0", "no solution", Wrong),
        ("Solve x^2 - 2x + 1 = 0", "x = 1", Right),
        ("Solve for x: (x - 1)(x + 2) = 0", "x = 1, -2", Right),
        ("Solve for x: 1/x = 4", "x = 1/4", Right),
        ("Solve for x: 1/x = 4", "x = 4", Wrong),
        ("Solve for x: x/3 = 7", "x = 21", Right),
        ("Solve for x: 0.5x + 1.5 = 4", "x = 5", Right),
        ("Solve the system x + y = 5 and x - y = 1", "x = 3, y = 2", Right),
        ("Solve the system x + y = 5 and x - y = 1", "(3, 2)", Right),
        ("Solve the system x + y = 5 and x - y = 1", "Adding gives 2x = 6\nx = 3\ny = 2", Right),
        ("Solve the system x + y = 5 and x - y = 1", "x = 2, y = 3", Wrong),
        ("If 3x = 9, find the value of 2x + 1.", "7", Undecided),
        ("Solve x^3 - x = 0", "x = 0, x = 1, x = -1", Right),
        ("Solve x^3 - x = 0", "x = 0, x = 1", Wrong),
        ("What is the value of x if 4x - 8 = 0?", "x = 2", Right),
        ("Solve for x: 2^x = 8", "x = 3", Right),
        ("Solve for x: 2^x = 8", "x = 4", Wrong),
        ("Solve for x: \\sqrt{x + 3} = 5", "x = 22", Right),
        ("Find all complex roots of z^3 = 8.", "z = 2", Wrong),
        ("Find all complex roots of z^3 = 8.", "z = 2, z = -1+i\\sqrt{3}, z = -1-i\\sqrt{3}", Right),
        ("How many real solutions does x^2 = 4 have?", "2", Undecided),
        ("Solve for x: \\frac{x}{x-1} = \\frac{1}{x-1}", "x = 1", Wrong),
        ("Solve $|x - 3| = 5$.", "x = 8 or x = -2", Right),
        ("Solve $|x - 3| = 5$.", "x = 8", Wrong),
        ("Solve for x: 2^x = x^2 + 1", "x = 0", Wrong),
        ("Solve $\\sqrt{x+6} = x$.", "x = 3", Right),
        ("Solve $\\sqrt{x+6} = x$.", "x = 3 or x = -2", Wrong),
        ("Solve x^2 + y^2 = 25 and x + y = 7.", "(3, 4) and (4, 3)", Right),
        ("Solve x^2 + y^2 = 25 and x + y = 7.", "(3, 4)", Wrong),
        ("Solve for t: 3t + 2 = 14", "<think>maybe t = 5?</think>t = 4", Right),
    ];
    for (query, response, expected) in cases {
        let judgement = grade(query, response);
        assert_eq!(judgement.outcome, expected, "{query:?} / {response:?}: {}", judgement.reason);
    }
}

#[test]
fn the_reason_names_what_substitution_gives() {
    let judgement = grade("Solve for x: 2x + 5 = 15", "x = 10");
    assert_eq!(judgement.reason, "found x = 10; substituting into 2x + 5 = 15 gives 25, not 15");
    let judgement = grade("Solve $x^2 - 5x + 6 = 0$.", "x = 2");
    assert!(judgement.reason.contains("2 real solutions exist and only 1 was given"), "{}", judgement.reason);
}

#[test]
fn arithmetic_is_evaluated() {
    use Outcome::{Right, Wrong};
    let cases = [
        ("What is 12 * 7?", "84", Right),
        ("What is 12 * 7?", "12 * 7 = 84", Right),
        ("What is 12 * 7?", "The answer is 82.", Wrong),
        ("Calculate 3/4 + 1/8", "7/8", Right),
        ("Calculate 3/4 + 1/8", "0.875", Right),
        ("Calculate 3/4 + 1/8", "4/12", Wrong),
        ("Compute $2^{10} - 24$.", "1000", Right),
        ("What is 15% of 80?", "12", Right),
        ("What is 15% of 80?", "It is 120.", Wrong),
        ("what is 7 plus 8", "15", Right),
        ("Evaluate \\frac{5!}{3!}", "20", Right),
        ("What is the square root of 144?", "12", Right),
        ("What is 7! / 5!?", "42", Right),
        ("25 - 4 * 3 = ?", "13", Right),
        ("25 - 4 * 3 = ?", "63", Wrong),
    ];
    for (query, response, expected) in cases {
        let judgement = grade(query, response);
        assert_eq!(judgement.outcome, expected, "{query:?} / {response:?}: {}", judgement.reason);
    }
}

#[test]
fn other_queries_are_undecided() {
    for query in ["Who wrote Faust?", "", "Prove that 2 is prime.", "Name a number.", "Given f(x) = x^2, find f(3)."] {
        let judgement = grade(query, "The answer is 4.");
        assert_eq!(judgement.outcome, Outcome::Undecided, "{query:?}: {}", judgement.reason);
    }
}
