//! Calls under watch: how each ended, and how long it took beyond its deadline.

use super::board::Board;
use crate::measure;
use anyhow::Result;
use memlane::Role;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Debug;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// A call that takes this much longer than it may, and than its thread waited for a processor, has failed. Generous: the
/// machine stands still now and then. `images` is exact.
const LATE: Duration = Duration::from_millis(200);

/// How long a call without a deadline may wait before somebody closes the channel.
pub const RESCUE: Duration = Duration::from_millis(10);

/// Bytes of every message.
pub const LENGTH: usize = 40;

/// Exit status of a worker whose call was late.
pub const LATE_STATUS: i32 = 3;

/// [`Probe::flags`]: some call said `Corrupted`.
pub const CORRUPTED: u8 = 1;

/// [`Probe::flags`]: a message came that nobody sent.
pub const DAMAGED: u8 = 2;

/// [`Probe::flags`]: a message came that is longer than the channel allows.
pub const OVERLONG: u8 = 4;

/// The message with this number.
pub fn message(number: u8) -> [u8; LENGTH] {
    [0xa0 | number; LENGTH]
}

/// One worker's calls.
pub struct Probe {
    board: Board,
    case: u64,
    /// By case of this batch: what happened.
    pub flags: Vec<u8>,
    /// Bytes of the longest message that may come.
    pub max_message: usize,
    /// How often each call ended how.
    pub counts: BTreeMap<(&'static str, String), u64>,
    /// Most nanoseconds beyond a deadline.
    pub longest: BTreeMap<&'static str, u64>,
    guard: Guard,
}

impl Probe {
    pub fn new(folder: &Path, role: Role) -> Result<Self> {
        Ok(Self {
            board: Board::create(folder, role)?,
            case: 0,
            flags: Vec::new(),
            max_message: 0,
            counts: BTreeMap::new(),
            longest: BTreeMap::new(),
            guard: Guard::new(),
        })
    }

    /// The calls that follow are about this one.
    pub fn about(&mut self, case: usize) {
        self.case = case as u64;
    }

    /// A call that does not wait.
    pub fn now<T, E: Debug>(&mut self, name: &'static str, call: impl FnOnce() -> Result<T, E>) -> Option<T> {
        self.within(Duration::ZERO, name, call)
    }

    /// One that cannot fail, either.
    pub fn ends<T>(&mut self, name: &'static str, call: impl FnOnce() -> T) {
        self.now(name, || Ok::<_, Infallible>(call()));
    }

    /// A call that waits for this long at most.
    pub fn within<T, E: Debug>(
        &mut self,
        deadline: Duration,
        name: &'static str,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Option<T> {
        self.board.note(self.case, name);
        let (delayed, started) = (self.delay(), Instant::now());
        let outcome = call();
        let elapsed = started.elapsed();
        let late = elapsed.saturating_sub(deadline).saturating_sub(self.delay().saturating_sub(delayed));
        let longest = self.longest.entry(name).or_default();
        *longest = (*longest).max(late.as_nanos() as u64);
        if late > LATE {
            eprintln!("{name} returned {late:?} after its deadline");
            std::process::exit(LATE_STATUS);
        }
        let (ended, result) = match outcome {
            Ok(result) => ("Ok".to_owned(), Some(result)),
            Err(error) => (format!("{error:?}"), None),
        };
        if ended.contains("Corrupted") {
            self.flags[self.case as usize] |= CORRUPTED;
        }
        let ended = ended.split([' ', '{']).next().unwrap_or_default().to_owned();
        *self.counts.entry((name, ended)).or_default() += 1;
        result
    }

    /// How long the worker waited for a processor so far. Not telling costs it the excuse.
    fn delay(&self) -> Duration {
        measure::thread_delay(std::process::id()).unwrap_or_default()
    }

    /// Calls without deadlines follow, which end soon after this closes the channel.
    pub fn guard(&mut self, close: impl Fn() + Send + 'static) {
        self.guard.set(Box::new(close));
    }

    /// They have ended.
    pub fn unguard(&mut self) {
        self.guard.clear();
    }

    /// Looks at a message that came.
    pub fn received(&mut self, content: &[u8]) {
        if content.len() > self.max_message {
            self.flags[self.case as usize] |= OVERLONG;
        }
        if !(1..16).any(|number| content == message(number)) {
            self.flags[self.case as usize] |= DAMAGED;
        }
    }
}

type Close = Box<dyn Fn() + Send>;

/// A thread that closes a channel whose calls take too long.
struct Guard {
    set: Sender<Close>,
    clear: Sender<()>,
}

impl Guard {
    fn new() -> Self {
        let ((set, guarded), (clear, ended)) = (channel::<Close>(), channel());
        std::thread::spawn(move || guarded.into_iter().for_each(|close| close_late(&close, &ended)));
        Self { set, clear }
    }

    fn set(&self, close: Close) {
        let _ = self.set.send(close);
    }

    fn clear(&self) {
        let _ = self.clear.send(());
    }
}

/// More than once: who writes garbage may open it again.
fn close_late(close: &Close, ended: &Receiver<()>) {
    while ended.recv_timeout(RESCUE) == Err(RecvTimeoutError::Timeout) {
        close();
    }
}
