//! Thinking that a server left in the answer: `<think>…</think>` before it.

const TAGS: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];

/// An answer and the thinking that stood before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parted<'a> {
    pub(super) answer: &'a str,
    pub(super) thinking: Vec<&'a str>,
    /// The thinking has no end, so there is no answer.
    pub(super) unclosed: bool,
}

/// Parts leading thinking from the answer. A lone closing tag ends thinking that the chat template opened; tags
/// further inside belong to the answer.
pub(super) fn part(content: &str) -> Parted<'_> {
    let mut parted = Parted { answer: content, thinking: Vec::new(), unclosed: false };
    while let Some((rest, close)) = opened(parted.answer) {
        if let Some((thought, answer)) = rest.split_once(close) {
            parted.thinking.push(thought.trim());
            parted.answer = answer;
        } else {
            parted.thinking.push(rest.trim());
            return Parted { answer: "", unclosed: true, ..parted };
        }
    }
    if parted.thinking.is_empty() {
        for (open, close) in TAGS {
            if let Some((thought, answer)) = content.split_once(close).filter(|(thought, _)| !thought.contains(open)) {
                return Parted { answer, thinking: vec![thought.trim()], unclosed: false };
            }
        }
    }
    parted
}

fn opened(text: &str) -> Option<(&str, &'static str)> {
    TAGS.iter().find_map(|(open, close)| Some((text.trim_start().strip_prefix(open)?, *close)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(content: &str) -> (String, Vec<&str>, bool) {
        let parted = part(content);
        (parted.answer.trim().to_owned(), parted.thinking, parted.unclosed)
    }

    #[test]
    fn leading_thinking_is_parted_from_the_answer() {
        assert_eq!(parts("<think>a</think>\nb"), ("b".to_owned(), vec!["a"], false));
        assert_eq!(parts(" <think>a</think><think>b</think> c"), ("c".to_owned(), vec!["a", "b"], false));
        assert_eq!(parts("<thinking>a</thinking>b"), ("b".to_owned(), vec!["a"], false));
    }

    #[test]
    fn a_lone_closing_tag_ends_what_the_template_opened() {
        assert_eq!(parts("hmm\n</think>\n\nb"), ("b".to_owned(), vec!["hmm"], false));
    }

    #[test]
    fn unclosed_thinking_leaves_no_answer() {
        assert_eq!(parts("<think>a b"), (String::new(), vec!["a b"], true));
    }

    #[test]
    fn tags_inside_the_answer_are_left_alone() {
        let content = "Write `<think>x</think>` first.";
        assert_eq!(parts(content), (content.to_owned(), vec![], false));
        assert_eq!(parts("plain"), ("plain".to_owned(), vec![], false));
    }
}
