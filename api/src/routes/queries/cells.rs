//! Counts of persons that hang together: which of them may be told.
//!
//! A count is hidden where it is small; then others beside it, until what is hidden of a sum is no
//! small count either, and cannot be worked out.

/// Row and column.
pub(super) type Cell = (usize, usize);

/// Counts that add up.
pub(super) struct Sum {
    /// What they add up to.
    pub(super) whole: Cell,
    /// The counts.
    pub(super) parts: Vec<Cell>,
}

/// Counts in rows and columns.
pub(super) struct Cells {
    /// Row by row.
    pub(super) counts: Vec<Vec<i64>>,
    /// What adds up.
    pub(super) sums: Vec<Sum>,
    /// Of each two, the second may be a part of the first: it is hidden where few are left.
    pub(super) nested: Vec<(Cell, Cell)>,
}

impl Cells {
    /// Which are hidden.
    pub(super) fn hide(&self) -> Vec<Vec<bool>> {
        let mut hidden: Vec<Vec<bool>> = self
            .counts
            .iter()
            .map(|row| row.iter().map(|count| small(*count)).collect())
            .collect();
        while let Some((row, column)) = self.next(&hidden) {
            hidden[row][column] = true;
        }
        hidden
    }

    fn next(&self, hidden: &[Vec<bool>]) -> Option<Cell> {
        let of_sums = self.sums.iter().find_map(|sum| self.beside(sum, hidden));
        of_sums.or_else(|| self.leaving_few(hidden))
    }

    /// If what is hidden of a sum could be worked out, or is small together: what to hide besides.
    fn beside(&self, sum: &Sum, hidden: &[Vec<bool>]) -> Option<Cell> {
        let is_hidden = |cell: &Cell| hidden[cell.0][cell.1];
        let (gone, shown): (Vec<Cell>, Vec<Cell>) =
            sum.parts.iter().partition(|cell| is_hidden(cell));
        if gone.is_empty() || is_hidden(&sum.whole) {
            return None;
        }
        if gone.len() > 1 && !small(gone.iter().map(|cell| self.count(*cell)).sum()) {
            return None;
        }
        let smallest = shown
            .into_iter()
            .filter(|cell| self.count(*cell) > 0)
            .min_by_key(|cell| self.count(*cell));
        Some(smallest.unwrap_or(sum.whole))
    }

    fn leaving_few(&self, hidden: &[Vec<bool>]) -> Option<Cell> {
        let is_shown = |cell: &Cell| !hidden[cell.0][cell.1];
        self.nested
            .iter()
            .find(|(whole, part)| {
                is_shown(whole)
                    && is_shown(part)
                    && small((self.count(*whole) - self.count(*part)).abs())
            })
            .map(|(_, part)| *part)
    }

    fn count(&self, (row, column): Cell) -> i64 {
        self.counts[row][column]
    }
}

/// Counts of persons that could point somebody out.
pub(super) fn small(count: i64) -> bool {
    (1..=4).contains(&count)
}
