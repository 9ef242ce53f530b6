//! How far a long command has come.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar, on standard error.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(of_what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = format!("{{wide_bar}} {{pos}}/{{len}} {of_what}, {{per_sec}}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&style) {
            bar.set_style(style);
        }
        Self(bar)
    }

    pub(super) fn show(&self, done: u64, of: u64) {
        self.0.set_length(of);
        self.0.set_position(done);
    }

    pub(super) fn done(&self) {
        self.0.finish_and_clear();
    }
}
