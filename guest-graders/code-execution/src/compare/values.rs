//! Returned values.
//!
//! Integers are compared exactly, at any size; an expected float, and whatever float is returned for it, within the
//! tolerances. An object that stayed in its sandbox is never what was expected: what it claims to be proves nothing.

use std::{
    cell::OnceCell,
    collections::{HashMap, HashSet},
    fmt,
};

use gradebox_sdk::value::{Integer, Value};

use super::Policy;
use crate::params::{Order, ValueTypes};

/// Members that have to be tried one by one.
const MOST_TRIED: usize = 1000;

/// Whether a returned value is the expected one.
pub(crate) fn same_value(expected: &Value, found: &Value, policy: Policy) -> bool {
    if policy.order != Order::Matters
        && let Some(same) = same_in_any_order(expected, found, policy)
    {
        return same;
    }
    let inner = policy.of_items();
    match (expected, found) {
        (Value::Opaque { .. }, _) | (_, Value::Opaque { .. }) => false,
        (Value::Str(expected), Value::Str(found)) => policy.same_text(expected, found),
        (Value::Set(_), Value::FrozenSet(_)) | (Value::FrozenSet(_), Value::Set(_))
            if policy.types == ValueTypes::Strict =>
        {
            false
        }
        (Value::Set(expected) | Value::FrozenSet(expected), Value::Set(found) | Value::FrozenSet(found)) => {
            same_members(expected, found, inner)
        }
        (Value::Dict(expected), Value::Dict(found)) => same_entries(expected, found, inner),
        (Value::Complex(re, im), Value::Complex(found_re, found_im)) => {
            policy.tolerance.allows(*re, *found_re) && policy.tolerance.allows(*im, *found_im)
        }
        _ => match (items(expected), items(found)) {
            (Some(left), Some(right)) => {
                policy.same_kind_of_sequence(expected, found)
                    && left.len() == right.len()
                    && left.iter().zip(right).all(|(expected, found)| same_value(expected, found, inner))
            }
            (None, None) => same_number(expected, found, policy).unwrap_or_else(|| expected == found),
            _ => false,
        },
    }
}

/// Where two values begin to differ, as a path of indexes and keys, with what stands there.
pub(crate) fn difference<'a>(
    expected: &'a Value,
    found: &'a Value,
    policy: Policy,
) -> Option<(String, &'a Value, &'a Value)> {
    if policy.order != Order::Matters || same_value(expected, found, policy) {
        return None;
    }
    let (mut path, mut expected, mut found) = (String::new(), expected, found);
    while let Some((step, left, right)) = differing_item(expected, found, policy) {
        path.push_str(&step);
        (expected, found) = (left, right);
    }
    (!path.is_empty()).then_some((path, expected, found))
}

fn differing_item<'a>(expected: &'a Value, found: &'a Value, policy: Policy) -> Option<(String, &'a Value, &'a Value)> {
    if let (Value::Dict(expected), Value::Dict(found)) = (expected, found) {
        let by_key = Entries::of(found, policy);
        return expected.iter().find_map(|(key, expected)| {
            let (_, found) = found.get(by_key.index(key)?)?;
            (!same_value(expected, found, policy)).then(|| (format!("[{}]", Short(key)), expected, found))
        });
    }
    let (left, right) = (items(expected)?, items(found)?);
    if !policy.same_kind_of_sequence(expected, found) {
        return None;
    }
    let differs = |(_, (left, right)): &(usize, (&Value, &Value))| !same_value(left, right, policy);
    let (index, (left, right)) = left.iter().zip(right).enumerate().find(differs)?;
    Some((format!("[{index}]"), left, right))
}

/// A key, cut where it is long.
struct Short<'a>(&'a Value);

impl fmt::Display for Short<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&crate::excerpt::excerpt(self.0, 60))
    }
}

impl Policy {
    /// What holds inside a container.
    fn of_items(self) -> Self {
        if self.order == Order::OuterIgnored { Self { order: Order::Matters, ..self } } else { self }
    }

    fn same_kind_of_sequence(self, expected: &Value, found: &Value) -> bool {
        match (expected, found) {
            (Value::List(_), Value::List(_)) | (Value::Tuple(_), Value::Tuple(_)) => true,
            (Value::List(_), _) => matches!(self.types, ValueTypes::Json | ValueTypes::Loose),
            _ => self.types == ValueTypes::Loose,
        }
    }

    fn bools_are_numbers(self) -> bool {
        matches!(self.types, ValueTypes::Python | ValueTypes::Loose)
    }

    fn reads_keys_as_json(self) -> bool {
        matches!(self.types, ValueTypes::Json | ValueTypes::Loose)
    }
}

fn items(value: &Value) -> Option<&[Value]> {
    match value {
        Value::List(items) | Value::Tuple(items) => Some(items),
        _ => None,
    }
}

/// Whether two numbers are the same; none when they are not both numbers.
fn same_number(expected: &Value, found: &Value, policy: Policy) -> Option<bool> {
    if let (Value::Int(expected), Value::Int(found)) = (expected, found) {
        return Some(expected == found);
    }
    if let (Value::Bool(expected), Value::Bool(found)) = (expected, found) {
        return Some(expected == found);
    }
    if policy.types == ValueTypes::Strict && std::mem::discriminant(expected) != std::mem::discriminant(found) {
        return Some(false);
    }
    if let Some(expected) = integer(expected, policy) {
        return Some(match integer(found, policy) {
            Some(found) => expected == found,
            None => is_integer(real(found)?, &expected),
        });
    }
    let (expected, found) = (real(expected)?, integer(found, policy).map(|found| found.to_f64()).or(real(found))?);
    Some(policy.tolerance.allows(expected, found))
}

/// From 2^53 on a float does not say which integer it stands for.
fn is_integer(float: f64, integer: &Integer) -> bool {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    float.abs() < EXACT && integer.to_f64().total_cmp(&(float + 0.0)).is_eq()
}

fn integer(value: &Value, policy: Policy) -> Option<Integer> {
    match value {
        Value::Int(integer) => Some(integer.clone()),
        Value::Bool(truth) if policy.bools_are_numbers() => Some(Integer::from(i32::from(*truth))),
        _ => None,
    }
}

/// The value as a real number, where it is one and no integer.
fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Float(float) => Some(*float),
        Value::Decimal(text) => text.parse().ok(),
        Value::Fraction { numerator, denominator } => Some(numerator.to_f64() / denominator.to_f64()),
        _ => None,
    }
}

/// Lists whose order does not matter; an expected list then stands for a set, too, where JSON has no word for one.
fn same_in_any_order(expected: &Value, found: &Value, policy: Policy) -> Option<bool> {
    let left = items(expected)?;
    match found {
        Value::Set(right) | Value::FrozenSet(right) if policy.reads_keys_as_json() => {
            Some(same_members(left, right, policy.of_items()))
        }
        _ => {
            let right = items(found)?;
            let same_kind = policy.same_kind_of_sequence(expected, found);
            Some(same_kind && same_members(left, right, policy.of_items()))
        }
    }
}

/// Whether each expected member has a found one of its own.
fn same_members(expected: &[Value], found: &[Value], policy: Policy) -> bool {
    if expected.len() != found.len() {
        return false;
    }
    let mut found_with: HashMap<String, Vec<&Value>> = HashMap::new();
    for member in found {
        found_with.entry(key(member, policy)).or_default().push(member);
    }
    let mut unmatched: Vec<&Value> = Vec::new();
    for member in expected {
        // An object that stayed in its sandbox has a text, but is never what was expected.
        let same = found_with.get_mut(&key(member, policy)).and_then(Vec::pop);
        if !same.is_some_and(|found| same_value(member, found, policy)) {
            unmatched.push(member);
        }
    }
    matched_one_by_one(&unmatched, found_with.into_values().flatten().collect(), policy)
}

/// Members whose texts differ: numbers by their size, others by trying.
fn matched_one_by_one(expected: &[&Value], mut found: Vec<&Value>, policy: Policy) -> bool {
    let numbers = |members: &[&Value]| -> Option<Vec<f64>> {
        let mut numbers: Vec<f64> = members.iter().map(|member| real(member)).collect::<Option<_>>()?;
        numbers.sort_by(f64::total_cmp);
        Some(numbers)
    };
    if expected.len() != found.len() {
        return false;
    }
    if let (Some(expected), Some(found)) = (numbers(expected), numbers(&found)) {
        return expected.iter().zip(found).all(|(expected, found)| policy.tolerance.allows(*expected, found));
    }
    expected.len() <= MOST_TRIED
        && expected.iter().all(|expected| {
            let same = found.iter().position(|found| same_value(expected, found, policy));
            same.map(|index| found.swap_remove(index)).is_some()
        })
}

/// A text that equal members mostly share.
fn key(member: &Value, policy: Policy) -> String {
    if policy.order == Order::Ignored { sorted(member).encode() } else { member.encode() }
}

/// The value with its lists in one order of many.
fn sorted(value: &Value) -> Value {
    let in_order = |items: &[Value]| {
        let mut items: Vec<(String, Value)> = items.iter().map(sorted).map(|item| (item.encode(), item)).collect();
        items.sort_by(|(left, _), (right, _)| left.cmp(right));
        items.into_iter().map(|(_, item)| item).collect()
    };
    match value {
        Value::List(items) => Value::List(in_order(items)),
        Value::Tuple(items) => Value::Tuple(in_order(items)),
        other => other.clone(),
    }
}

fn same_entries(expected: &[(Value, Value)], found: &[(Value, Value)], policy: Policy) -> bool {
    let entries = Entries::of(found, policy);
    let mut taken: HashSet<usize> = HashSet::new();
    expected.len() == found.len()
        && expected.iter().all(|(key, expected)| {
            let index = entries.index(key).filter(|index| taken.insert(*index));
            index.and_then(|index| found.get(index)).is_some_and(|(_, found)| same_value(expected, found, policy))
        })
}

/// The entries of a dict by their keys.
struct Entries<'a> {
    pairs: &'a [(Value, Value)],
    exact: HashMap<String, usize>,
    /// By texts that keys share which count as the same; made when a key is not there exactly.
    alike: OnceCell<HashMap<String, usize>>,
    policy: Policy,
}

impl<'a> Entries<'a> {
    fn of(entries: &'a [(Value, Value)], policy: Policy) -> Self {
        let exact = entries.iter().enumerate().map(|(index, (key, _))| (key.encode(), index)).collect();
        Self { pairs: entries, exact, alike: OnceCell::new(), policy }
    }

    /// Where the entry of a key stands.
    fn index(&self, key: &Value) -> Option<usize> {
        if let Some(index) = self.exact.get(&key.encode()) {
            return Some(*index);
        }
        let alike = self.alike.get_or_init(|| self.by_shared_keys());
        let spelled = match key {
            Value::Str(text) if self.policy.reads_keys_as_json() => alike.get(text),
            _ => None,
        };
        alike.get(&entry_key(key, self.policy)).or(spelled).copied()
    }

    fn by_shared_keys(&self) -> HashMap<String, usize> {
        let mut alike = HashMap::new();
        for (index, (key, _)) in self.pairs.iter().enumerate() {
            let as_json = json_key(key).filter(|_| self.policy.reads_keys_as_json());
            for key in [Some(entry_key(key, self.policy)), as_json].into_iter().flatten() {
                alike.insert(key, index);
            }
        }
        alike
    }
}

/// A text that equal keys share: as in Python, 1, 1.0 and True are one key unless types are strict.
fn entry_key(key: &Value, policy: Policy) -> String {
    match key {
        Value::Float(float) if policy.types != ValueTypes::Strict => {
            let whole = Integer::parse(&format!("{float:.0}")).filter(|integer| is_integer(*float, integer));
            whole.map_or_else(|| key.encode(), |integer| integer.as_str().to_owned())
        }
        Value::Bool(truth) if policy.bools_are_numbers() => i32::from(*truth).to_string(),
        Value::Str(text) if policy.ignore_case => Value::from(text.to_lowercase()).encode(),
        _ => key.encode(),
    }
}

/// How JSON spells a key that is no text.
fn json_key(key: &Value) -> Option<String> {
    match key {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some(key.encode()),
        _ => None,
    }
}
