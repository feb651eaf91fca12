//! A table for a terminal.

use std::fmt::Write;

use crate::system::terminal::wrap;

/// Rows of cells, to be lined up. The first columns are text, the others are numbers.
pub(crate) struct TerminalTable {
    text_columns: usize,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    /// So many columns are always shown.
    fewest: usize,
}

impl TerminalTable {
    /// A table with this head, whose first `text_columns` columns begin on the left.
    pub(crate) fn new(text_columns: usize, head: &[&str]) -> Self {
        TerminalTable {
            text_columns,
            head: head.iter().map(|cell| (*cell).to_owned()).collect(),
            rows: Vec::new(),
            fewest: head.len(),
        }
    }

    /// The columns after so many may be left out where the terminal is narrow, the last ones first.
    pub(crate) fn with_spare_columns_after(self, fewest: usize) -> Self {
        TerminalTable { fewest, ..self }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The rows as text, each indented by two blanks. Where they are wider than `width` allows, spare columns are left out, and
    /// named. Where that does not suffice each number has a line of its own below the text that begins its row.
    pub(crate) fn render(&self, width: Option<usize>) -> String {
        let all = self.head.len();
        let longest = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        let fits = |text: &String| width.is_none_or(|width| longest(text) <= width);
        let mut tries = (self.fewest.min(all)..=all).rev().map(|columns| (columns, self.lines(columns)));
        match tries.find(|(_, lines)| fits(lines)) {
            Some((columns, lines)) if columns == all => lines,
            Some((columns, lines)) => {
                let titles =
                    self.head[columns..].iter().map(String::as_str).filter(|title| !title.is_empty());
                let left_out = titles.collect::<Vec<_>>().join(", ");
                lines + &wrap(&format!("no room for: {left_out}"), width, "  ", "    ")
            }
            None => self.stacked(width),
        }
    }

    /// The first columns of each row, lined up.
    fn lines(&self, columns: usize) -> String {
        let rows = || std::iter::once(&self.head).chain(&self.rows);
        let width =
            |column| rows().filter_map(|row| row.get(column)).map(|cell: &String| cell.chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        for row in rows() {
            let mut line = String::new();
            for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
                // Writing into a string cannot fail.
                let _ = match i < self.text_columns {
                    true => write!(line, "  {cell:<width$}"),
                    false => write!(line, "  {cell:>width$}"),
                };
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn stacked(&self, width: Option<usize>) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let (name, numbers) = row.split_at(self.text_columns.min(row.len()));
            text.push_str(&wrap(&name.join(" "), width, "  ", "    "));
            let titles = self.head.iter().skip(self.text_columns);
            for (title, number) in titles.zip(numbers).filter(|(_, number)| !number.is_empty()) {
                let line = if title.is_empty() { number.clone() } else { format!("{title}: {number}") };
                text.push_str(&wrap(&line, width, "    ", "      "));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TerminalTable {
        let mut table = TerminalTable::new(2, &["engine", "version", "median", "", "95 % interval"]);
        table.row(["stealing", "1.0", "24.0 ns", "", "23.9 ns - 25.1 ns"].map(str::to_owned));
        table.row(["rayon", "1.12", "183 ns", "tie", "-"].map(str::to_owned));
        table
    }

    #[test]
    fn columns_are_lined_up() {
        let lines = "  engine    version   median           95 % interval\n  \
                     stealing  1.0      24.0 ns       23.9 ns - 25.1 ns\n  \
                     rayon     1.12      183 ns  tie                  -\n";
        assert_eq!(table().render(None), lines);
        assert_eq!(table().render(Some(52)), lines);
    }

    #[test]
    fn spare_columns_are_left_out_and_named_before_numbers_have_lines_of_their_own() {
        let table = table().with_spare_columns_after(3);
        let lines =
            "  engine    version   median\n  stealing  1.0      24.0 ns\n  rayon     1.12      183 ns\n";
        assert_eq!(table.render(Some(28)), format!("{lines}  no room for: 95 % interval\n"));
        assert!(table.render(Some(50)).ends_with("tie\n  no room for: 95 % interval\n"));
        assert!(table.render(Some(52)).ends_with("tie                  -\n"));
        assert!(table.render(Some(26)).contains("    median: 24.0 ns\n"));
    }

    #[test]
    fn a_narrow_terminal_has_a_line_for_each_number() {
        let stacked = "  stealing 1.0\n    median: 24.0 ns\n    95 % interval: 23.9 ns -\n      25.1 ns\n  \
                       rayon 1.12\n    median: 183 ns\n    tie\n    95 % interval: -\n";
        assert_eq!(table().render(Some(30)), stacked);
    }
}
