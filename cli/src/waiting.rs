//! Waiting for what shared memory cannot announce: that a channel appears, or that its name leads elsewhere.
//!
//! By looking every 20 ms, not through inotify. 50 looks a second cost about 0.3 % of a core, and the same look sees
//! everything that the wait may end with: a folder that does not exist yet, a file that replaces one from before the
//! last reboot, a permission that changes. Inotify would need a watch for each of these, one after the other, and a look
//! after each anyway. Once the channel is there, waiting for messages is the engine's and costs nothing.

use crate::failure::{Failure, Outcome};
use crate::kinds::{self, Channel};
use crate::opening::OpeningArguments;
use indicatif::HumanDuration;
use memlane::OpenError;
use std::time::{Duration, Instant};

/// Between two looks.
pub const INTERVAL: Duration = Duration::from_millis(20);

/// How long to wait for one thing.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    limit: Option<Duration>,
}

impl Patience {
    /// `None` is for ever.
    pub fn new(limit: Option<Duration>) -> Self {
        Self { limit }
    }

    /// What it is worth if the wait starts now.
    pub fn start(self) -> Wait {
        Wait { limit: self.limit, started: Instant::now() }
    }
}

/// A wait that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    limit: Option<Duration>,
    started: Instant,
}

impl Wait {
    /// What is left of it; `None` is for ever.
    pub fn left(&self) -> Option<Duration> {
        self.limit.map(|limit| limit.saturating_sub(self.started.elapsed()))
    }

    /// Sleeps until the next look. False if the time is up, without sleeping.
    pub fn pause(&self) -> bool {
        let pause = self.left().map_or(INTERVAL, |left| left.min(INTERVAL));
        std::thread::sleep(pause);
        !pause.is_zero()
    }

    /// The limit, for people.
    pub fn limit_text(&self) -> String {
        match self.limit.unwrap_or_default() {
            short if short < Duration::from_secs(10) => format!("{} s", short.as_secs_f64()),
            long => HumanDuration(long).to_string(),
        }
    }
}

/// Opens the channel as soon as there is one. A channel from before the last reboot counts as absent: whoever sends
/// replaces it. So does a closed one, if `closed_is_absent`.
pub fn open(name: &str, opening: OpeningArguments, patience: Patience, closed_is_absent: bool) -> Outcome<Channel> {
    let wait = patience.start();
    loop {
        match kinds::open(name, opening) {
            Err(OpenError::NotFound { .. } | OpenError::Stale { .. }) => {}
            Err(OpenError::Closed { .. }) if closed_is_absent => {}
            other => return Ok(other?),
        }
        if !wait.pause() {
            return Err(Failure::failed(format!("channel {name} did not appear within {}", wait.limit_text())));
        }
    }
}

/// Whether `name` still leads to the channel of this instance.
pub fn leads_to(name: &str, instance: &str) -> bool {
    memlane::inspect(name).is_ok_and(|info| info.instance == instance)
}
