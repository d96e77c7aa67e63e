//! A judge's reply: a score on the rubric's scale, ranks that fit, or a typed error.
#![no_main]

use std::sync::{Arc, LazyLock, Mutex};

use async_trait::async_trait;
use gradebox::{
    budget::Charge,
    grader::{Grader, Mode},
    judge::{JudgeGrader, JudgeSettings, Prompt, library},
    model::{ChatModel, Completion, ModelError, Request, Usage},
    sample::{Columns, Message, Sample},
    score::Outcome,
};
use serde_json::json;

/// Says what it was given.
#[derive(Default)]
struct Parrot(Mutex<String>);

#[async_trait]
impl ChatModel for Parrot {
    fn name(&self) -> &str {
        "parrot"
    }

    async fn complete(&self, _: &Request) -> (Result<Completion, ModelError>, Usage) {
        let content = self.0.lock().expect("one thread").clone();
        let completion = Completion { content, reasoning: None, truncated: false, model: "parrot".to_owned() };
        (Ok(completion), Usage { calls: 1, ..Usage::default() })
    }

    fn worst_case(&self, _: &Request) -> Charge {
        Charge::default()
    }
}

struct Judges {
    parrot: Arc<Parrot>,
    judges: [JudgeGrader; 2],
    runtime: tokio::runtime::Runtime,
}

static JUDGES: LazyLock<Judges> = LazyLock::new(|| {
    let parrot = Arc::new(Parrot::default());
    let rubric = library::rubric("helpfulness").expect("a rubric");
    let judges = [Mode::Pointwise, Mode::Listwise].map(|mode| {
        let settings = JudgeSettings { mode: Some(mode), ..JudgeSettings::new("judge", Prompt::Rubric(rubric)) };
        JudgeGrader::new(settings, Arc::clone(&parrot) as Arc<dyn ChatModel>).expect("a judge")
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    Judges { parrot, judges, runtime }
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(reply) = std::str::from_utf8(bytes) else { return };
    let Judges { parrot, judges, runtime } = &*JUDGES;
    reply.clone_into(&mut parrot.0.lock().expect("one thread"));
    let sample = Sample {
        id: json!(1),
        messages: vec![Message::user("What is 1 + 1?")],
        response: Some("2".to_owned()),
        responses: vec!["2".to_owned(), "3".to_owned(), "4".to_owned()],
        reference: None,
        columns: Arc::new(Columns::new()),
    };
    for judge in judges {
        match runtime.block_on(judge.grade(&sample)).outcome {
            Outcome::Scored(score) => {
                assert!((0.0..=1.0).contains(&score.score) && reply.contains("score"), "{score:?}");
                assert!(!score.reason.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{score:?}");
            }
            Outcome::Ranked(ranking) => {
                assert!(ranking.ranks.len() == 3 && ranking.ranks.iter().all(|rank| (1..=3).contains(rank)));
            }
            Outcome::NotApplicable { .. } | Outcome::Undecided { .. } => panic!("no judge says that"),
            Outcome::Error(_) => {}
        }
    }
});
