//! Pieces of HTML. Whatever is not written in this folder goes through [`Escaped`].

use std::fmt;

use crate::report::{Mean, Share};

/// Text in an element or an attribute in double quotes.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;

        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // What HTML does not allow, and what turns the direction of the text that follows.
                '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => {
                    f.write_char(char::REPLACEMENT_CHARACTER)?;
                }
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => f.write_char(char::REPLACEMENT_CHARACTER)?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// Pieces, one after the other.
pub(super) fn concat(pieces: impl IntoIterator<Item = String>) -> String {
    pieces.into_iter().collect()
}

/// A section with a heading and a sentence under it.
pub(super) fn section(id: &str, heading: &str, lead: &str, body: &str) -> String {
    let lead = if lead.is_empty() { String::new() } else { format!("<p class=\"muted\">{lead}</p>") };
    format!("<section id=\"{id}\"><h2>{heading}</h2>{lead}{body}</section>\n")
}

/// A table. The first column is text, and so are those that `texts` names; cells are HTML.
pub(super) fn table(header: &[&str], texts: &[usize], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let class = |index: usize| if index == 0 || texts.contains(&index) { "" } else { " class=\"n\"" };
    let head = concat((0..).zip(header).map(|(index, name)| format!("<th{}>{name}</th>", class(index))));
    let row = |cells: Vec<String>| {
        let cells = (0..).zip(header).zip(cells);
        let cell = |((index, name), cell): ((usize, &&str), String)| {
            format!("<td{} data-name=\"{name}\">{cell}</td>", class(index))
        };
        let cells = concat(cells.map(cell));
        format!("<tr>{cells}</tr>")
    };
    let rows = concat(rows.into_iter().map(row));
    format!("<div class=\"scroll\"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>")
}

/// A link to a row, by its id.
pub(super) fn row_link(number: u64, id: &str) -> String {
    let short: String = id.chars().take(60).collect();
    format!("<a href=\"#row-{number}\">{}</a>", Escaped(&short))
}

/// Three decimals.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.3}"))
}

/// A mean with its interval.
pub(super) fn mean(mean: Option<Mean>) -> String {
    let Some(mean) = mean else { return "–".to_owned() };
    format!("{:.3} <small>{:.3}…{:.3}</small>", mean.mean, mean.low, mean.high)
}

/// A difference with its interval and its sign.
pub(super) fn difference(mean: Option<Mean>) -> String {
    let Some(mean) = mean else { return "–".to_owned() };
    let class = match mean {
        Mean { low, .. } if low > 0.0 => "up",
        Mean { high, .. } if high < 0.0 => "down",
        _ => "",
    };
    format!("<span class=\"{class}\">{:+.3}</span> <small>{:+.3}…{:+.3}</small>", mean.mean, mean.low, mean.high)
}

/// A share with its interval.
pub(super) fn share(share: Option<Share>) -> String {
    let Some(share) = share else { return "–".to_owned() };
    let [low, high] = [share.low, share.high].map(|bound| 100.0 * bound);
    format!("{} <small>of {} · {low:.0}…{high:.0} %</small>", grouped(share.count), grouped(share.of))
}

/// A count with narrow spaces that do not break between groups of three digits.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Seconds as a person says them.
pub(super) fn duration(seconds: Option<f64>) -> String {
    match seconds {
        None => "–".to_owned(),
        Some(seconds) if seconds < 0.1 => format!("{:.1} ms", seconds * 1e3),
        Some(seconds) if seconds < 120.0 => format!("{seconds:.1} s"),
        Some(seconds) if seconds < 7200.0 => format!("{:.1} min", seconds / 60.0),
        Some(seconds) => format!("{:.1} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_element_or_its_attribute() {
        let hostile = "</script><img src=x onerror='a()'>\" & \u{202e}\0";
        let expected = "&lt;/script&gt;&lt;img src=x onerror=&#39;a()&#39;&gt;&quot; &amp; \u{fffd}\u{fffd}";
        assert_eq!(Escaped(hostile).to_string(), expected);
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]);
    }
}
