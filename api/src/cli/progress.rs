//! How far a long command has come.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How often it is told where there is no terminal to draw on.
const TOLD: Duration = Duration::from_secs(5);

/// A progress bar on standard error; where that is no terminal, a line in the service's log now and
/// then.
pub(super) struct Bar {
    drawn: ProgressBar,
    of_what: &'static str,
    told: Mutex<Instant>,
}

impl Bar {
    pub(super) fn new(of_what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = format!("{{wide_bar}} {{pos}}/{{len}} {of_what}, {{per_sec}}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&style) {
            bar.set_style(style);
        }
        Self {
            drawn: bar,
            of_what,
            told: Mutex::new(Instant::now()),
        }
    }

    pub(super) fn show(&self, done: u64, of: u64) {
        self.drawn.set_length(of);
        self.drawn.set_position(done);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if self.drawn.is_hidden() && told.elapsed() >= TOLD {
            tracing::info!("{done} of {of} {}", self.of_what);
            *told = Instant::now();
        }
    }

    pub(super) fn done(&self) {
        self.drawn.finish_and_clear();
    }
}
