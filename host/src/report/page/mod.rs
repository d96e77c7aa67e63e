//! A report as one self-contained HTML page: nothing is loaded from anywhere, and no text of a dataset, a model or a
//! grader can become anything but text.

mod changes;
mod figures;
mod markup;
mod plots;
mod rows;
mod tables;

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use self::markup::{Escaped, grouped};
use super::Report;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

impl Report {
    /// The page. Scripts other than its own small one are forbidden to the browser, too.
    pub fn to_html(&self) -> String {
        let policy = format!(
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            BASE64_STANDARD.encode(Sha256::digest(SCRIPT))
        );
        let sections = [
            figures::headline(self),
            figures::tiles(self),
            tables::graders(self),
            figures::spread(self),
            figures::refinements(self),
            tables::effort(self),
            tables::errors(self),
            tables::falls(self),
            tables::remarkable(self),
            rows::rows(self),
        ];
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{name} · Gradebox</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <header><p class=\"brand\">Gradebox report</p><h1>{name}</h1><p class=\"muted\">{rows}</p></header>\n\
             <main>\n{sections}</main>\n{footer}<script>{SCRIPT}</script>\n</body>\n</html>\n",
            name = Escaped(&self.name),
            rows = if self.rows == 1 { "1 row".to_owned() } else { format!("{} rows", grouped(self.rows)) },
            sections = sections.concat(),
            footer = FOOTER,
        )
    }
}

const FOOTER: &str = "<footer><p>Intervals are at 95 %: bootstrap percentile intervals (2000 samples, fixed seed) for \
    means and differences, Wilson’s score intervals for shares. A row without a score is in no mean: errors, undecided \
    and not-applicable grades are counted apart. Unknown is shown as –, never as zero.</p></footer>\n";
