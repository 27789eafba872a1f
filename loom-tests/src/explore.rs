//! The runner: how far loom explores a model, and how much that was.
//!
//! A model is explored with every store that a load may return and every interleaving, or with every interleaving that
//! has at most so many preemptions (a switch away from a thread that could have gone on). `LOOM_DEEP=n` allows n more than
//! each model's own bound, `LOOM_DEEP=all` any number; `LOOM_MAX_PREEMPTIONS=n` sets all bounds to n.
#![allow(clippy::disallowed_types, reason = "what counts executions must be invisible to loom")]

use memlane::sync::{fuse, thorough};
use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// A model by name, with its bound.
#[derive(Debug, Clone)]
pub struct Model {
    name: String,
    preemptions: Option<usize>,
    thorough: bool,
}

impl Model {
    /// Every interleaving.
    pub fn exhaustive(name: &str) -> Self {
        Self { name: name.to_owned(), preemptions: None, thorough: false }
    }

    /// Every interleaving with at most this many preemptions.
    pub fn bounded(name: &str, preemptions: usize) -> Self {
        Self { name: name.to_owned(), preemptions: Some(preemptions), thorough: false }
    }

    /// The same with at most this many preemptions.
    pub fn within(self, preemptions: usize) -> Self {
        Self { preemptions: Some(self.preemptions.map_or(preemptions, |bound| bound.min(preemptions))), ..self }
    }

    /// The same under another name.
    pub fn renamed(&self, suffix: &str) -> Self {
        Self { name: format!("{}, {suffix}", self.name), ..self.clone() }
    }

    /// The same, with the order of loads: for algorithms that load a word before they store to it. See
    /// `memlane::sync::thorough`.
    pub fn thorough(self) -> Self {
        Self { thorough: true, ..self }
    }

    /// Explores `body`.
    pub fn check(self, body: impl Fn() + Send + Sync + 'static) {
        let started = Instant::now();
        let executions = self.executions(body);
        self.report(executions, 0, started);
    }

    /// Explores `body` once for every crash point: with a thread that dies before its first shared operation, before
    /// its second, and so on until no execution reaches the crash point any more.
    pub fn check_crashes(self, body: impl Fn(&CrashPoint) + Send + Sync + 'static) {
        let started = Instant::now();
        let (mut executions, mut points) = (0, 0);
        let body = Arc::new(body);
        loop {
            let point = CrashPoint::before(points);
            let (explored, here) = (Arc::clone(&body), point.clone());
            executions += self.executions(move || explored(&here));
            if !point.was_reached() {
                break;
            }
            points += 1;
        }
        assert!(points > 0, "the fuse never blew: this model kills nobody");
        self.report(executions, points, started);
    }

    /// Explores `body` once for every pair of crash points, one in each of two threads.
    pub fn check_double_crashes(self, body: impl Fn(&CrashPoint, &CrashPoint) + Send + Sync + 'static) {
        let started = Instant::now();
        let (mut executions, mut pairs) = (0, 0);
        let body = Arc::new(body);
        for first in 0.. {
            let mut first_was_reached = false;
            for second in 0.. {
                let points = (CrashPoint::before(first), CrashPoint::before(second));
                let (explored, here) = (Arc::clone(&body), points.clone());
                executions += self.executions(move || explored(&here.0, &here.1));
                first_was_reached |= points.0.was_reached();
                if !points.1.was_reached() {
                    assert!(second > 0, "the second fuse never blew: this model kills only one");
                    break;
                }
                pairs += 1;
            }
            if !first_was_reached {
                assert!(first > 0, "the first fuse never blew: this model kills only one");
                break;
            }
        }
        self.report(executions, pairs, started);
    }

    fn executions(&self, body: impl Fn() + Send + Sync + 'static) -> u64 {
        let executions = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&executions);
        thorough::set(self.thorough);
        self.builder().check(move || {
            counter.fetch_add(1, Relaxed);
            body();
        });
        executions.load(Relaxed)
    }

    fn builder(&self) -> loom::model::Builder {
        // Reads LOOM_MAX_PREEMPTIONS and loom's other variables.
        let mut builder = loom::model::Builder::new();
        if env::var_os("LOOM_MAX_PREEMPTIONS").is_none() {
            builder.preemption_bound = deeper(self.preemptions);
        }
        builder.max_branches = builder.max_branches.max(10_000);
        builder
    }

    fn report(&self, executions: u64, crash_points: usize, started: Instant) {
        let bound = match self.builder().preemption_bound {
            Some(preemptions) => format!("at most {preemptions} preemptions"),
            None => "no bound".to_owned(),
        };
        let seconds = started.elapsed().as_secs_f64();
        println!("model {}: {executions} executions, {crash_points} crash points ({bound}, {seconds:.1} s)", self.name);
    }
}

/// A model's bound with what `LOOM_DEEP` adds to it.
fn deeper(bound: Option<usize>) -> Option<usize> {
    match env::var("LOOM_DEEP") {
        Err(_) => bound,
        Ok(all) if all == "all" => None,
        Ok(more) => {
            let more: usize = more.parse().expect("LOOM_DEEP is `all`, or how many preemptions more");
            bound.map(|preemptions| preemptions + more)
        }
    }
}

/// Where a thread dies: right before its shared operation number n.
#[derive(Debug, Clone)]
pub struct CrashPoint {
    operations: usize,
    reached: Arc<AtomicBool>,
}

impl CrashPoint {
    fn before(operations: usize) -> Self {
        Self { operations, reached: Arc::new(AtomicBool::new(false)) }
    }

    /// Runs `life` until it ends or dies. Returns what it yields, `None` if it died.
    pub fn of<T>(&self, life: impl FnOnce() -> T) -> Option<T> {
        let end = fuse::with(self.operations, life);
        if end.is_none() {
            self.reached.store(true, Relaxed);
        }
        end
    }

    /// How many shared operations the thread survives.
    pub fn operations(&self) -> usize {
        self.operations
    }

    fn was_reached(&self) -> bool {
        self.reached.load(Relaxed)
    }
}

/// Sees whether something happens in any execution at all: a model of sleeping in which nobody ever sleeps proves
/// nothing.
#[derive(Debug, Clone)]
pub struct Witness {
    what: &'static str,
    seen: Arc<AtomicBool>,
}

impl Witness {
    /// Has not seen `what`.
    pub fn of(what: &'static str) -> Self {
        Self { what, seen: Arc::new(AtomicBool::new(false)) }
    }

    /// It happens.
    pub fn sees_it(&self) {
        self.seen.store(true, Relaxed);
    }

    /// After the exploration: asserts that it happened.
    pub fn testifies(&self) {
        assert!(self.seen.load(Relaxed), "{}: this never happened", self.what);
    }
}
