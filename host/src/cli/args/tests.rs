//! What command lines are taken, and what they say.

use clap::CommandFactory;
use serde_json::json;

use super::*;
use crate::cli::exec::parse_arguments;

#[test]
fn the_command_line_is_well_formed() {
    CommandLine::command().debug_assert();
}

#[test]
fn every_command_that_is_shown_shows_an_example() {
    for command in CommandLine::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains(&format!("gradebox {}", command.get_name())), "{}", command.get_name());
    }
}

#[test]
fn the_examples_of_the_help_parse() {
    for command in CommandLine::command().get_subcommands() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in help.lines().filter_map(|line| line.trim().strip_prefix("gradebox ")) {
            let words = shell_words(line);
            let words = std::iter::once("gradebox".to_owned()).chain(words);
            CommandLine::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }
}

/// The words of a line as a shell splits them, up to a redirection.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for character in line.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty())),
            '>' if !quoted => return words,
            other => word.push(other),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

#[test]
fn parameters_follow_the_first_colon() {
    let grader = parse_grader(r#"math:{"a": "b:c"}"#).unwrap();
    assert_eq!((grader.name.as_str(), grader.params["a"].clone()), ("math", json!("b:c")));
    assert!(parse_grader("math").unwrap().params.is_empty());
    for (text, part) in [("math:3", "not a JSON object"), ("math:{", "not JSON"), (":{}", "no name"), ("", "no name")] {
        assert!(parse_grader(text).unwrap_err().contains(part), "{text}");
    }
}

#[test]
fn arguments_are_a_list_or_named() {
    assert_eq!(parse_arguments("[1, 2]").unwrap().by_place, [json!(1), json!(2)]);
    assert_eq!(parse_arguments(r#"{"x": 1}"#).unwrap().by_name["x"], json!(1));
    assert!(parse_arguments("3").is_err());
}

#[test]
fn a_mapping_has_two_sides() {
    assert_eq!(parse_mapping("a = b").unwrap(), ("a".to_owned(), "b".to_owned()));
    for text in ["a", "=b", "a=", ""] {
        assert!(parse_mapping(text).is_err(), "{text}");
    }
}

#[test]
fn scores_lie_between_zero_and_one() {
    assert_eq!(parse_unit("0.5"), Ok(0.5));
    for text in ["1.1", "-0.1", "NaN", "inf", "x"] {
        assert!(parse_unit(text).is_err(), "{text}");
    }
}
