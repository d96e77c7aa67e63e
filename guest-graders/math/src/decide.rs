//! Decides whether two answers are the same: by shape first, then value by value.

use crate::intervals;
use crate::policy::{Percent, Policy, Units};
use crate::reader::Reading;
use crate::relations::{self, Relation};
use crate::tree::{Answer, Comparison, Expression};
use crate::units;
use crate::values;
use crate::work::Work;
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

/// Three answers; the text says what differs, or why nothing could be decided. It may be empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Equal,
    Different(String),
    Undecided(String),
}

impl Decision {
    pub fn different() -> Self {
        Self::Different(String::new())
    }

    /// Equal when all are; different as soon as one is.
    pub fn all(decisions: impl Iterator<Item = Self>) -> Self {
        let mut undecided = None;
        for decision in decisions {
            match decision {
                Self::Equal => {}
                Self::Different(_) => return decision,
                Self::Undecided(_) => undecided = undecided.or(Some(decision)),
            }
        }
        undecided.unwrap_or(Self::Equal)
    }
}

/// Items of the longest list that are matched without regard to order.
const LONGEST_LIST: usize = 100;

/// Compares two readings.
pub fn compare(left: &Reading, right: &Reading, policy: &Policy, work: &mut Work) -> Decision {
    if left.text == right.text {
        return Decision::Equal;
    }
    let decision = Comparer { policy, work }.answers(&left.answer, &right.answer);
    if decision == Decision::Equal {
        return decision;
    }
    for (comma, other) in [(&left.decimal_comma, right), (&right.decimal_comma, left)] {
        if let (Some(number), Answer::Value(value)) = (comma, &other.answer)
            && values::compare(number, value, policy, work) == Decision::Equal
        {
            return Decision::Equal;
        }
    }
    decision
}

/// Compares without the shortcut for texts that are the same.
pub fn compare_answers(left: &Answer, right: &Answer, policy: &Policy, work: &mut Work) -> Decision {
    Comparer { policy, work }.answers(left, right)
}

struct Comparer<'a> {
    policy: &'a Policy,
    work: &'a mut Work,
}

impl Comparer<'_> {
    fn answers(&mut self, left: &Answer, right: &Answer) -> Decision {
        if self.work.spend(1).is_err() {
            return Decision::Undecided("the budget of work is used up".to_owned());
        }
        if left == right {
            return Decision::Equal;
        }
        if let Some(expanded) = expanded(left) {
            return self.answers(&expanded, right);
        }
        if let Some(expanded) = expanded(right) {
            return self.answers(left, &expanded);
        }
        match (left, right) {
            (Answer::Words(left), Answer::Words(right)) => words(left, right),
            (Answer::Words(words), other) | (other, Answer::Words(words)) => self.words_against(words, other),
            (Answer::Named { .. }, Answer::Named { .. }) => self.named(left, right),
            (Answer::Named { value, sides, .. }, other) | (other, Answer::Named { value, sides, .. }) => {
                self.named_against(value, sides.as_deref(), other, left, right)
            }
            (Answer::List(items) | Answer::Set(items), other) | (other, Answer::List(items) | Answer::Set(items))
                if items.len() == 1 && !matches!(other, Answer::List(_) | Answer::Set(_) | Answer::Union(_)) =>
            {
                items.first().map_or_else(Decision::different, |item| self.answers(item, other))
            }
            (Answer::List(one), Answer::List(other)) => self.lists(one, other),
            (Answer::Set(one), Answer::Set(other)) => self.matched(one, other, true),
            (Answer::List(one), Answer::Set(other)) | (Answer::Set(one), Answer::List(other)) => {
                self.matched(&values_of(one), &values_of(other), true)
            }
            (Answer::Tuple { .. }, Answer::Tuple { .. }) => self.tuples(left, right),
            (
                Answer::Tuple { items, left_closed, right_closed },
                other @ (Answer::List(others) | Answer::Set(others)),
            )
            | (
                other @ (Answer::List(others) | Answer::Set(others)),
                Answer::Tuple { items, left_closed, right_closed },
            ) => {
                if *left_closed != *right_closed {
                    return Decision::Different("one is an interval, the other lists items".to_owned());
                }
                let _ = other;
                self.in_order(items, &values_of(others))
            }
            (Answer::Percent(percent), Answer::Value(value)) | (Answer::Value(value), Answer::Percent(percent)) => {
                self.percent(percent, value)
            }
            (Answer::Measured { .. }, _) | (_, Answer::Measured { .. }) => self.measured(left, right),
            (Answer::Based { digits: one, base: first }, Answer::Based { digits: other, base: second }) => {
                let same = one.trim_start_matches('0') == other.trim_start_matches('0');
                if first == second && same { Decision::Equal } else { Decision::different() }
            }
            (Answer::Based { digits, .. }, Answer::Value(value))
            | (Answer::Value(value), Answer::Based { digits, .. }) => match crate::parser::number(digits, "") {
                Ok(number) => values::compare(&number, value, self.policy, self.work),
                Err(reason) => Decision::Undecided(reason),
            },
            (Answer::Ratio(left), Answer::Ratio(right)) => self.ratios(left, right),
            (Answer::Ratio(parts), Answer::Value(value)) | (Answer::Value(value), Answer::Ratio(parts)) => {
                match parts.as_slice() {
                    [top, bottom] => {
                        let quotient = Expression::Product(vec![top.clone(), bottom.clone().inverse()]);
                        values::compare(&quotient, value, self.policy, self.work)
                    }
                    _ => Decision::Different("one is a ratio of several parts, the other one value".to_owned()),
                }
            }
            (Answer::Value(left), Answer::Value(right)) | (Answer::Percent(left), Answer::Percent(right)) => {
                values::compare(left, right, self.policy, self.work)
            }
            _ => self.sets_and_relations(left, right),
        }
    }

    /// Intervals, unions, equations and inequalities.
    fn sets_and_relations(&mut self, left: &Answer, right: &Answer) -> Decision {
        if let (Some(left), Some(right)) = (relation(left), relation(right)) {
            let decision = relations::compare(&left, &right, self.work);
            if decision == Decision::Equal || left.comparison == Comparison::Equal {
                return decision;
            }
        }
        let sets = (intervals::real_set(left, self.work), intervals::real_set(right, self.work));
        if let (Some(left), Some(right)) = sets {
            return intervals::compare(&left, &right, self.policy, self.work);
        }
        match (left, right) {
            (Answer::Union(one), Answer::Union(other)) => self.matched(one, other, true),
            (Answer::Chain(one), Answer::Chain(other)) => self.chains(one, other),
            (Answer::Relation { .. }, Answer::Relation { .. }) => {
                Decision::Undecided("the inequalities cannot be solved here".to_owned())
            }
            (Answer::Value(_) | Answer::Percent(_), _) | (_, Answer::Value(_) | Answer::Percent(_)) => {
                Decision::Different(format!("one is {}, the other {}", kind(left), kind(right)))
            }
            _ => Decision::Undecided(format!("{} cannot be compared with {}", kind(left), kind(right))),
        }
    }

    fn named(&mut self, left: &Answer, right: &Answer) -> Decision {
        let (
            Answer::Named { name: first, value: left_value, sides: left_sides },
            Answer::Named { name: second, value: right_value, sides: right_sides },
        ) = (left, right)
        else {
            return Decision::different();
        };
        let decision = self.answers(left_value, right_value);
        if first == second || decision == Decision::Equal && same_head(first, second) {
            return decision;
        }
        let solved = |value: &Answer| matches!(value, Answer::Value(value) if value.symbols().is_empty());
        let constants = solved(left_value) && solved(right_value);
        if let (Some(one), Some(other), false) = (left_sides, right_sides, constants) {
            let (one, other) = (equation(one), equation(other));
            return relations::compare(&one, &other, self.work);
        }
        match decision {
            Decision::Equal => Decision::Undecided(format!(
                "the value is the same, but one gives it for {first}, the other for {second}"
            )),
            decision => decision,
        }
    }

    fn named_against(
        &mut self,
        value: &Answer,
        sides: Option<&(Expression, Expression)>,
        other: &Answer,
        left: &Answer,
        right: &Answer,
    ) -> Decision {
        match (other, sides) {
            (Answer::Relation { left, comparison: Comparison::Equal, right }, Some(sides)) => {
                let other = Relation { left: left.clone(), comparison: Comparison::Equal, right: right.clone() };
                relations::compare(&equation(sides), &other, self.work)
            }
            (Answer::Relation { .. } | Answer::Chain(_), _) => {
                let sets = (intervals::real_set(left, self.work), intervals::real_set(right, self.work));
                match sets {
                    (Some(left), Some(right)) => intervals::compare(&left, &right, self.policy, self.work),
                    _ => self.answers(value, other),
                }
            }
            (Answer::List(items) | Answer::Set(items), _) if items.len() > 1 && matches!(value, Answer::Value(_)) => {
                Decision::Different(format!("one gives one value, the other {}", items.len()))
            }
            _ => self.answers(value, other),
        }
    }

    fn lists(&mut self, left: &[Answer], right: &[Answer]) -> Decision {
        let (left_names, right_names) = (distinct_names(left), distinct_names(right));
        if left_names.is_some() != right_names.is_some() {
            return self.in_order(&values_of(left), &values_of(right));
        }
        if self.policy.ordered_lists {
            return self.in_order(left, right);
        }
        if let (Some(mut left_names), Some(mut right_names)) = (left_names, right_names) {
            left_names.sort_unstable();
            right_names.sort_unstable();
            if left_names == right_names {
                return self.in_order(&by_name(left), &by_name(right));
            }
        }
        let plain = |items: &[Answer]| items.iter().all(|item| matches!(item, Answer::Value(_)));
        if left.len() != right.len() && plain(left) && plain(right) {
            return count_differs(left.len(), right.len());
        }
        let same_name = shared_name(left).is_some() != shared_name(right).is_some();
        if same_name {
            self.matched(&values_of(left), &values_of(right), true)
        } else {
            self.matched(left, right, true)
        }
    }

    fn tuples(&mut self, left: &Answer, right: &Answer) -> Decision {
        let (
            Answer::Tuple { items: one, left_closed: first_left, right_closed: first_right },
            Answer::Tuple { items: other, left_closed: second_left, right_closed: second_right },
        ) = (left, right)
        else {
            return Decision::different();
        };
        let mixed = first_left != first_right || second_left != second_right;
        let decision = self.in_order(one, other);
        let same_brackets = first_left == second_left && first_right == second_right;
        if decision == Decision::Equal && !same_brackets && (one.len() == 2 || mixed) {
            // An end at infinity belongs to no interval, whatever its bracket.
            if let (Some(left), Some(right)) =
                (intervals::real_set(left, self.work), intervals::real_set(right, self.work))
            {
                return intervals::compare(&left, &right, self.policy, self.work);
            }
            return Decision::Different("the brackets differ: an end belongs to one of the intervals only".to_owned());
        }
        decision
    }

    fn in_order(&mut self, left: &[Answer], right: &[Answer]) -> Decision {
        if left.len() != right.len() {
            return count_differs(left.len(), right.len());
        }
        let mut decisions = Vec::new();
        for (place, (left, right)) in left.iter().zip(right).enumerate() {
            let decision = self.answers(left, right);
            if let Decision::Different(reason) = decision {
                let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                return Decision::Different(format!("item {} differs{reason}", place + 1));
            }
            decisions.push(decision);
        }
        Decision::all(decisions.into_iter())
    }

    /// Matches the items of both sides one to one, whatever their order; in sets, an item counts once.
    fn matched(&mut self, left: &[Answer], right: &[Answer], once: bool) -> Decision {
        if left.len().max(right.len()) > LONGEST_LIST {
            return self.in_order(left, right);
        }
        let mut matrix: Vec<Vec<Decision>> = Vec::new();
        for one in left {
            matrix.push(right.iter().map(|other| self.answers(one, other)).collect());
        }
        let equal =
            |row: usize, column: usize| matrix.get(row).and_then(|row| row.get(column)) == Some(&Decision::Equal);
        let possible = |row: usize, column: usize| {
            matrix
                .get(row)
                .and_then(|row| row.get(column))
                .is_some_and(|found| !matches!(found, Decision::Different(_)))
        };
        if left.len() == right.len() {
            if matching(left.len(), &equal) == left.len() {
                return Decision::Equal;
            }
            if matching(left.len(), &possible) == left.len() {
                let reason = matrix.iter().flatten().find(|decision| matches!(decision, Decision::Undecided(_)));
                return reason.cloned().unwrap_or_else(|| Decision::Undecided("an item cannot be compared".to_owned()));
            }
        } else if once {
            let covered = (0..left.len()).all(|row| (0..right.len()).any(|column| equal(row, column)))
                && (0..right.len()).all(|column| (0..left.len()).any(|row| equal(row, column)));
            if covered {
                return Decision::Equal;
            }
            return count_differs(left.len(), right.len());
        }
        Decision::Different("the items differ".to_owned())
    }

    fn percent(&mut self, percent: &Expression, value: &Expression) -> Decision {
        let hundredth = Expression::Product(vec![
            percent.clone(),
            Expression::Number(RBig::from_parts(IBig::ONE, UBig::from(100u8))),
        ]);
        let readings: &[&Expression] = match self.policy.percent {
            Percent::Either => &[percent, &hundredth],
            Percent::Dropped => &[percent],
            Percent::Hundredth => &[&hundredth],
        };
        let mut last = Decision::different();
        for reading in readings {
            last = values::compare(reading, value, self.policy, self.work);
            if last == Decision::Equal {
                return last;
            }
        }
        last
    }

    fn measured(&mut self, left: &Answer, right: &Answer) -> Decision {
        let (left_value, left_unit) = without_unit(left);
        let (right_value, right_unit) = without_unit(right);
        match (left_unit, right_unit, self.policy.units) {
            (Some(left_unit), Some(right_unit), Units::Optional | Units::Required) if left_unit != right_unit => {
                match (units::parse(&left_unit), units::parse(&right_unit), left_value, right_value) {
                    (Some(left_unit), Some(right_unit), Answer::Value(left_value), Answer::Value(right_value)) => {
                        let (left_base, right_base) = (left_unit.is_generic(), right_unit.is_generic());
                        if left_base != right_base && left_unit.power() == right_unit.power() {
                            return values::compare(&left_value, &right_value, self.policy, self.work);
                        }
                        if left_unit.dimension != right_unit.dimension {
                            return Decision::Different("the units measure different things".to_owned());
                        }
                        let scaled = |value: Expression, size: RBig| {
                            if size.is_one() {
                                value
                            } else {
                                Expression::Product(vec![value, Expression::Number(size)])
                            }
                        };
                        if left_unit.size == right_unit.size {
                            return values::compare(&left_value, &right_value, self.policy, self.work);
                        }
                        let left = scaled(left_value, left_unit.size);
                        let right = scaled(right_value, right_unit.size);
                        values::compare(&left, &right, self.policy, self.work)
                    }
                    (_, _, left_value, right_value) => self.answers(&left_value, &right_value),
                }
            }
            (None, Some(_), Units::Required) | (Some(_), None, Units::Required) => {
                Decision::Different("one of them has no unit".to_owned())
            }
            _ => self.answers(&left_value, &right_value),
        }
    }

    fn ratios(&mut self, left: &[Expression], right: &[Expression]) -> Decision {
        if left.len() != right.len() {
            return count_differs(left.len(), right.len());
        }
        let (Some((left_first, left_rest)), Some((right_first, right_rest))) =
            (left.split_first(), right.split_first())
        else {
            return Decision::different();
        };
        let zero = Expression::integer(0);
        let has_zero = left.iter().chain(right).any(|part| *part == zero);
        if has_zero {
            let pairs = left.iter().zip(right);
            return Decision::all(pairs.map(|(left, right)| values::compare(left, right, self.policy, self.work)));
        }
        let crossed = |one: &Expression, other: &Expression| Expression::Product(vec![one.clone(), other.clone()]);
        Decision::all(left_rest.iter().zip(right_rest).map(|(left, right)| {
            values::compare_exactly(&crossed(left, right_first), &crossed(right, left_first), self.work)
        }))
    }

    fn chains(
        &mut self,
        left: &[(Expression, Comparison, Expression)],
        right: &[(Expression, Comparison, Expression)],
    ) -> Decision {
        if left.len() != right.len() {
            return count_differs(left.len(), right.len());
        }
        let turned: Vec<_> =
            right.iter().rev().map(|(low, sign, high)| (high.clone(), sign.reversed(), low.clone())).collect();
        let mut same = |other: &[(Expression, Comparison, Expression)]| {
            Decision::all(left.iter().zip(other).map(|(one, other)| {
                if one.1 != other.1 {
                    return Decision::Different("the comparison signs differ".to_owned());
                }
                Decision::all(
                    [
                        values::compare_exactly(&one.0, &other.0, self.work),
                        values::compare_exactly(&one.2, &other.2, self.work),
                    ]
                    .into_iter(),
                )
            }))
        };
        match same(right) {
            Decision::Equal => Decision::Equal,
            decision => match same(&turned) {
                Decision::Equal => Decision::Equal,
                _ => decision,
            },
        }
    }

    /// Words against mathematics: letters that were read as a product, the empty set, all real numbers.
    fn words_against(&mut self, words: &str, other: &Answer) -> Decision {
        let spelled = match other {
            Answer::Value(value) => letters(value),
            Answer::Named { value, .. } => return self.words_against(words, &value.clone()),
            _ => None,
        };
        if let Some(spelled) = spelled {
            return if spelled == words.replace(' ', "") { Decision::Equal } else { Decision::different() };
        }
        let empty = |answer: &Answer| {
            matches!(answer, Answer::Set(items) if items.is_empty())
                || matches!(answer, Answer::Value(Expression::Symbol(name)) if name == "emptyset" || name == "varnothing")
        };
        if is_no_solution(words) && empty(other) {
            return Decision::Equal;
        }
        let as_words = Answer::Words(words.to_owned());
        if let (Some(left), Some(right)) =
            (intervals::real_set(&as_words, self.work), intervals::real_set(other, self.work))
        {
            return intervals::compare(&left, &right, self.policy, self.work);
        }
        if words.split(' ').count() <= 3 {
            Decision::Different("one is words, the other mathematics".to_owned())
        } else {
            Decision::Undecided("prose cannot be compared with mathematics".to_owned())
        }
    }
}

/// A value with ± as the list of its two values; a list with such values spread out.
fn expanded(answer: &Answer) -> Option<Answer> {
    let has_sign = |value: &Expression| value.any(&|part| matches!(part, Expression::PlusMinus(..)));
    match answer {
        Answer::Value(value) if has_sign(value) => {
            Some(Answer::List(vec![Answer::Value(value.with_sign(true)), Answer::Value(value.with_sign(false))]))
        }
        Answer::Named { name, value, sides } => match &**value {
            Answer::Value(inner) if has_sign(inner) => {
                let variant = |upper: bool| {
                    let value = inner.with_sign(upper);
                    let sides = sides.as_ref().map(|sides| Box::new((sides.0.clone(), value.clone())));
                    Answer::Named { name: name.clone(), value: Box::new(Answer::Value(value)), sides }
                };
                Some(Answer::List(vec![variant(true), variant(false)]))
            }
            _ => None,
        },
        Answer::List(items) | Answer::Set(items) if items.iter().any(|item| expanded(item).is_some()) => {
            let spread = items
                .iter()
                .flat_map(|item| match expanded(item) {
                    Some(Answer::List(parts)) => parts,
                    _ => vec![item.clone()],
                })
                .collect();
            Some(if matches!(answer, Answer::Set(_)) { Answer::Set(spread) } else { Answer::List(spread) })
        }
        _ => None,
    }
}

fn words(left: &str, right: &str) -> Decision {
    let plain = |words: &str| {
        words
            .split(|next: char| {
                !next.is_alphanumeric() && !matches!(next, '-' | '+' | '*' | '/' | '=' | '<' | '>' | '^')
            })
            .filter(|word| !word.is_empty() && !matches!(*word, "the" | "a" | "an"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    // Brackets tell intervals apart; elsewhere they only set words off.
    let squares = |words: &str| words.chars().filter(|next| matches!(next, '[' | ']')).collect::<String>();
    let same_brackets = squares(left) == squares(right);
    let (left, right) = (plain(left), plain(right));
    let same_words = left.replace(' ', "") == right.replace(' ', "");
    if same_words && same_brackets || is_no_solution(&left) && is_no_solution(&right) {
        return Decision::Equal;
    }
    if same_words {
        return Decision::Undecided("the words are the same, but the brackets between them differ".to_owned());
    }
    if left.split(' ').count().max(right.split(' ').count()) <= 3 {
        return Decision::Different("the words differ".to_owned());
    }
    Decision::Undecided("the words differ, and their sense cannot be judged".to_owned())
}

fn is_no_solution(words: &str) -> bool {
    matches!(
        words,
        "no solution"
            | "no solutions"
            | "no real solution"
            | "no real solutions"
            | "there is no solution"
            | "there are no solutions"
            | "none"
            | "empty set"
    )
}

/// The letters of a product of one-letter symbols, in the order they were written.
fn letters(value: &Expression) -> Option<String> {
    let letter = |part: &Expression| match part {
        Expression::Symbol(name) if name.len() == 1 => Some(name.to_lowercase()),
        Expression::Euler => Some("e".to_owned()),
        Expression::Imaginary => Some("i".to_owned()),
        _ => None,
    };
    match value {
        Expression::Product(parts) => parts.iter().map(letter).collect::<Option<Vec<_>>>().map(|parts| parts.concat()),
        other => letter(other),
    }
}

/// Whether two names may stand for one thing: the same function of another argument, or `f(x)` and `y`.
fn same_head(left: &str, right: &str) -> bool {
    match (left.split_once('('), right.split_once('(')) {
        (Some((left, _)), Some((right, _))) => left == right,
        (None, None) => false,
        (Some(_), None) => right.len() == 1,
        (None, Some(_)) => left.len() == 1,
    }
}

fn equation(sides: &(Expression, Expression)) -> Relation {
    Relation { left: sides.0.clone(), comparison: Comparison::Equal, right: sides.1.clone() }
}

fn relation(answer: &Answer) -> Option<Relation> {
    match answer {
        Answer::Relation { left, comparison, right } => {
            Some(Relation { left: left.clone(), comparison: *comparison, right: right.clone() })
        }
        _ => None,
    }
}

fn values_of(items: &[Answer]) -> Vec<Answer> {
    items
        .iter()
        .map(|item| match item {
            Answer::Named { value, .. } => (**value).clone(),
            other => other.clone(),
        })
        .collect()
}

/// The names of items that each name another thing.
fn distinct_names(items: &[Answer]) -> Option<Vec<&str>> {
    let names = items
        .iter()
        .map(|item| match item {
            Answer::Named { name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?;
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    (sorted.len() == names.len()).then_some(names)
}

fn by_name(items: &[Answer]) -> Vec<Answer> {
    let mut sorted = items.to_vec();
    sorted.sort_by(|left, right| match (left, right) {
        (Answer::Named { name: left, .. }, Answer::Named { name: right, .. }) => left.cmp(right),
        _ => std::cmp::Ordering::Equal,
    });
    sorted
}

/// The one name that all items give a value for.
fn shared_name(items: &[Answer]) -> Option<&str> {
    let mut shared = None;
    for item in items {
        let Answer::Named { name, .. } = item else { return None };
        if shared.is_some_and(|known: &str| known != name) {
            return None;
        }
        shared = Some(name.as_str());
    }
    shared
}

fn without_unit(answer: &Answer) -> (Answer, Option<String>) {
    match answer {
        Answer::Measured { value, unit } => (Answer::Value(value.clone()), Some(unit.clone())),
        other => (other.clone(), None),
    }
}

fn count_differs(left: usize, right: usize) -> Decision {
    Decision::Different(format!("one has {left} items, the other {right}"))
}

/// The size of the largest one-to-one matching, by augmenting paths found without recursion.
fn matching(size: usize, edge: &dyn Fn(usize, usize) -> bool) -> usize {
    let mut row_of: Vec<Option<usize>> = vec![None; size];
    let mut matched = 0;
    for start in 0..size {
        let mut reached_from: Vec<Option<usize>> = vec![None; size];
        let mut queue = vec![start];
        let mut free = None;
        while let (Some(row), None) = (queue.pop(), free) {
            for column in 0..size {
                if reached_from.get(column).copied().flatten().is_some() || !edge(row, column) {
                    continue;
                }
                if let Some(slot) = reached_from.get_mut(column) {
                    *slot = Some(row);
                }
                if let Some(next) = row_of.get(column).copied().flatten() {
                    queue.push(next);
                } else {
                    free = Some(column);
                    break;
                }
            }
        }
        let Some(mut column) = free else { continue };
        matched += 1;
        while let Some(row) = reached_from.get(column).copied().flatten() {
            let previous = row_of.iter().position(|owner| *owner == Some(row));
            if let Some(slot) = row_of.get_mut(column) {
                *slot = Some(row);
            }
            match previous {
                Some(next) if row != start => column = next,
                _ => break,
            }
        }
    }
    matched
}

fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Value(_) => "a value",
        Answer::Percent(_) => "a percentage",
        Answer::Measured { .. } => "a measured value",
        Answer::Based { .. } => "a number in another base",
        Answer::Tuple { .. } => "a tuple or an interval",
        Answer::Set(_) => "a set",
        Answer::List(_) => "a list",
        Answer::Union(_) => "a union of sets",
        Answer::Ratio(_) => "a ratio",
        Answer::Named { .. } => "a named value",
        Answer::Relation { comparison: Comparison::Equal, .. } => "an equation",
        Answer::Relation { .. } | Answer::Chain(_) => "an inequality",
        Answer::Words(_) => "words",
    }
}
