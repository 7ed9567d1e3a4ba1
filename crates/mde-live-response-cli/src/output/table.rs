//! Tables: for a terminal, as Markdown, and as lines with tabs.

use std::fmt::Write;

use mde_live_response_core::error;
use unicode_width::UnicodeWidthStr;

use crate::output::text::shown;

/// Widest cell on a terminal, in columns.
const MAX_CELL: usize = 100;

/// Narrowest column that is cut to make room.
const MIN_CELL: usize = 6;

/// Columns of raw texts. Each format escapes them in its own way.
#[derive(Debug, Default)]
pub(crate) struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(head: [&'static str; N]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with as many cells as the head.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        debug_assert_eq!(N, self.head.len());
        self.rows.push(cells.into());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Lays the rows out below their head. Cuts the widest cells until a line fits the columns, if there is a limit.
    ///
    /// `colour` colours the first cell of each row after the widths are known. Empty without rows.
    pub(crate) fn for_terminal(
        &self,
        columns: Option<usize>,
        colour: impl Fn(&str) -> String,
    ) -> String {
        let mut text = String::new();
        if self.is_empty() {
            return text;
        }
        let head = self.head.iter().map(|cell| (*cell).to_owned()).collect();
        let cells = |row: &Vec<String>| row.iter().map(|cell| shown(cell, MAX_CELL)).collect();
        let rows: Vec<Vec<String>> =
            std::iter::once(head).chain(self.rows.iter().map(cells)).collect();
        let mut widths = vec![0; self.head.len()];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let name = self.head.iter().position(|cell| *cell == "NAME");
        fit(&mut widths, columns.unwrap_or(usize::MAX), name);
        for (n, row) in rows.iter().enumerate() {
            let mut line = String::new();
            for (n_cell, (width, cell)) in widths.iter().zip(row).enumerate() {
                let cell = if cell.width() > *width { cut(cell, *width) } else { cell.clone() };
                let padding = width.saturating_sub(cell.width());
                let cell = if n > 0 && n_cell == 0 { colour(&cell) } else { cell };
                let _ = write!(line, "{cell}{:padding$}  ", ""); // a `String` takes everything
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Writes each row as a line of words, in the form in which single changes are reported.
    pub(crate) fn lines(&self, colour: impl Fn(&str) -> String) -> String {
        let mut text = String::new();
        for row in &self.rows {
            for (n, cell) in row.iter().filter(|cell| !cell.is_empty()).enumerate() {
                let cell = error::shown(cell).to_string();
                let cell = if n == 0 { colour(&cell) } else { format!(" {cell}") };
                text.push_str(&cell);
            }
            text.push('\n');
        }
        text
    }

    /// Writes a table of GitHub's Markdown. A text that looks like markup stays text.
    pub(crate) fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let head = self.head.iter().map(|cell| (*cell).to_owned()).collect();
        let mut text = line(head) + &line(vec!["---".to_owned(); self.head.len()]);
        for row in &self.rows {
            text += &line(row.iter().map(|cell| markdown(cell)).collect());
        }
        text
    }

    /// Writes a line for the head and for each row, with a tab between two cells. Tabs and line ends in them are escaped.
    pub(crate) fn tsv(&self) -> String {
        let mut text = self.head.join("\t") + "\n";
        for row in &self.rows {
            let cells: Vec<_> = row.iter().map(|cell| error::shown(cell).to_string()).collect();
            text += &(cells.join("\t") + "\n");
        }
        text
    }
}

/// Narrows the widest columns until a line fits, but none below a few columns. The name is the last, because people copy it.
fn fit(widths: &mut [usize], columns: usize, name: Option<usize>) {
    let between = widths.len().saturating_sub(1) * 2;
    while widths.iter().sum::<usize>() + between > columns {
        let others = widths.iter_mut().enumerate().filter(|(n, _)| Some(*n) != name);
        match others.map(|(_, width)| width).max() {
            Some(width) if *width > MIN_CELL => *width -= 1,
            _ => match name.and_then(|name| widths.get_mut(name)) {
                Some(width) if *width > MIN_CELL => *width -= 1,
                _ => return,
            },
        }
    }
}

/// Cuts an escaped text to this many columns, the last of which shows that it was cut.
fn cut(text: &str, columns: usize) -> String {
    shown(text, columns.saturating_sub(1))
}

/// Escapes a text for a cell of a Markdown table, or for a line of its own.
pub(crate) fn markdown(text: &str) -> String {
    let mut escaped = String::new();
    for c in error::shown(text).to_string().chars() {
        if "\\`*_[]<>#|~&@$".contains(c) {
            let _ = write!(escaped, "&#{};", u32::from(c)); // a `String` takes everything
        } else {
            escaped.push(c);
        }
    }
    // GitHub links these without any markup.
    for (link, text) in [("://", "&#58;//"), ("www.", "www&#46;"), ("WWW.", "WWW&#46;")] {
        escaped = escaped.replace(link, text);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Table, markdown};

    fn table() -> Table {
        let mut table = Table::new(["ACTION", "NAME", "WHY"]);
        table.row(["create".to_owned(), "a long name|`x`.ps1".to_owned(), String::new()]);
        table.row(["update".to_owned(), "b\t\u{202E}.ps1".to_owned(), "content, owner".to_owned()]);
        table
    }

    #[test]
    fn each_format_escapes_in_its_own_way() {
        let colour = |word: &str| format!("<{word}>");
        assert_eq!(
            table().for_terminal(None, colour),
            "ACTION  NAME                 WHY\n\
             <create>  a long name|`x`.ps1\n\
             <update>  b\\t\\u{202e}.ps1      content, owner\n"
        );
        assert_eq!(
            table().markdown(),
            "| ACTION | NAME | WHY |\n| --- | --- | --- |\n\
             | create | a long name&#124;&#96;x&#96;.ps1 |  |\n\
             | update | b&#92;t&#92;u{202e}.ps1 | content, owner |\n"
        );
        assert_eq!(
            table().tsv(),
            "ACTION\tNAME\tWHY\n\
             create\ta long name|`x`.ps1\t\n\
             update\tb\\t\\u{202e}.ps1\tcontent, owner\n"
        );
        assert_eq!(Table::new(["NAME"]).for_terminal(None, str::to_owned), "");
        assert_eq!(
            markdown("<b> www.example.com @team http://x"),
            "&#60;b&#62; www&#46;example.com &#64;team http&#58;//x"
        );
    }

    #[test]
    fn a_narrow_terminal_cuts_the_widest_cells() {
        assert_eq!(
            table().for_terminal(Some(30), str::to_owned),
            "ACTION  NAME            WHY\n\
             create  a long name|`…\n\
             update  b\\t\\u{202e}.p…  conte…\n"
        );
        for columns in 0..60 {
            let text = table().for_terminal(Some(columns), str::to_owned);
            let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
            assert!(longest <= columns.max(22), "{columns}: {text}");
        }
    }
}
