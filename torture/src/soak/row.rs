//! One kind with one backend: channels one after the other, each of them with workers that come, go, die and stop.

use super::stall::Stalls;
use crate::life::{Life, Seat};
use crate::measure;
use crate::random::Random;
use crate::scratch::Scratch;
use crate::subject::{Closing, Kind, Site};
use crate::waking::Waking;
use crate::watch;
use anyhow::{Context, Result, ensure};
use std::fmt;
use std::time::{Duration, Instant};

/// A channel lives so long, so that its accounts stay small.
const LIFE_MS: (u64, u64) = (600, 2_400);

/// Something is done to a worker, or the channel is visited, once in so many looks.
const IDLE_LOOKS: u64 = 2;

/// Nobody stands still for longer.
const STOP_MAX_MS: u64 = 150;

/// Visits before the first worker comes, so that each channel is joined often by a process that lives on.
const FIRST_VISITS: u64 = 128;

/// Memory of a worker that is no file. A worker has a few buffers; one that leaked a message of some hundred bytes at each
/// of the ten thousands that it handles in its life would take more.
const WORKER_KIB_MAX: u64 = 8 << 10;

/// What was done.
#[derive(Default)]
pub struct Totals {
    pub channels: u64,
    pub messages: u64,
    pub again: u64,
    pub killed: u64,
    pub left: u64,
    pub stops: u64,
    /// Joins of the driver.
    pub joins: u64,
    pub looks: u64,
    pub worker_kib: u64,
}

/// A worker, and what becomes of it.
struct Post {
    seat: Seat,
    /// Stopped until then.
    stopped: Option<Instant>,
}

/// A channel that is in use.
struct Use {
    life: Life,
    posts: Vec<Post>,
    ends: Instant,
}

/// See the module.
pub struct Row {
    kind: &'static dyn Kind,
    waking: Waking,
    random: Random,
    current: Option<Use>,
    stalls: Stalls,
    pub totals: Totals,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {}", self.kind.name(), self.waking)
    }
}

impl Row {
    pub fn new(kind: &'static dyn Kind, waking: Waking, random: Random) -> Self {
        Self { kind, waking, random, current: None, stalls: Stalls::new(), totals: Totals::default() }
    }

    pub fn longest_stall(&self) -> Duration {
        self.stalls.longest
    }

    /// Looks at the channel once, and does something to it now and then. Makes a new one when it is time for that.
    pub fn go_on(&mut self, scratch: &Scratch) -> Result<()> {
        match &self.current {
            None => self.begin(scratch),
            Some(current) if current.ends <= Instant::now() => self.end(),
            Some(_) => self.work(),
        }
    }

    fn begin(&mut self, scratch: &Scratch) -> Result<()> {
        let name = format!("{}-{:?}-{}", self.kind.name(), self.waking, self.totals.channels).to_lowercase();
        let scratch = scratch.within(&name)?;
        let site = Site { channel: scratch.channel(), waking: self.waking, feed: None };
        let trial = self.kind.draw(&mut self.random, &site)?;
        for _ in 0..FIRST_VISITS {
            self.totals.joins += self.kind.visit(&site.channel).context("a visitor")?;
        }
        let mut life = Life::new(self.kind.name(), site, scratch, self.random.below(u64::MAX), trial);
        let posts = life.start_all()?.into_iter().map(|seat| Post { seat, stopped: None }).collect();
        let lives = Duration::from_millis(LIFE_MS.0 + self.random.below(LIFE_MS.1 - LIFE_MS.0));
        self.totals.channels += 1;
        self.stalls.start_anew();
        self.current = Some(Use { life, posts, ends: Instant::now() + lives });
        Ok(())
    }

    fn work(&mut self) -> Result<()> {
        let Some(Use { life, posts, .. }) = &mut self.current else { return Ok(()) };
        let now = Instant::now();
        for post in posts.iter_mut() {
            if post.stopped.is_some_and(|until| until <= now) {
                post.seat.worker.go_on()?;
                post.stopped = None;
            }
            if post.seat.worker.ended()?.is_some() {
                life.replace(&mut post.seat)?;
                post.stopped = None;
            }
        }
        let info = memlane::inspect(life.channel())?;
        let runs = |process| posts.iter().any(|post| post.stopped.is_none() && post.seat.worker.id() == process);
        let stalled = self.stalls.look(&info, |one| watch::is_there(one) && runs(one.pid), now);
        ensure!(stalled < watch::DEADLINE, "no progress for {stalled:?}: {info:#?}");
        self.totals.looks += 1;
        if self.random.once_in(IDLE_LOOKS) {
            self.act(now)?;
        }
        Ok(())
    }

    /// Does something to somebody.
    fn act(&mut self, now: Instant) -> Result<()> {
        let Some(Use { life, posts, .. }) = &mut self.current else { return Ok(()) };
        let random = &mut self.random;
        let one = random.below(posts.len() as u64) as usize;
        match random.below(16) {
            0..4 => kill(life, &mut posts[one])?,
            4 => {
                let role = posts[one].seat.role;
                posts.iter_mut().filter(|post| post.seat.role == role).try_for_each(|post| kill(life, post))?;
            }
            5..8 => posts[one].seat.phase.ask_to_leave(),
            8..12 => {
                let post = &mut posts[one];
                post.seat.worker.stop()?;
                post.stopped = Some(now + Duration::from_millis(random.below(STOP_MAX_MS)));
                self.totals.stops += 1;
            }
            12 => {
                let used = measure::anonymous_kib(posts[one].seat.worker.id()).unwrap_or(0);
                self.totals.worker_kib = self.totals.worker_kib.max(used);
                ensure!(used <= WORKER_KIB_MAX, "a worker takes {used} KiB");
            }
            _ => self.totals.joins += self.kind.visit_at_work(life.channel()).context("a visitor")?,
        }
        Ok(())
    }

    /// Brings the channel to its end: everybody goes on, the receivers drain it, the accounts are compared, it is removed,
    /// and this process has nothing of it any more.
    pub fn end(&mut self) -> Result<()> {
        let Some(Use { mut life, posts, .. }) = self.current.take() else { return Ok(()) };
        let mut seats = Vec::new();
        for mut post in posts {
            if post.stopped.is_some() {
                post.seat.worker.go_on()?;
            }
            seats.push(post.seat);
        }
        life.drain(seats)?;
        self.totals.killed += life.killed.iter().sum::<u64>();
        self.totals.left += life.left;
        let (Closing { messages, again, .. }, scratch) = life.close(false)?;
        self.totals.messages += messages;
        self.totals.again += again;
        let folder = scratch.folder().display().to_string();
        let of_it = |paths: Vec<String>| paths.into_iter().filter(|path| path.starts_with(&folder)).collect::<Vec<_>>();
        let (open, mapped) = (of_it(measure::descriptors()?), of_it(measure::mapped_files()?));
        ensure!(open.is_empty(), "{} descriptors of a removed channel are open, as {}", open.len(), open[0]);
        ensure!(mapped.is_empty(), "a removed channel is mapped {} times, as {}", mapped.len(), mapped[0]);
        Ok(())
    }
}

/// One dies, and another one comes.
fn kill(life: &mut Life, post: &mut Post) -> Result<()> {
    post.seat.worker.kill()?;
    life.replace(&mut post.seat)?;
    post.stopped = None;
    Ok(())
}
