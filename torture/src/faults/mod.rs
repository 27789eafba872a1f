//! Every system call of every public call fails, one after the other, with every error that it plausibly has.
//!
//! ```text
//! a channel, copied ─► a process, stopped by ptrace at each system call between two marks
//!                      │ first, nothing fails: that counts and names them, and says what comes of the call
//!                      ├ then a fresh process for each (ordinal, error): that one fails, once; and from then on, always
//!                      │   └ it returned the right error, or went on: see `verdict`; nothing is left open, mapped or made;
//!                      │     the same call, made again, does what it does
//!                      └─► survivors: join, drain, use all of the channel, leave, remove
//! ```
//!
//! A system call that fails is not made: the tracer gives it a number that no call has, and puts the error in the place of its
//! result. Only a `close` is made, since Linux closes a descriptor whatever it returns. *Always* means every later call of the
//! same number, as a sandbox refuses; an interruption (EINTR) comes a hundred times then, and EAGAIN from locks alone.
//!
//! Whoever hangs is ended by an alarm of its own, and whoever makes system calls without end by their number.
//!
//! What it does not show: two different failures at a time; failures of the standard library's allocator, which ends the
//! process; the kernel's half-done work. Over semaphores futexes are only interrupted: the C library ends a process to which
//! a futex is refused otherwise.
//!
//! - `calls`, `refused`: the public calls; `acts`: how each is made, the same for every kind; `ground`: where.
//! - `stage`, `snapshot`: the child's side. `trial`: the parent's.
//! - `system_calls`: what can fail with what. `verdict`: what may come of it, by the call's `family`.

mod acts;
mod calls;
mod family;
mod ground;
mod refused;
mod snapshot;
mod stage;
mod system_calls;
mod trial;
mod verdict;

use self::system_calls::{Described, ERRNOS, name_of};
use self::trial::{Ended, Fault, Ran, Trial};
use self::verdict::{Case, Verdict};
use crate::scratch::Scratch;
use crate::selection::Selection;
use crate::subject::Kind;
use crate::waking::Waking;
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use std::time::Instant;

pub use acts::{LONG, NAP, SLICES, finish};
pub use calls::{BARE, Call, DAMAGED, DEAD, EMPTY, ONE, STALE};
pub use family::Family;
pub use refused::{NAP_CALLS, Refused};
pub use stage::Stage;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    channels: Selection,
    /// Only this public call
    #[arg(long)]
    call: Option<String>,
    /// Only the system call with this ordinal, from 1
    #[arg(long)]
    syscall: Option<usize>,
    /// Only this error, by its name
    #[arg(long, value_parser = parse_errno)]
    errno: Option<i32>,
    /// Each system call fails with one error once, and with one always; over semaphores only what sleeps or wakes
    #[arg(long)]
    quick: bool,
}

/// How often an interruption comes that comes again and again.
const STORM: usize = 100;

/// What was done.
#[derive(Default)]
struct Totals {
    system_calls: usize,
    cases: usize,
    as_usual: usize,
    refused: usize,
    not_reached: usize,
    misses: usize,
}

pub fn run(options: &Options, kinds: &[&'static dyn Refused]) -> Result<()> {
    let started = Instant::now();
    let scratch = Scratch::new()?;
    let mut all = Totals::default();
    for (kind, waking) in options.channels.channels(kinds)? {
        fail_all(options, kind, waking, &scratch, &mut all)?;
    }
    ensure!(all.cases > 0, "there is no such case");
    println!(
        "{} system calls, {} cases: {} went on, {} were refused, {} did not come to it; {:.1} s",
        all.system_calls,
        all.cases,
        all.as_usual,
        all.refused,
        all.not_reached,
        started.elapsed().as_secs_f64()
    );
    ensure!(all.misses == 0, "faults: {} misses", all.misses);
    println!("torture faults: whatever failed, the error was right and nothing was left behind");
    Ok(())
}

/// All calls of a kind.
fn fail_all(
    options: &Options,
    kind: &'static dyn Refused,
    waking: Waking,
    scratch: &Scratch,
    all: &mut Totals,
) -> Result<()> {
    println!("torture faults: {} with {waking}", kind.name());
    println!(
        "{:24} {:>12} {:>8} {:>8} {:>8} {:>12}",
        "call", "system calls", "cases", "went on", "refused", "not reached"
    );
    for call in kind.calls() {
        let is_wanted = options.call.as_ref().is_none_or(|wanted| wanted == call.name);
        if !is_wanted || options.quick && waking == Waking::Semaphore && !call.sleeps {
            continue;
        }
        let trial = Trial::prepare(kind, call, waking, scratch)
            .with_context(|| format!("{}: {}, {waking}", kind.name(), call.name))?;
        let totals = fail_each(options, kind, &trial, scratch)
            .with_context(|| format!("{}: {}, {waking}", kind.name(), call.name))?;
        println!(
            "{:24} {:12} {:8} {:8} {:8} {:12}",
            call.name, totals.system_calls, totals.cases, totals.as_usual, totals.refused, totals.not_reached
        );
        all.system_calls += totals.system_calls;
        all.cases += totals.cases;
        all.as_usual += totals.as_usual;
        all.refused += totals.refused;
        all.not_reached += totals.not_reached;
        all.misses += totals.misses;
    }
    Ok(())
}

/// All failures of one call.
fn fail_each(options: &Options, kind: &dyn Kind, trial: &Trial<'_>, scratch: &Scratch) -> Result<Totals> {
    let dry = trial.run(None, None)?;
    let usual = usual_outcome(&dry)?;
    let mut totals = Totals { system_calls: dry.calls.len(), ..Totals::default() };
    if options.call.is_some() {
        let labels = dry.calls.iter().zip(1..).map(|(call, ordinal)| format!("{ordinal} {}", call.label));
        println!("{} comes to {usual}: {}", trial.call.name, labels.collect::<Vec<_>>().join(", "));
    }
    for (at, described) in dry.calls.iter().enumerate() {
        if options.syscall.is_some_and(|ordinal| ordinal != at + 1) {
            continue;
        }
        let occurrence = dry.calls[..=at].iter().filter(|call| call.number == described.number).count();
        for (errno, times) in failures(options, trial.waking, described, at) {
            let fault = Fault { number: described.number, occurrence, errno, times };
            let ran = trial.run(Some(fault), Some(&usual))?;
            let folder = scratch.path("work");
            let case = Case { call: trial.call, calls: &dry.calls, at, errno, usual: &usual, folder: &folder };
            totals.cases += 1;
            match case.judge(&ran) {
                Ok(Verdict::AsUsual) => totals.as_usual += 1,
                Ok(Verdict::Refused) => totals.refused += 1,
                Ok(Verdict::NotReached) => totals.not_reached += 1,
                Err(miss) => {
                    totals.misses += 1;
                    tell(kind, trial, at, described, &fault, &miss);
                }
            }
        }
    }
    Ok(totals)
}

/// Names a miss, and how to see it again.
fn tell(kind: &dyn Kind, trial: &Trial<'_>, at: usize, described: &Described, fault: &Fault, miss: &str) {
    let (ordinal, errno) = (at + 1, name_of(fault.errno));
    let often = match fault.times {
        1 => "once",
        STORM => "a hundred times",
        _ => "from then on",
    };
    let backend = match trial.waking {
        Waking::Futex => "futex",
        Waking::Semaphore => "semaphore",
    };
    println!(
        "MISS {}, {}: system call {ordinal} ({}, number {}) fails with {errno} {often}: {miss}\n     again: torture faults \
         --kind {} --backend {backend} --call '{}' --syscall {ordinal} --errno {errno}",
        kind.name(),
        trial.call.name,
        described.label,
        described.number,
        kind.name(),
        trial.call.name
    );
}

/// What comes of a call when nothing fails.
fn usual_outcome(dry: &Ran) -> Result<String> {
    if let Some(miss) = dry.said("miss").next() {
        bail!("nothing failed, and yet: {miss}");
    }
    ensure!(dry.end == Ended::Returned, "nothing failed, and yet it ended by {:?}", dry.end);
    Ok(dry.last("outcome").context("it reported nothing")?.to_owned())
}

/// With what a system call fails, and how often.
fn failures(options: &Options, waking: Waking, described: &Described, at: usize) -> Vec<(i32, usize)> {
    let is_possible = |errno: &i32| {
        let by_the_c_library = waking == Waking::Semaphore && described.label.starts_with("futex");
        !by_the_c_library || matches!(*errno, libc::EINTR | libc::EAGAIN)
    };
    let errnos: Vec<i32> = described.errnos.iter().copied().filter(is_possible).collect();
    let is_wanted = |&(errno, _): &(i32, usize)| options.errno.is_none_or(|wanted| wanted == errno);
    let lasting = |errno: &&i32| **errno != libc::EAGAIN || described.label == "fcntl: lock";
    let mut always = errnos.iter().filter(lasting).map(|&errno| match errno {
        libc::EINTR => (errno, STORM),
        _ => (errno, usize::MAX),
    });
    if !options.quick {
        return errnos.iter().map(|&errno| (errno, 1)).chain(always).filter(is_wanted).collect();
    }
    let (all, taken) = (errnos.len(), at % errnos.len().max(1));
    let once = errnos.iter().cycle().skip(taken).take(all.min(1)).map(|&errno| (errno, 1));
    once.chain(always.next_back()).filter(is_wanted).collect()
}

fn parse_errno(name: &str) -> Result<i32, String> {
    let found = ERRNOS.iter().find(|(one, _)| one.eq_ignore_ascii_case(name));
    found.map(|(_, errno)| *errno).ok_or_else(|| format!("one of {}", ERRNOS.map(|(one, _)| one).join(", ")))
}
