//! What plans come of which command lines, files and environments.

use clap::Parser;

use super::*;
use crate::cli::args::{Command, CommandLine};

const KNOWN: Known<'static> =
    Known { components: &["syntax", "code-execution", "math"], rubrics: &["accuracy", "helpfulness"] };

fn plan_of(line: &str, config: &str, variables: &[(&str, &str)]) -> Result<Plan, String> {
    let words = std::iter::once("gradebox").chain(line.split(' '));
    let config: Config = toml::from_str(config).unwrap();
    let environment = Environment::of(variables);
    let result = match CommandLine::try_parse_from(words).unwrap().command {
        Command::Grade(args) => Plan::resolve(&args.selection, &Work::Grade, &config, &environment, KNOWN),
        Command::Refine(args) => {
            let options = RefineOptions { rounds: args.rounds, candidates: args.candidates };
            Plan::resolve(&args.selection, &Work::Refine(options), &config, &environment, KNOWN)
        }
        other => panic!("{other:?} has no plan"),
    };
    result.map_err(|failure| failure.to_string())
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.graders.iter().map(|grader| grader.name.as_str()).collect()
}

#[test]
fn a_component_needs_no_configuration() {
    let plan = plan_of("grade d.jsonl -g code-execution:{\"timeout_ms\":5}", "", &[]).unwrap();
    assert_eq!(names(&plan), ["code-execution"]);
    let What::Component { params, .. } = &plan.graders[0].what else { panic!("a component") };
    assert_eq!(params["timeout_ms"], serde_json::json!(5));
    assert_eq!(plan.graders[0].threshold, Sourced::standard(1.0));
    assert!(plan.models.is_empty());
}

#[test]
fn without_a_selection_all_graders_of_the_file_are_taken_and_with_one_only_those() {
    let config = "[graders.syntax]\nweight = 2.0\n[graders.twice]\ncomponent = \"math\"\n";
    assert_eq!(names(&plan_of("grade d.jsonl", config, &[]).unwrap()), ["syntax", "twice"]);
    let plan = plan_of("grade d.jsonl -g math -g syntax", config, &[]).unwrap();
    assert_eq!(names(&plan), ["math", "syntax"]);
    assert_eq!(plan.graders[1].weight, Sourced::file(2.0));
}

#[test]
fn no_selection_at_all_lists_the_graders() {
    let message = plan_of("grade d.jsonl", "", &[]).unwrap_err();
    assert!(message.contains("no grader is selected") && message.contains("syntax, code-execution, math"), "{message}");
}

#[test]
fn an_unknown_grader_names_the_nearest_and_all() {
    for (line, config) in [("grade d.jsonl -g sintax", ""), ("grade d.jsonl", "[graders.sintax]\nweight = 1.0")] {
        let message = plan_of(line, config, &[]).unwrap_err();
        assert!(message.contains("unknown grader `sintax`"), "{message}");
        assert!(message.contains("did you mean `syntax`?") && message.contains("helpfulness"), "{message}");
    }
    let message = plan_of("grade d.jsonl", "[graders.a]\ncomponent = \"sintax\"", &[]).unwrap_err();
    assert!(message.contains("unknown component `sintax` in [graders.a]"), "{message}");
    let message = plan_of("grade d.jsonl", "[graders.a]\njudge = \"helpful\"", &[]).unwrap_err();
    assert!(
        message.contains("unknown rubric `helpful` in [graders.a]") && message.contains("did you mean `helpfulness`")
    );
}

#[test]
fn thresholds_are_the_graders_own_then_the_common_one_then_that_of_the_kind() {
    let config = "[graders.syntax]\nthreshold = 0.9\n[graders.math]\n[graders.helpfulness]\nmodel = \"m\"\n";
    let server = [("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")];
    let thresholds = |line| -> Vec<f64> {
        plan_of(line, config, &server).unwrap().graders.iter().map(|grader| grader.threshold.value).collect()
    };
    assert_eq!(thresholds("grade d.jsonl"), [0.9, 1.0, 0.7]);
    assert_eq!(thresholds("grade d.jsonl --threshold 0.5"), [0.9, 0.5, 0.5]);
}

#[test]
fn a_model_of_the_command_line_is_of_the_configuration_or_of_the_endpoint() {
    let config = "[models.writer]\nbase_url = \"http://file/v1\"\nmodel = \"real\"\n";
    let plan = plan_of("refine d.jsonl -g syntax --model writer", config, &[]).unwrap();
    assert_eq!(plan.models["writer"].model.value, "real");
    assert_eq!(plan.models["writer"].base_url.value, "http://file/v1");
    let plan = plan_of("refine d.jsonl -g syntax --model other --base-url http://flag/v1", config, &[]).unwrap();
    assert_eq!(plan.models["other"].model.value, "other");
    assert_eq!(plan.models["other"].base_url, Sourced::option("http://flag/v1".to_owned(), "--base-url"));
    let plan = plan_of("refine d.jsonl -g syntax --base-url http://flag/v1", config, &[]).unwrap();
    assert_eq!(plan.models["writer"].base_url.value, "http://flag/v1");
}

#[test]
fn the_address_comes_from_the_environment_last() {
    let variables = [("OPENAI_BASE_URL", "http://env/v1")];
    let plan = plan_of("grade d.jsonl -g accuracy --model m", "", &variables).unwrap();
    assert_eq!(plan.models["m"].base_url.value, "http://env/v1");
    let plan = plan_of("grade d.jsonl -g accuracy --model m", "", &[("OPENAI_API_KEY", "k")]).unwrap();
    assert_eq!(plan.models["m"].base_url.value, "https://api.openai.com/v1");
}

#[test]
fn a_model_that_nothing_says_where_it_is_names_the_nearest() {
    let config = "[models.writer]\nbase_url = \"http://file/v1\"\n[models.judge]\n";
    let message = plan_of("refine d.jsonl -g syntax --model writr", config, &[]).unwrap_err();
    assert!(message.contains("unknown model `writr`") && message.contains("did you mean `writer`?"), "{message}");
    let message = plan_of("refine d.jsonl -g syntax --model judge", config, &[]).unwrap_err();
    assert!(message.contains("the model `judge` has no address"), "{message}");
    let slip = "[models.writer]\nbase_url = \"http://file/v1\"\n[graders.accuracy]\nmodel = \"writr\"\n";
    let message = plan_of("grade d.jsonl", slip, &[("OPENAI_BASE_URL", "http://env/v1")]).unwrap_err();
    assert!(message.contains("did you mean `writer`?"), "{message}");
}

#[test]
fn who_needs_a_model_says_how_to_give_one() {
    let message = plan_of("refine d.jsonl -g syntax", "", &[]).unwrap_err();
    assert!(message.contains("refine needs a model") && message.contains("--model NAME"), "{message}");
    let message = plan_of("grade d.jsonl -g accuracy", "", &[]).unwrap_err();
    assert!(message.contains("`accuracy` is a judge and needs a model"), "{message}");
}

#[test]
fn the_only_model_of_the_file_serves_everybody() {
    let config = "[models.writer]\nbase_url = \"http://file/v1\"\n";
    let plan = plan_of("refine d.jsonl -g accuracy", config, &[]).unwrap();
    assert_eq!(plan.refine.unwrap().writer.value, "writer");
    let What::Judge(judge) = &plan.graders[0].what else { panic!("a judge") };
    assert_eq!(judge.models.value, ["writer"]);
}

#[test]
fn a_grader_is_one_thing_only_and_takes_only_its_own_keys() {
    for (config, part) in [
        ("[graders.a]\ncomponent = \"math\"\njudge = \"accuracy\"", "more than one of"),
        ("[graders.math]\nvotes = 3", "of judges only"),
        ("[graders.accuracy]\nmodel = \"m\"\nparams = { a = 1 }", "no parameters"),
        ("[graders.math]\nthreshold = 1.5", "from 0 to 1"),
        ("[graders.math]\nweight = -1.0", "zero or more"),
        ("[graders.math]\nweight = nan", "zero or more"),
    ] {
        let message = plan_of("grade d.jsonl", config, &[("OPENAI_API_KEY", "k")]).unwrap_err();
        assert!(message.contains(part), "{config}: {message}");
    }
    assert!(plan_of("grade d.jsonl -g math -g math", "", &[]).unwrap_err().contains("selected twice"));
}

#[test]
fn maps_are_laid_over_each_other() {
    let config =
        "[dataset]\nmap = { reference = \"gold\", query = \"q\" }\n[graders.math]\nmap = { reference = \"mine\" }";
    let plan = plan_of("grade d.jsonl --map query=text", config, &[]).unwrap();
    assert_eq!(plan.map().mapped("query"), Some("text"));
    assert_eq!(plan.map().mapped("reference"), Some("gold"));
    assert_eq!(plan.graders[0].map.mapped("reference"), Some("mine"));
}

#[test]
fn the_effective_configuration_is_one_and_says_where_values_came_from() {
    let config = "[models.w]\nbase_url = \"http://file/v1\"\n[graders.syntax]\nthreshold = 0.5\n[graders.accuracy]\n";
    let plan = plan_of("refine d.jsonl --rounds 5", config, &[]).unwrap();
    let places = Places { directories: vec!["graders".into()], cache: "cache".into() };
    let text = plan.render(Some(std::path::Path::new("g.toml")), &places);
    assert!(text.contains("threshold = 0.5  # g.toml"), "{text}");
    assert!(text.contains("rounds = 5  # --rounds") && text.contains("patience = 2  # default"), "{text}");
    let again: Config = toml::from_str(&text).unwrap();
    assert_eq!(again.graders["syntax"].threshold, Some(0.5));
}

const SECOND: &str =
    "[graders.math]\nsecond_opinion = \"other\"\n[graders.other]\ncomponent = \"syntax\"\nparams = { a = 1 }\n";

#[test]
fn a_second_opinion_is_a_grader_of_the_file_or_a_known_one_and_not_of_the_panel() {
    let plan = plan_of("grade d.jsonl", SECOND, &[]).unwrap();
    assert_eq!(names(&plan), ["math"]);
    let second = plan.graders[0].second_opinion.as_deref().unwrap();
    assert_eq!(second.name, "other");
    let What::Component { name, params, .. } = &second.what else { panic!("a component") };
    assert_eq!((name.as_str(), &params["a"]), ("syntax", &serde_json::json!(1)));
    assert_eq!(names(&plan_of("grade d.jsonl -g math -g other", SECOND, &[]).unwrap()), ["math", "other"]);
    let plan = plan_of("grade d.jsonl", "[graders.math]\nsecond_opinion = \"syntax\"\n", &[]).unwrap();
    assert_eq!(plan.graders[0].second_opinion.as_ref().unwrap().name, "syntax");
    let judged = "[graders.math]\nsecond_opinion = \"accuracy\"\n";
    let plan = plan_of("grade d.jsonl --model m", judged, &[("OPENAI_API_KEY", "k")]).unwrap();
    assert!(plan.models.contains_key("m"));
}

#[test]
fn a_second_opinion_that_there_is_not_or_that_goes_in_circles_is_refused() {
    for (config, part) in [
        ("[graders.math]\nsecond_opinion = \"sintax\"", "did you mean `syntax`?"),
        ("[graders.math]\nsecond_opinion = \"math\"", "its own"),
        ("[graders.math]\nsecond_opinion = \"syntax\"\n[graders.syntax]\nsecond_opinion = \"math\"", "each other"),
        (
            "[graders.math]\nsecond_opinion = \"s\"\n[graders.s]\ncomponent = \"syntax\"\nsecond_opinion = \"code-execution\"",
            "wants one itself",
        ),
    ] {
        let message = plan_of("grade d.jsonl", config, &[]).unwrap_err();
        assert!(message.contains(part), "{config}: {message}");
    }
}

#[test]
fn a_second_opinion_is_part_of_the_effective_configuration_and_of_what_decides_results() {
    let plan = plan_of("grade d.jsonl", SECOND, &[]).unwrap();
    let places = Places { directories: vec!["graders".into()], cache: "cache".into() };
    let again: Config = toml::from_str(&plan.render(None, &places)).unwrap();
    assert_eq!(again.graders["math"].second_opinion.as_deref(), Some("other"));
    assert_eq!(again.graders["other"].component.as_deref(), Some("syntax"));
    let other = plan_of("grade d.jsonl", &SECOND.replace("a = 1", "a = 2"), &[]).unwrap();
    assert_ne!(plan.told(), other.told());
}

#[test]
fn judges_are_told_from_components_before_those_are_searched() {
    let only_judges = |line: &str, config: &str| {
        let words = std::iter::once("gradebox").chain(line.split(' '));
        let Command::Grade(args) = CommandLine::try_parse_from(words).unwrap().command else { panic!("grade") };
        asks_judges_only(&args.selection, &toml::from_str(config).unwrap(), KNOWN.rubrics)
    };
    let config = "[graders.own]\ntemplate = \"{response}\"\n[graders.other]\njudge = \"accuracy\"\n";
    assert!(only_judges("grade d.jsonl -g accuracy -g own", config));
    assert!(only_judges("grade d.jsonl", config));
    assert!(!only_judges("grade d.jsonl -g accuracy -g syntax", config));
    assert!(!only_judges("grade d.jsonl", &format!("{config}[graders.accuracy]\ncomponent = \"math\"\n")));
}
