//! A table, and its two renderings.

use std::fmt::Write;

use crate::report::escape;

/// A column's head.
pub(crate) struct Head {
    title: String,
    numeric: bool,
}

/// What a cell wants to say beyond its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    /// The best of its kind.
    Strong,
    /// The name of one of our engines.
    Ours,
    /// Absent, or beside the point.
    Faint,
    /// Something failed.
    Bad,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) tone: Tone,
    /// What to sort by where the text would mislead: times in different units, say.
    pub(crate) key: Option<f64>,
    /// Places in the same page, with the text of each, that a page shows instead of the text.
    pub(crate) links: Vec<(String, String)>,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Cell { text: text.into(), tone: Tone::Plain, key: None, links: Vec::new() }
    }

    pub(crate) fn number(text: impl Into<String>, key: f64) -> Self {
        Cell { key: Some(key), ..Cell::new(text) }
    }

    /// A number that is not there.
    pub(crate) fn absent(text: impl Into<String>) -> Self {
        Cell { tone: Tone::Faint, key: Some(f64::INFINITY), ..Cell::new(text) }
    }

    pub(crate) fn toned(self, tone: Tone) -> Self {
        Cell { tone, ..self }
    }
}

/// Rows under heads.
pub(crate) struct Table {
    columns: Vec<Head>,
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new() -> Self {
        Table { columns: Vec::new(), rows: Vec::new() }
    }

    pub(crate) fn text(mut self, title: impl Into<String>) -> Self {
        self.columns.push(Head { title: title.into(), numeric: false });
        self
    }

    pub(crate) fn number(mut self, title: impl Into<String>) -> Self {
        self.columns.push(Head { title: title.into(), numeric: true });
        self
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// As a table of GitHub's Markdown, with a line end after the last row.
    pub(crate) fn markdown(&self) -> String {
        let mut lines: Vec<Vec<String>> = Vec::with_capacity(self.rows.len() + 2);
        lines.push(self.columns.iter().map(|column| escape::markdown(&column.title)).collect());
        lines.push(self.columns.iter().map(|c| if c.numeric { "---:" } else { "---" }.to_owned()).collect());
        lines.extend(self.rows.iter().map(|row| row.iter().map(markdown_cell).collect()));
        lines.iter().map(|cells| format!("| {} |\n", cells.join(" | "))).collect()
    }

    /// As an HTML table.
    pub(crate) fn html(&self) -> String {
        let mut out = String::from("<div class=\"scroll\"><table>\n<thead><tr>");
        let class = |column: usize| match self.columns.get(column) {
            Some(Head { numeric: true, .. }) => "num",
            _ => "",
        };
        for (i, column) in self.columns.iter().enumerate() {
            let title = escape::html(&column.title);
            // Writing into a string cannot fail.
            let _ = write!(out, "<th scope=\"col\" class=\"{}\">{title}</th>", class(i));
        }
        out.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            out.push_str("<tr>");
            row.iter().enumerate().for_each(|(i, cell)| out.push_str(&html_cell(cell, class(i))));
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table></div>\n");
        out
    }
}

fn markdown_cell(cell: &Cell) -> String {
    let text = escape::markdown(&cell.text);
    match cell.tone {
        Tone::Strong | Tone::Ours | Tone::Bad if !text.is_empty() => format!("**{text}**"),
        _ => text,
    }
}

fn html_cell(cell: &Cell, class: &str) -> String {
    let tone = match cell.tone {
        Tone::Plain => "",
        Tone::Strong => "strong",
        Tone::Ours => "ours",
        Tone::Faint => "faint",
        Tone::Bad => "bad",
    };
    let classes =
        [class, tone].iter().filter(|class| !class.is_empty()).copied().collect::<Vec<_>>().join(" ");
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{classes}\"") };
    let key = cell.key.map_or_else(String::new, |key| format!(" data-key=\"{key}\""));
    if cell.links.is_empty() {
        return format!("<td{class}{key}>{}</td>", escape::html(&cell.text));
    }
    let link = |(text, place): &(String, String)| format!("<a href=\"#{place}\">{}</a>", escape::html(text));
    format!("<td{class}{key}>{}</td>", cell.links.iter().map(link).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new().text("engine").number("a|b");
        table.row([Cell::new("x<y").toned(Tone::Ours), Cell::number("1.00 us", 1000.0)]);
        table.row([Cell::new("z"), Cell::absent("n/a")]);
        table
    }

    #[test]
    fn markdown_table() {
        assert_eq!(
            table().markdown(),
            "| engine | a\\|b |\n| --- | ---: |\n| **x&lt;y** | 1.00 us |\n| z | n/a |\n"
        );
    }

    #[test]
    fn html_table() {
        let html = table().html();
        assert!(html.contains("<th scope=\"col\" class=\"num\">a|b</th>"), "{html}");
        assert!(
            html.contains("<td class=\"ours\">x&lt;y</td><td class=\"num\" data-key=\"1000\">1.00 us</td>")
        );
        assert!(html.contains("<td class=\"num faint\" data-key=\"inf\">n/a</td>"), "{html}");
    }
}
