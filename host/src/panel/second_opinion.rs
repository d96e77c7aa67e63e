//! A grader with another behind it, which is asked only where the first cannot tell.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    grader::{Graded, Grader, Kind, Mode},
    sample::Sample,
    score::{Outcome, Score},
};

/// Asks `second` where `first` is undecided. A score of `second` stands then, and its details say whose it is; anything
/// else that `second` answers leaves the sample undecided. Nothing else that `first` answers is ever put in question.
pub struct SecondOpinion {
    first: Arc<dyn Grader>,
    second: Arc<dyn Grader>,
    /// The name of `second`, for reasons and details.
    name: String,
}

impl SecondOpinion {
    /// Both judge single responses; `None` where one of them orders several.
    pub fn new(first: Arc<dyn Grader>, second: Arc<dyn Grader>, name: String) -> Option<Self> {
        let both = [&first, &second].into_iter().all(|grader| grader.mode() == Mode::Pointwise);
        both.then_some(Self { first, second, name })
    }

    fn settle(&self, undecided: &str, answer: Outcome) -> Outcome {
        let what = match answer {
            Outcome::Scored(score) => return Outcome::Scored(self.signed(score, undecided)),
            Outcome::Undecided { reason } => format!("is undecided too: {reason}"),
            Outcome::NotApplicable { reason } => format!("has nothing to say: {reason}"),
            Outcome::Error(error) => format!("could not be had ({}): {}", error.kind.as_str(), error.reason),
            Outcome::Ranked(_) => "is a ranking, which decides nothing".to_owned(),
        };
        Outcome::Undecided { reason: format!("{undecided}; the second opinion of `{}` {what}", self.name) }
    }

    fn signed(&self, mut score: Score, undecided: &str) -> Score {
        score.details.insert("decided_by".to_owned(), Value::from(self.name.as_str()));
        score.details.insert("undecided".to_owned(), Value::from(undecided));
        score
    }
}

#[async_trait]
impl Grader for SecondOpinion {
    fn mode(&self) -> Mode {
        Mode::Pointwise
    }

    /// Scores are as noisy as the noisier of the two makes them.
    fn kind(&self) -> Kind {
        if self.second.kind() == Kind::Judge { Kind::Judge } else { self.first.kind() }
    }

    async fn grade(&self, sample: &Sample) -> Graded {
        self.grade_anew(sample, 0).await
    }

    async fn grade_anew(&self, sample: &Sample, attempt: u32) -> Graded {
        let first = self.first.grade_anew(sample, attempt).await;
        let Outcome::Undecided { reason } = &first.outcome else { return first };
        let second = self.second.grade_anew(sample, attempt).await;
        Graded {
            outcome: self.settle(reason, second.outcome),
            usage: first.usage.plus(second.usage),
            provenance: first.provenance.followed_by(&second.provenance),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::panel::scripted::{component, judge, panel, ranker, sample};

    fn with_second_opinion() -> crate::panel::Member {
        let (mut first, second) = (component("a"), judge("b"));
        first.grader = Arc::new(SecondOpinion::new(first.grader, second.grader, second.name).unwrap());
        first
    }

    async fn outcome(response: &str) -> Outcome {
        panel([with_second_opinion()]).assess(&sample(response)).await.grades["a"].outcome.clone()
    }

    #[tokio::test]
    async fn a_score_of_the_second_stands_where_the_first_is_undecided_and_says_whose_it_is() {
        let Outcome::Scored(score) = outcome("a=undecided b=0.5").await else { panic!("a score") };
        assert_eq!((score.score, score.reason.as_str()), (0.5, "b gives 0.5"));
        assert_eq!(Value::Object(score.details), json!({"decided_by": "b", "undecided": "a cannot tell"}));
    }

    #[tokio::test]
    async fn whatever_else_the_first_answers_stands_and_the_second_is_not_asked() {
        for said in ["a=0 b=1", "a=1 b=0", "b=1", "a=invalid-sample b=1", "a=worker-died b=1"] {
            let assessment = panel([with_second_opinion()]).assess(&sample(said)).await;
            let alone = panel([component("a")]).assess(&sample(said)).await;
            assert_eq!(assessment.grades["a"].outcome, alone.grades["a"].outcome, "{said}");
            assert_eq!(assessment.usage.calls, 0, "{said}");
        }
        assert_eq!(panel([with_second_opinion()]).assess(&sample("a=undecided b=1")).await.usage.calls, 1);
    }

    #[tokio::test]
    async fn what_is_no_score_leaves_the_sample_undecided_and_is_told() {
        for (said, part) in [
            ("a=undecided b=undecided", "a cannot tell; the second opinion of `b` is undecided too: b cannot tell"),
            ("a=undecided", "has nothing to say: no b here"),
            ("a=undecided b=grader-limit", "could not be had (grader-limit): b failed"),
            ("a=undecided b=ranked", "is a ranking"),
        ] {
            let Outcome::Undecided { reason } = outcome(said).await else { panic!("undecided: {said}") };
            assert!(reason.contains(part), "{reason}");
        }
    }

    #[test]
    fn graders_that_order_responses_neither_have_nor_give_one() {
        let (one, order) = (component("a").grader, ranker("l").grader);
        assert!(SecondOpinion::new(Arc::clone(&one), Arc::clone(&order), "l".to_owned()).is_none());
        assert!(SecondOpinion::new(order, one, "a".to_owned()).is_none());
    }
}
