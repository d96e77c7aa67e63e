//! The lines that a unified diff adds and removes.
//!
//! Read as models and people write them: hunks with wrong counts, without a header, or without their leading space on
//! empty lines are read for what they hold. Source of the format: the GNU diffutils manual, "Detailed Description of
//! Unified Format", and `git help diff-generate-patch`.

use std::collections::BTreeMap;

/// What a patch changes, by file. A patch without headers has one file with the empty name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    files: BTreeMap<String, Vec<String>>,
}

impl Changes {
    /// Reads a patch; `None` when it changes no line. With `is_bare`, lines count as changes from the start, as in a
    /// block that is tagged as a diff and has no header.
    pub(crate) fn read(patch: &str, is_bare: bool) -> Option<Self> {
        let lines: Vec<&str> = patch.lines().collect();
        let mut reader =
            Reader { file: String::new(), in_hunk: is_bare, left: Left::default(), changes: Self::default() };
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            at += reader.read(line, lines.get(at + 1).copied(), lines.get(at + 2).copied());
        }
        (!reader.changes.files.is_empty()).then_some(reader.changes)
    }

    /// The changed lines of two patches, file by file: each with its sign, without white space at its end. Files are
    /// paired by their paths; where both patches have one file, by that alone.
    pub(crate) fn paired(self, other: Self) -> Vec<(Vec<String>, Vec<String>)> {
        let (mut left, mut right) = (self.files, other.files);
        if left.len() == 1 && right.len() == 1 {
            return left.into_values().zip(right.into_values()).collect();
        }
        let paths: Vec<String> = left.keys().chain(right.keys()).cloned().collect();
        let mut pairs = Vec::new();
        for path in paths {
            let (a, b) = (left.remove(&path), right.remove(&path));
            if a.is_some() || b.is_some() {
                pairs.push((a.unwrap_or_default(), b.unwrap_or_default()));
            }
        }
        pairs
    }
}

struct Reader {
    file: String,
    in_hunk: bool,
    left: Left,
    changes: Changes,
}

/// Lines that the hunk still has, as its header says.
#[derive(Clone, Copy, Default)]
struct Left {
    old: usize,
    new: usize,
}

impl Reader {
    /// Reads one line, and gives back how many lines were read.
    fn read(&mut self, line: &str, next: Option<&str>, after: Option<&str>) -> usize {
        let is_counted = self.left.old > 0 || self.left.new > 0;
        if let Some(left) = Left::of_header(line) {
            (self.in_hunk, self.left) = (true, left);
            return 1;
        }
        let is_header = line.starts_with("--- ") && next.is_some_and(|next| next.starts_with("+++ "));
        if is_header && (!is_counted || after.is_some_and(|after| after.starts_with("@@"))) {
            self.file = path(line, next.unwrap_or_default());
            (self.in_hunk, self.left) = (true, Left::default());
            return 2;
        }
        if line.starts_with("diff --git ") || line.starts_with("Index: ") {
            self.in_hunk = false;
        } else if self.in_hunk {
            self.change(line);
        }
        1
    }

    fn change(&mut self, line: &str) {
        let (old, new) = match line.as_bytes().first() {
            Some(b'+') => (0, 1),
            Some(b'-') => (1, 0),
            _ => (1, 1),
        };
        if old != new {
            self.changes.files.entry(self.file.clone()).or_default().push(line.trim_end().to_owned());
        }
        self.left.old = self.left.old.saturating_sub(old);
        self.left.new = self.left.new.saturating_sub(new);
    }
}

impl Left {
    /// `@@ -1,7 +1,6 @@`, or a bare `@@`.
    fn of_header(line: &str) -> Option<Self> {
        let ranges = line.strip_prefix("@@")?;
        let count = |sign: char| {
            let range = ranges.split_whitespace().find_map(|word| word.strip_prefix(sign))?;
            range.split_once(',').map_or("1", |(_, count)| count).parse().ok()
        };
        Some(Self { old: count('-').unwrap_or_default(), new: count('+').unwrap_or_default() })
    }
}

/// The path of a file, from the two lines of its header; the old one where the file is removed.
fn path(old: &str, new: &str) -> String {
    let bare = |line: &str, side: &str| {
        let name = line.get(4..).unwrap_or_default();
        let name = name.split('\t').next().unwrap_or_default().trim();
        name.strip_prefix(side).unwrap_or(name).to_owned()
    };
    let (old, new) = (bare(old, "a/"), bare(new, "b/"));
    if new == "/dev/null" { old } else { new }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(patch: &str) -> Vec<(String, Vec<String>)> {
        Changes::read(patch, false).map(|changes| changes.files.into_iter().collect()).unwrap_or_default()
    }

    #[test]
    fn headers_and_context_are_no_changes() {
        let patch = "diff --git a/x.py b/x.py\nindex 123..456 100644\n--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,3 @@ def f():\n a\n-b\n+c  \n\\ No newline at end of file\n";
        assert_eq!(lines(patch), [("x.py".to_owned(), vec!["-b".to_owned(), "+c".to_owned()])]);
    }

    #[test]
    fn a_removed_line_may_look_like_a_header() {
        let patch = "--- a/q.sql\n+++ b/q.sql\n@@ -1,2 +1,1 @@\n--- a comment\n+++ x\n y\n";
        assert_eq!(lines(patch)[0].1, ["--- a comment", "+++ x"]);
    }

    #[test]
    fn several_files_and_wrong_counts_are_read() {
        let patch = "--- a/x\n+++ b/x\n@@ -1,99 +1,99 @@\n-1\n+2\n--- a/y\n+++ /dev/null\n@@ -1 +0,0 @@\n-3\n";
        let found = lines(patch);
        assert_eq!(found.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(found[1].1, ["-3"]);
    }

    #[test]
    fn text_is_no_patch() {
        assert_eq!(Changes::read("- an item\n+ another", false), None);
        assert!(Changes::read("-x = 1\n+x = 2", true).is_some());
        assert_eq!(Changes::read("--- a/x\n+++ b/x\n@@ -1 +1 @@\n same\n", false), None);
    }
}
