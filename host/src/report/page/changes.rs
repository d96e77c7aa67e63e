//! Which lines of a text are not in another: what a refinement took out and what it put in.

use super::markup::Escaped;

/// Longer texts are not compared.
const MOST_LINES: usize = 400;

/// Two texts as HTML, the lines marked that only one of them has.
pub(super) fn marked(before: &str, after: &str) -> [String; 2] {
    let [old, new] = [before, after].map(|text| text.lines().collect::<Vec<_>>());
    if old.len() > MOST_LINES || new.len() > MOST_LINES {
        return [before, after].map(|text| Escaped(text).to_string());
    }
    let (kept_old, kept_new) = common(&old, &new);
    [lines(&old, &kept_old, "del"), lines(&new, &kept_new, "ins")]
}

/// For each line whether it stands in the longest common subsequence, by dynamic programming.
fn common(old: &[&str], new: &[&str]) -> (Vec<bool>, Vec<bool>) {
    let width = new.len() + 1;
    let mut lengths = vec![0_u32; (old.len() + 1) * width];
    let at = |lengths: &[u32], row: usize, column: usize| lengths.get(row * width + column).copied().unwrap_or(0);
    for (row, left) in old.iter().enumerate().rev() {
        for (column, right) in new.iter().enumerate().rev() {
            let length = if left == right {
                at(&lengths, row + 1, column + 1) + 1
            } else {
                at(&lengths, row + 1, column).max(at(&lengths, row, column + 1))
            };
            if let Some(cell) = lengths.get_mut(row * width + column) {
                *cell = length;
            }
        }
    }
    let (mut kept_old, mut kept_new) = (vec![false; old.len()], vec![false; new.len()]);
    let (mut row, mut column) = (0, 0);
    while let (Some(left), Some(right)) = (old.get(row), new.get(column)) {
        if left == right {
            for kept in [kept_old.get_mut(row), kept_new.get_mut(column)].into_iter().flatten() {
                *kept = true;
            }
            (row, column) = (row + 1, column + 1);
        } else if at(&lengths, row + 1, column) >= at(&lengths, row, column + 1) {
            row += 1;
        } else {
            column += 1;
        }
    }
    (kept_old, kept_new)
}

fn lines(lines: &[&str], kept: &[bool], element: &str) -> String {
    let line = |(line, kept): (&&str, &bool)| {
        let element = if *kept { "span" } else { element };
        format!("<{element}>{}</{element}>", Escaped(line))
    };
    lines.iter().zip(kept).map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_differ_are_marked() {
        let [old, new] = marked("a\nb\n<c>", "a\nx\n<c>\nd");
        assert_eq!(old, "<span>a</span>\n<del>b</del>\n<span>&lt;c&gt;</span>");
        assert_eq!(new, "<span>a</span>\n<ins>x</ins>\n<span>&lt;c&gt;</span>\n<ins>d</ins>");
    }

    #[test]
    fn long_texts_are_shown_as_they_are() {
        let long = "<\n".repeat(MOST_LINES + 1);
        assert!(!marked(&long, "").concat().contains("del"));
    }
}
