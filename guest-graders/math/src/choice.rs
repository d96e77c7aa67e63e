//! Letters of multiple choice.

/// The letter of a text that names a choice: `C`, `(C)`, `\text{(C)}`, `C Cecile`, `(D) Alina`.
pub fn letter(text: &str) -> Option<char> {
    let plain = plain(text);
    let last_line = plain.lines().rev().find(|line| starts_with_choice(line.trim()).is_some());
    let line = last_line.map_or(plain.trim(), str::trim);
    let (letter, rest) = starts_with_choice(line)?;
    let words = rest.split_whitespace().count();
    let named = line.starts_with('(') || rest.chars().next().is_none_or(char::is_alphabetic);
    let sentence =
        letter == 'I' && words > 0 || letter == 'A' && rest.starts_with(|next: char| next.is_ascii_lowercase());
    (words <= 6 && named && !sentence).then_some(letter)
}

/// The letter that a response settles on.
pub fn chosen(response: &str) -> Option<char> {
    let lower = response.to_ascii_lowercase();
    let marks = ["answer is", "answer:", "answer", "option", "choice", "choose"];
    for mark in marks {
        let Some(at) = lower.rfind(mark) else { continue };
        let after = response.get(at + mark.len()..).unwrap_or_default();
        if let Some(letter) = standalone(after).next() {
            return Some(letter);
        }
    }
    let first = response.trim_start().chars().next()?;
    let second = response.trim_start().chars().nth(1);
    if is_choice(first) && second.is_none_or(|next| !next.is_ascii_alphanumeric() && next != ' ' && next != '\'') {
        return Some(first);
    }
    standalone(response).last()
}

fn plain(text: &str) -> String {
    text.replace("\\text", "")
        .replace("\\textbf", "")
        .replace("\\mathrm", "")
        .chars()
        .filter(|next| !matches!(next, '$' | '{' | '}' | '*'))
        .collect()
}

/// The choice that a line begins with, and what follows it.
fn starts_with_choice(line: &str) -> Option<(char, &str)> {
    let line = line.trim_start_matches(['(', '\\', ' ']);
    let letter = line.chars().next().filter(|letter| is_choice(*letter))?;
    let rest = &line[letter.len_utf8()..];
    let separated = rest.chars().next().is_none_or(|next| matches!(next, ')' | '.' | ':' | ' ' | '\\' | ','));
    separated.then(|| (letter, rest.trim_start_matches([')', '.', ':', ' ', '\\', ','])))
}

fn is_choice(letter: char) -> bool {
    ('A'..='J').contains(&letter)
}

/// Capital letters that stand alone. An `A` before a word in lower case is an article, `I` a pronoun.
fn standalone(text: &str) -> impl Iterator<Item = char> + '_ {
    let characters: Vec<char> = text.chars().take(4_000).collect();
    (0..characters.len()).filter_map(move |at| {
        let letter = *characters.get(at)?;
        let before = at.checked_sub(1).and_then(|at| characters.get(at));
        let after = characters.get(at + 1);
        let bounded = before.is_none_or(|next| !next.is_ascii_alphanumeric() && *next != '\\')
            && after.is_none_or(|next| !next.is_ascii_alphanumeric() && *next != '\'');
        let article =
            letter == 'A' && after == Some(&' ') && characters.get(at + 2).is_some_and(char::is_ascii_lowercase);
        (is_choice(letter) && letter != 'I' && bounded && !article).then_some(letter)
    })
}
