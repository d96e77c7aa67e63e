//! What is the same and what is not.

use gradebox_sdk::value::Value;

use super::*;

const POLICY: Policy = Policy {
    types: ValueTypes::Json,
    order: Order::Matters,
    ignore_case: false,
    output: OutputComparison::Text,
    tolerance: Tolerance { relative: 1e-6, absolute: 1e-9 },
};

fn same_by(policy: Policy, expected: &str, found: &str) -> bool {
    same_value(&Value::decode(expected).unwrap(), &Value::decode(found).unwrap(), policy)
}

fn same(expected: &str, found: &str) -> bool {
    same_by(POLICY, expected, found)
}

fn same_text(expected: &str, found: &str) -> bool {
    compare_text(expected, found, POLICY) == Likeness::Same
}

#[test]
fn integers_are_exact_at_any_size() {
    assert!(same("12345678901234567890123", "12345678901234567890123"));
    assert!(!same("12345678901234567890123", "12345678901234567890124"));
    assert!(!same("12345678901234567890123", "1.2345678901234568e22"));
    assert!(!same("9007199254740993", "9007199254740992.0"));
    assert!(same("3", "3.0"));
    assert!(same("0", "-0.0"));
    assert!(!same("3", "3.0000000001"));
}

#[test]
fn a_boolean_is_no_number() {
    assert!(same("true", "true"));
    for (expected, found) in [("true", "1"), ("1", "true"), ("0", "false"), ("1.0", "true"), ("null", "false")] {
        assert!(!same(expected, found), "{expected} {found}");
    }
}

#[test]
fn floats_have_a_tolerance() {
    assert!(same("0.3", "0.30000000000000004"));
    assert!(same("5.0", "5"));
    assert!(same("1e20", "100000000000000000000"));
    assert!(same("0.0", "1e-12"));
    assert!(!same("0.3", "0.3001"));
    assert!(!same("0.3", "\"0.3\""));
    assert!(same("0.5", r#"{"$decimal": "0.50"}"#));
    assert!(same("0.5", r#"{"$fraction": ["1", "2"]}"#));
    assert!(same(r#"{"$complex": [1.0, 2.0]}"#, r#"{"$complex": [1.0, 2.0000000001]}"#));
}

#[test]
fn nan_and_infinities_are_only_themselves() {
    assert!(same(r#"{"$float": "nan"}"#, r#"{"$float": "nan"}"#));
    assert!(same(r#"{"$float": "inf"}"#, r#"{"$float": "inf"}"#));
    assert!(!same(r#"{"$float": "inf"}"#, r#"{"$float": "-inf"}"#));
    assert!(!same(r#"{"$float": "inf"}"#, "1e308"));
    assert!(!same("1.0", r#"{"$float": "nan"}"#));
    assert!(!same("1.0", r#"{"$float": "inf"}"#));
}

#[test]
fn an_expected_list_stands_for_a_tuple_but_not_for_a_set() {
    assert!(same("[1, [2, 3]]", r#"{"$tuple": [1, {"$tuple": [2, 3]}]}"#));
    assert!(!same(r#"{"$tuple": [1]}"#, "[1]"));
    assert!(!same("[1]", r#"{"$set": [1]}"#));
    assert!(!same("[1, 2]", "[2, 1]"));
    assert!(!same("[1, 2]", "[1]"));
    assert!(!same("\"ab\"", r#"["a", "b"]"#));
}

#[test]
fn sets_have_no_order() {
    assert!(same(r#"{"$set": [1, 2.5, "a"]}"#, r#"{"$frozenset": ["a", 1.0, 2.5]}"#));
    assert!(!same(r#"{"$set": [1, 2]}"#, r#"{"$set": [1, 3]}"#));
    assert!(!same(r#"{"$set": [1]}"#, r#"{"$set": [1, 2]}"#));
}

#[test]
fn dicts_have_no_order_and_expected_keys_are_spelled_as_json_spells_them() {
    let found = r#"{"$dict": [["b", [1]], [1, true]]}"#;
    assert!(same(r#"{"$dict": [["1", true], ["b", [1]]]}"#, found));
    assert!(same(r#"{"$dict": [[1, true], ["b", [1]]]}"#, found));
    assert!(!same(r#"{"$dict": [["2", true], ["b", [1]]]}"#, found));
    assert!(!same(r#"{"$dict": [["b", [1]]]}"#, found));
}

#[test]
fn one_found_entry_does_not_stand_for_two() {
    assert!(!same(r#"{"$dict": [[1, 0], ["1", 0]]}"#, r#"{"$dict": [[1, 0], [2, 0]]}"#));
    assert!(same(r#"{"$dict": [[1, 0], ["1", 5]]}"#, r#"{"$dict": [["1", 5], [1, 0]]}"#));
}

#[test]
fn an_object_that_stayed_behind_is_never_what_was_expected() {
    let object = r#"{"$opaque": {"type": "A", "repr": "5"}}"#;
    assert!(!same("5", object));
    assert!(!same(object, object));
}

#[test]
fn output_may_differ_in_invisible_ends() {
    assert!(same_text("1 2\n3", "1 2 \r\n3\n\n"));
    assert!(same_text("", "\n"));
    assert!(!same_text("1 2", "1  2"));
    assert!(!same_text("1", " 1"));
    assert!(!same_text("1\n\n2", "1\n2"));
    assert!(!same_text("yes", "YES"));
    assert_eq!(first_different_line("a\nb\nc", "a\nx", POLICY), Some((2, Some("b"), Some("x"))));
    assert_eq!(first_different_line("a", "a\nb", POLICY), Some((2, None, Some("b"))));
}

#[test]
fn output_that_stops_early_is_never_the_same_and_more_is_told_apart() {
    for output in [OutputComparison::Exact, OutputComparison::Text, OutputComparison::Words, OutputComparison::Numbers]
    {
        for order in [Order::Matters, Order::OuterIgnored, Order::Ignored] {
            let policy = Policy { order, output, ..POLICY };
            for early in ["", "1", "1\n", "1\n2", "1\n2\n"] {
                assert_eq!(compare_text("1\n2\n3\n", early, policy), Likeness::Different, "{policy:?} {early:?}");
            }
        }
        let policy = Policy { output, ..POLICY };
        assert_eq!(compare_text("1\n", "1\n2\n", policy), Likeness::Longer);
        assert_eq!(compare_text("", "1\n", policy), Likeness::Different, "{output:?}: nothing was expected");
    }
    assert_eq!(compare_text("1", "12", POLICY), Likeness::Different);
}

#[test]
fn output_is_compared_as_asked() {
    let compare =
        |output, expected, found| compare_text(expected, found, Policy { output, ..POLICY }) == Likeness::Same;
    assert!(compare(OutputComparison::Exact, "1\n", "1\n") && !compare(OutputComparison::Exact, "1\n", "1"));
    assert!(compare(OutputComparison::Words, "1 2\n3", " 1\n2  3") && !compare(OutputComparison::Words, "1", "1.0"));
    assert!(compare(OutputComparison::Numbers, "YES 0.333333", "YES\n0.33333333333"));
    assert!(!compare(OutputComparison::Numbers, "YES 0.3", "YES 0.4"));
    assert!(!compare(OutputComparison::Numbers, "YES", "YES NO"));
    assert!(!compare(OutputComparison::Numbers, "inf", "infinity"));
    let loud = Policy { ignore_case: true, ..POLICY };
    assert_eq!(compare_text("Yes\nÉ", "YES\né", loud), Likeness::Same);
    assert_eq!(first_different_line("Yes\nb", "YES\nx", loud), Some((2, Some("b"), Some("x"))));
}

#[test]
fn lines_may_come_in_any_order() {
    let by = |output, order, expected, found| {
        compare_text(expected, found, Policy { order, output, ..POLICY }) == Likeness::Same
    };
    assert!(by(OutputComparison::Text, Order::OuterIgnored, "1\n2\n2", "2\n1\n2\n"));
    assert!(!by(OutputComparison::Text, Order::OuterIgnored, "1\n2\n2", "2\n1\n1"));
    assert!(!by(OutputComparison::Text, Order::OuterIgnored, "1 2", "2 1"));
    assert!(by(OutputComparison::Text, Order::Ignored, "1 2\n3", "3\n2 1"));
    assert!(by(OutputComparison::Numbers, Order::OuterIgnored, "0.5 x\n0.25 x\n10", "10.0\n0.25 x\n0.50 x"));
    assert!(!by(OutputComparison::Numbers, Order::OuterIgnored, "0.5 x\n0.25 x", "0.25 x\n0.6 x"));
}

#[test]
fn types_are_as_strict_as_asked() {
    use ValueTypes::{Json, Loose, Python, Strict};
    // Expected, found, and which policies take them for the same.
    let cases: [(&str, &str, &[ValueTypes]); 12] = [
        ("1", "1", &[Strict, Json, Python, Loose]),
        ("1", "1.0", &[Json, Python, Loose]),
        ("1.0", "1", &[Json, Python, Loose]),
        ("true", "1", &[Python, Loose]),
        ("1.0", "true", &[Python, Loose]),
        ("[1]", r#"{"$tuple": [1]}"#, &[Json, Loose]),
        (r#"{"$tuple": [1]}"#, "[1]", &[Loose]),
        (r#"{"$set": [1]}"#, r#"{"$frozenset": [1]}"#, &[Json, Python, Loose]),
        (r#"{"$dict": [["1", 2]]}"#, r#"{"$dict": [[1, 2]]}"#, &[Json, Loose]),
        (r#"{"$dict": [[1, 2]]}"#, r#"{"$dict": [[1.0, 2]]}"#, &[Json, Python, Loose]),
        (r#"{"$dict": [[true, 2]]}"#, r#"{"$dict": [[1, 2]]}"#, &[Python, Loose]),
        ("\"1\"", "1", &[]),
    ];
    for (expected, found, policies) in cases {
        for types in [Strict, Json, Python, Loose] {
            let same = same_by(Policy { types, ..POLICY }, expected, found);
            assert_eq!(same, policies.contains(&types), "{expected} {found} {types:?}");
        }
    }
}

#[test]
fn lists_may_come_in_any_order() {
    let by = |order, expected, found| same_by(Policy { order, ..POLICY }, expected, found);
    assert!(by(Order::OuterIgnored, "[1, 2, 2]", "[2, 1, 2]") && !by(Order::OuterIgnored, "[1, 2, 2]", "[2, 1, 1]"));
    assert!(by(Order::OuterIgnored, "[[1, 2], [3]]", "[[3], [1, 2]]"));
    assert!(!by(Order::OuterIgnored, "[[1, 2], [3]]", "[[3], [2, 1]]"));
    assert!(by(Order::Ignored, "[[1, 2], [3]]", "[[3], [2, 1]]"));
    assert!(by(Order::Ignored, "[0.3, 1]", "[1, 0.30000000000000004]"));
    assert!(by(Order::OuterIgnored, "[1, 2]", r#"{"$set": [2, 1]}"#) && !same("[1, 2]", r#"{"$set": [2, 1]}"#));
    assert!(!by(Order::OuterIgnored, "[1, 2]", "[1, 2, 2]"));
}

#[test]
fn many_floats_in_any_order_find_each_other() {
    let numbers = |offset: f64| Value::List((0..3000).map(|n| Value::from(f64::from(n) + offset)).collect());
    let policy = Policy { order: Order::OuterIgnored, ..POLICY };
    assert!(same_value(&numbers(0.5), &numbers(0.500_000_001), policy));
    assert!(!same_value(&numbers(0.5), &numbers(0.6), policy));
}

#[test]
fn capital_letters_may_be_small() {
    let policy = Policy { ignore_case: true, ..POLICY };
    assert!(same_by(policy, r#"["YES", {"$dict": [["A", "b"]]}]"#, r#"["yes", {"$dict": [["a", "B"]]}]"#));
    assert!(!same("\"YES\"", "\"yes\""));
}

#[test]
fn a_difference_is_found_by_its_path() {
    let place = |expected: &str, found: &str| {
        let (expected, found) = (Value::decode(expected).unwrap(), Value::decode(found).unwrap());
        difference(&expected, &found, POLICY).map(|(path, left, right)| format!("{path} {left} {right}"))
    };
    let found = r#"[1, {"$dict": [["a", [1, 5]]]}]"#;
    assert_eq!(place(r#"[1, {"$dict": [["a", [1, 2]]]}]"#, found).as_deref(), Some("[1]['a'][1] 2 5"));
    assert_eq!(place("[1]", "[1]"), None);
    assert_eq!(place("1", "2"), None);
    assert_eq!(place("[1]", "[1, 2]"), None);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn scalar() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-3_i64..4).prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            prop_oneof![Just(0.5), Just(-0.0), Just(f64::NAN), Just(f64::INFINITY), any::<f64>()].prop_map(Value::from),
            "[aB \n]{0,3}".prop_map(Value::from),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        scalar().prop_recursive(3, 24, 4, |inner| {
            let items = || prop::collection::vec(inner.clone(), 0..4);
            prop_oneof![
                items().prop_map(Value::List),
                items().prop_map(Value::Tuple),
                items().prop_map(Value::Set),
                prop::collection::vec((scalar(), inner.clone()), 0..3).prop_map(distinct_keys),
            ]
        })
    }

    /// A dict has each key once.
    fn distinct_keys(mut entries: Vec<(Value, Value)>) -> Value {
        let mut seen = std::collections::HashSet::new();
        entries.retain(|(key, _)| seen.insert(key.encode()));
        Value::Dict(entries)
    }

    fn policy() -> impl Strategy<Value = Policy> {
        let types =
            prop::sample::select(vec![ValueTypes::Strict, ValueTypes::Json, ValueTypes::Python, ValueTypes::Loose]);
        let order = prop::sample::select(vec![Order::Matters, Order::OuterIgnored, Order::Ignored]);
        let outputs =
            vec![OutputComparison::Exact, OutputComparison::Text, OutputComparison::Words, OutputComparison::Numbers];
        (types, order, any::<bool>(), prop::sample::select(outputs))
            .prop_map(|(types, order, ignore_case, output)| Policy { types, order, ignore_case, output, ..POLICY })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_expected_is_right_when_it_is_returned(value in value(), policy in policy()) {
            prop_assert!(same_value(&value, &value, policy));
            prop_assert!(difference(&value, &value, policy).is_none());
        }

        #[test]
        fn strict_comparison_is_symmetric(left in value(), right in value(), order in policy()) {
            let policy = Policy { types: ValueTypes::Strict, ..order };
            prop_assert_eq!(same_value(&left, &right, policy), same_value(&right, &left, policy));
        }

        #[test]
        fn what_is_strictly_the_same_is_so_by_every_policy(left in value(), right in value(), policy in policy()) {
            if same_value(&left, &right, Policy { types: ValueTypes::Strict, ..POLICY }) {
                prop_assert!(same_value(&left, &right, policy));
            }
        }

        #[test]
        fn floats_within_the_tolerance_are_the_same_and_others_are_not(number in -1e12..1e12_f64, policy in policy()) {
            let near = Value::from(number * (1.0 + 1e-8));
            prop_assert!(same_value(&Value::from(number), &near, policy));
            let far = Value::from(number * (1.0 + 1e-4) + 1.0);
            prop_assert!(!same_value(&Value::from(number), &far, policy));
        }

        #[test]
        fn a_list_in_another_order_is_the_same_only_on_request(mut items in prop::collection::vec(value(), 2..5)) {
            let expected = Value::List(items.clone());
            items.rotate_left(1);
            let found = Value::List(items.clone());
            let any_order = Policy { order: Order::OuterIgnored, ..POLICY };
            prop_assert!(same_value(&expected, &found, any_order));
            let moved = !same_value(&items[0], &items[1], POLICY);
            if moved && items.len() == 2 {
                prop_assert!(!same_value(&expected, &found, POLICY));
            }
        }

        #[test]
        fn output_is_like_itself_and_unlike_less(text in "[a1. \n]{0,12}", cut in 0_usize..12, policy in policy()) {
            prop_assert_eq!(compare_text(&text, &text, policy), Likeness::Same);
            let early = text.get(..cut).unwrap_or_default();
            if early.split_whitespace().count() < text.split_whitespace().count() {
                prop_assert_eq!(compare_text(&text, early, policy), Likeness::Different);
            }
        }

        #[test]
        fn a_difference_of_lines_is_named_when_there_is_one(left in "[a1 \n]{0,8}", right in "[a1 \n]{0,8}") {
            let same = compare_text(&left, &right, POLICY) == Likeness::Same;
            prop_assert_eq!(first_different_line(&left, &right, POLICY).is_none(), same);
        }
    }
}
