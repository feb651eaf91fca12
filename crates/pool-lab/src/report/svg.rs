//! The little of SVG that the plots need.

use std::fmt::Write;

use crate::report::escape;

/// Colours of both backgrounds.
const STYLE: &str = include_str!("plot.css");

/// A drawing in the making. Coordinates are pixels from the upper left corner.
pub(crate) struct Drawing {
    title: String,
    width: f64,
    body: String,
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Drawing {
    /// A drawing of this width. The title is what screen readers say.
    pub(crate) fn new(title: impl Into<String>, width: f64) -> Self {
        Drawing { title: title.into(), width, body: String::new() }
    }

    pub(crate) fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64) {
        let (x, y, width, height) = (px(x), px(y), px(width.max(0.0)), px(height));
        self.element(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\"/>"
        ));
    }

    pub(crate) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let (x1, y1, x2, y2) = (px(x1), px(y1), px(x2), px(y2));
        self.element(format_args!(
            "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>"
        ));
    }

    pub(crate) fn polyline(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y))).collect();
        self.element(format_args!("<polyline class=\"{class}\" points=\"{}\"/>", points.join(" ")));
    }

    pub(crate) fn circle(&mut self, class: &str, x: f64, y: f64, radius: f64) {
        let (x, y, radius) = (px(x), px(y), px(radius));
        self.element(format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"));
    }

    /// Text whose base line is at `y`.
    pub(crate) fn text(&mut self, class: &str, anchor: Anchor, x: f64, y: f64, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (x, y, text) = (px(x), px(y), escape::html(text));
        self.element(format_args!("<text class=\"{class}\"{anchor} x=\"{x}\" y=\"{y}\">{text}</text>"));
    }

    fn element(&mut self, element: std::fmt::Arguments) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.body, "{element}");
    }

    /// The drawing, cut off at this height.
    pub(crate) fn finish(self, height: f64) -> Plot {
        let Drawing { title, width, body } = self;
        let title = escape::html(&title);
        let (width, height) = (px(width), px(height));
        Plot {
            open: format!("viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\""),
            width,
            height,
            body,
        }
    }
}

/// A finished drawing.
pub(crate) struct Plot {
    open: String,
    width: String,
    height: String,
    body: String,
}

impl Plot {
    /// A file of its own. It brings its background along, for it cannot know the page's.
    pub(crate) fn standalone(&self) -> String {
        let Plot { open, width, height, body } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" {open} width=\"{width}\" height=\"{height}\">\n<style>\n{STYLE}</style>\n\
             <rect class=\"p-page\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\n{body}</svg>\n"
        )
    }
}

/// A coordinate to a tenth of a pixel, without needless zeros.
fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// About how wide a bold text of the plots' size is.
pub(crate) fn text_width(text: &str) -> f64 {
    const AVERAGE_CHARACTER: f64 = 7.9;
    text.chars().count() as f64 * AVERAGE_CHARACTER
}

/// Breaks words into lines of at most `columns` characters where words allow.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_everywhere() {
        let mut drawing = Drawing::new("a<b \"c\"", 100.0);
        drawing.text("p-text", Anchor::End, 1.0, 2.25, "x & <y>");
        let plot = drawing.finish(50.0);
        let svg = plot.standalone();
        assert!(svg.contains("aria-label=\"a&lt;b &quot;c&quot;\""), "{svg}");
        assert!(svg.contains(
            "<text class=\"p-text\" text-anchor=\"end\" x=\"1\" y=\"2.2\">x &amp; &lt;y&gt;</text>"
        ));
    }

    #[test]
    fn words_wrap() {
        assert_eq!(wrap("one two three fourteen", 8), ["one two", "three", "fourteen"]);
        assert!(wrap("", 8).is_empty());
    }
}
