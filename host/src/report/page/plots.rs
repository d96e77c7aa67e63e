//! Plots as inline SVG. Colours are those of the style sheet, so that they follow light and dark.

use super::markup::{Escaped, concat};
use crate::report::{BINS, Comparison, Mean, bootstrap::float};

/// A bar of parts that fill its width: class, count, and what to say of it.
pub(super) fn stacked(parts: &[(&str, u64, &str)]) -> String {
    let whole = float(parts.iter().map(|(_, count, _)| count).sum::<u64>().max(1));
    let mut left = 0.0;
    let mut body = Vec::new();
    for (class, count, words) in parts.iter().filter(|(_, count, _)| *count > 0) {
        let width = 1000.0 * float(*count) / whole;
        body.push(format!(
            "<rect class=\"{class}\" x=\"{left:.2}\" width=\"{width:.2}\" height=\"20\"><title>{count} {}</title></rect>",
            Escaped(words)
        ));
        left += width;
    }
    format!(
        "<svg class=\"stacked\" viewBox=\"0 0 1000 20\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{}</svg>",
        concat(body)
    )
}

/// Bars, one under the other, with names and counts.
pub(super) fn bars(class: &str, bars: impl IntoIterator<Item = (String, u64)>) -> String {
    let bars: Vec<_> = bars.into_iter().collect();
    let most = float(bars.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1));
    let bar = |(name, count): &(String, u64)| {
        let width = 100.0 * float(*count) / most;
        format!(
            "<div class=\"bar\"><span>{}</span><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" \
             aria-hidden=\"true\"><rect class=\"{class}\" width=\"{width:.2}\" height=\"10\" rx=\"0.6\"/></svg>\
             <b>{count}</b></div>",
            Escaped(name)
        )
    };
    concat(bars.iter().map(bar))
}

/// How the scores are spread: what was before as an outline behind what is now.
pub(super) fn histogram(comparison: &Comparison) -> String {
    let (width, height) = (20.0, 100.0);
    let counts = comparison.histogram_before.iter().chain(&comparison.histogram_after);
    let most = float(counts.copied().max().unwrap_or(1).max(1));
    let bars = |class: &str, histogram: &[u64; BINS], inset: f64| -> String {
        let bar = |(bin, count): (u64, &u64)| {
            let tall = if *count == 0 { 0.0 } else { (height * float(*count) / most).max(1.5) };
            format!(
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.2}\" width=\"{:.1}\" height=\"{tall:.2}\" rx=\"1.5\">\
                 <title>{count} of {:.2} to {:.2}</title></rect>",
                float(bin) * width + inset,
                height - tall,
                width - 2.0 * inset,
                float(bin) / float(BINS as u64),
                float(bin + 1) / float(BINS as u64),
            )
        };
        concat((0..).zip(histogram).filter(|(_, count)| **count > 0).map(bar))
    };
    let before = bars("before", &comparison.histogram_before, 1.0);
    let after = bars("after", &comparison.histogram_after, if before.is_empty() { 1.5 } else { 5.0 });
    format!(
        "<svg class=\"histogram\" viewBox=\"0 -2 400 122\" role=\"img\" aria-label=\"histogram of scores\">\
         {before}{after}<path class=\"axis\" d=\"M0 100.5H400\"/><text x=\"0\" y=\"116\">0</text>\
         <text x=\"200\" y=\"116\" text-anchor=\"middle\">0.5</text>\
         <text x=\"400\" y=\"116\" text-anchor=\"end\">1</text></svg>"
    )
}

/// A mean before and after on a scale of 0..1, with intervals, and the way between them.
pub(super) fn dumbbell(before: Option<Mean>, after: Option<Mean>) -> String {
    let x = |value: f64| 8.0 + 284.0 * value;
    let mean = |class: &str, y: f64, mean: Mean| {
        format!(
            "<path class=\"{class} interval\" d=\"M{:.1} {y}H{:.1}\"/><circle class=\"{class}\" cx=\"{:.1}\" cy=\"{y}\" \
             r=\"5\"><title>{:.3}, {:.3} to {:.3}, of {} rows</title></circle>",
            x(mean.low),
            x(mean.high),
            x(mean.mean),
            mean.mean,
            mean.low,
            mean.high,
            mean.count
        )
    };
    let grid = [0.0, 0.25, 0.5, 0.75, 1.0].map(|at| format!("<path class=\"line\" d=\"M{:.1} 0V30\"/>", x(at)));
    let grid = concat(grid);
    let (top, bottom) = if before.is_some() { (9.0, 21.0) } else { (15.0, 15.0) };
    let way = before.zip(after).map(|(before, after)| {
        format!("<path class=\"way\" d=\"M{:.1} {top}L{:.1} {bottom}\"/>", x(before.mean), x(after.mean))
    });
    let means = [before.map(|before| mean("before", top, before)), after.map(|after| mean("after", bottom, after))];
    format!(
        "<svg class=\"dumbbell\" viewBox=\"0 0 300 30\" role=\"img\" aria-label=\"mean score\">{grid}{}{}</svg>",
        way.unwrap_or_default(),
        concat(means.into_iter().flatten())
    )
}

/// A score as a small bar.
pub(super) fn meter(class: &str, score: Option<f64>) -> String {
    let Some(score) = score else { return String::new() };
    format!(
        "<svg class=\"meter\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect class=\"rail\" width=\"100\" height=\"8\" rx=\"1\"/>\
         <rect class=\"{class}\" width=\"{:.1}\" height=\"8\" rx=\"1\"/></svg>",
        100.0 * score.clamp(0.0, 1.0)
    )
}
