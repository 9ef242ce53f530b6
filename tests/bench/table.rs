//! The table that is printed, a row as soon as it is known.

use crate::measure::Measured;

/// What a ratio must come to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    /// At least so much of the raw figure.
    Floor(f64),
    /// At most so many times the raw figure.
    Ceiling(f64),
    /// Anything: it is told for what it is.
    Told,
}

/// One line.
pub(crate) struct Row {
    /// What it is about.
    pub(crate) what: &'static str,
    /// By how many clients.
    pub(crate) clients: usize,
    /// What was measured.
    pub(crate) measured: Measured,
    /// What the ratio must come to.
    pub(crate) bound: Bound,
}

/// Prints the heading.
pub(crate) fn heading() {
    println!(
        "{:<44} {:>7} {:>10} {:>10} {:>6} {:>7}  ok",
        "what", "clients", "raw", "ours", "ratio", "bound"
    );
}

impl Row {
    /// Whether the bound is kept.
    pub(crate) fn kept(&self) -> bool {
        match self.bound {
            Bound::Floor(floor) => self.measured.ratio >= floor,
            Bound::Ceiling(ceiling) => self.measured.ratio <= ceiling,
            Bound::Told => true,
        }
    }

    /// Prints the line.
    pub(crate) fn print(self) -> Self {
        let bound = match self.bound {
            Bound::Floor(floor) => format!("≥ {floor}"),
            Bound::Ceiling(ceiling) => format!("≤ {ceiling}"),
            Bound::Told => "-".to_owned(),
        };
        println!(
            "{:<44} {:>7} {:>10.0} {:>10.0} {:>6.2} {:>7}  {}",
            self.what,
            self.clients,
            self.measured.raw,
            self.measured.ours,
            self.measured.ratio,
            bound,
            if self.kept() { "yes" } else { "NO" },
        );
        self
    }
}
