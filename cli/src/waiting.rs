//! Waiting for what shared memory cannot announce: that a channel appears, or that its name leads elsewhere.
//!
//! By looking every 20 ms, not through inotify. 50 looks a second cost about 0.3 % of a core, and the same look sees
//! everything that the wait may end with: a folder that does not exist yet, a file that replaces one from before the
//! last reboot, a permission that changes. Inotify would need a watch for each of these, one after the other, and a look
//! after each anyway. Once the channel is there, waiting for messages is the engine's and costs nothing.

use crate::failure::{Failure, Outcome};
use crate::{output, time};
use memlane::OpenError;
use std::time::{Duration, Instant};

/// Between two looks.
pub const INTERVAL: Duration = Duration::from_millis(20);

/// A wait for a channel that takes longer says so: the other side may look for it elsewhere.
const SILENCE: Duration = Duration::from_secs(1);

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
        time::show_limit(self.limit.unwrap_or_default())
    }
}

/// Opens the channel by `open`, as soon as there is one. A channel from before the last reboot counts as absent: whoever sends
/// replaces it. So does a closed one, if `closed_is_absent`. A wait that is not short says what it waits for.
pub fn open<T>(
    name: &str,
    patience: Patience,
    closed_is_absent: bool,
    open: impl Fn() -> Result<T, OpenError>,
) -> Outcome<T> {
    let wait = patience.start();
    let place = memlane::channel_path(name).map(|path| path.display().to_string()).unwrap_or_default();
    let mut told = false;
    loop {
        let (absent, never_came) = match open() {
            Err(OpenError::NotFound { .. }) => ("appear", "did not appear"),
            Err(OpenError::Stale { .. }) => (
                "be replaced: it is from before the last reboot",
                "is from before the last reboot and was not replaced",
            ),
            Err(OpenError::Closed { .. }) if closed_is_absent => {
                ("be replaced: it was closed", "was closed and not replaced")
            }
            other => return Ok(other?),
        };
        if !wait.pause() {
            let limit = wait.limit_text();
            return Err(Failure::TimedOut(format!("channel {name} {never_came} within {limit}; its place is {place}")));
        }
        if !told && wait.started.elapsed() >= SILENCE {
            output::complain(&format!("waiting for channel {name} to {absent}; its place is {place}"));
            told = true;
        }
    }
}

/// Whether `name` still leads to the channel of this instance.
pub fn leads_to(name: &str, instance: &str) -> bool {
    memlane::inspect(name).is_ok_and(|info| info.instance == instance)
}
