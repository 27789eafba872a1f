//! How far a long input is, on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs::File;
use std::io::{self, IsTerminal, Seek};
use std::time::{Duration, Instant};

/// Shows nothing unless standard error is a terminal, the input is not, and it takes longer than [`PATIENCE`].
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    /// Where nothing is to be shown, never.
    wanted: bool,
    /// Bytes of the input, if that is known.
    total: Option<u64>,
    bar: Option<ProgressBar>,
}

/// Whoever waits for less need not be entertained.
const PATIENCE: Duration = Duration::from_secs(1);

impl Progress {
    /// About reading `input`.
    pub fn of(input: &File) -> Self {
        let wanted = io::stderr().is_terminal() && !input.is_terminal();
        Self { started: Instant::now(), wanted, total: remaining(input), bar: None }
    }

    /// So much was read and sent by now.
    pub fn update(&mut self, bytes_read: u64, messages: u64) {
        if !self.wanted || (self.bar.is_none() && self.started.elapsed() < PATIENCE) {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| new_bar(self.total));
        bar.set_position(bytes_read);
        bar.set_message(format!("{} messages", indicatif::HumanCount(messages)));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Bytes from here to the end, of a regular file.
fn remaining(input: &File) -> Option<u64> {
    let facts = input.metadata().ok().filter(|facts| facts.is_file())?;
    let mut input = input;
    Some(facts.len().saturating_sub(input.stream_position().ok()?))
}

fn new_bar(total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => "{wide_bar} {binary_bytes} of {binary_total_bytes}, {msg}, {binary_bytes_per_sec}",
        None => "{spinner} {binary_bytes}, {msg}, {binary_bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = match total {
        Some(total) => ProgressBar::new(total),
        None => ProgressBar::new_spinner(),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.with_style(style)
}
