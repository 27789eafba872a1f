//! A receiver that reads all the time, while a sender sets values without a pause: how long it waits at most, and that no value is torn.
//!
//! The sender is a process of its own, and each of the two has a processor for itself where there are two: on one, they would take turns, and
//! the reader would find the same value again and again. What is measured is a call, from its start to its return: the copies that it
//! made again, and whatever else the machine did meanwhile.

use super::opened;
use crate::scratch::Scratch;
use crate::tracer::Forked;
use anyhow::{Context, Result, ensure};
use clap::Args;
use memlane::GetError;
use memlane::watch::Options as Shape;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::time::{Duration, Instant};

/// A value: its number, in so many words. Made and checked faster than copied, so that both ends do little else than copy.
type Value = [[u8; 8]; 25];

fn value(number: u64) -> Value {
    [number.to_le_bytes(); 25]
}

/// The number of a value that is whole.
fn number_of(value: &Value) -> Option<u64> {
    let is_whole = value.iter().all(|word| *word == value[0]);
    is_whole.then(|| u64::from_le_bytes(value[0]))
}

/// A call that takes as long was interrupted: the copies alone take nanoseconds.
const LATE: Duration = Duration::from_micros(10);

#[derive(Args)]
pub struct Options {
    /// How many values are read
    #[arg(long, default_value_t = 10_000_000)]
    reads: u64,
}

pub fn run(options: &Options) -> Result<()> {
    let scratch = Scratch::new()?;
    let name = scratch.channel();
    let channel = Shape::new().max_message(size_of::<Value>()).trust_peers(crate::waking::trust()).create(&name)?;
    channel.sender()?.set(value(0).as_flattened())?;
    let [own, other] = two_processors()?;
    let sender = Forked::start(|| {
        pin(other)?;
        set_without_a_pause(&name)
    })?;
    pin(own)?;
    let mut rx = channel.receiver()?;
    let mut copy = value(0);
    let (mut longest, mut late, mut busy, mut last, mut different) = (Duration::ZERO, 0u64, 0u64, 0, 0u64);
    let started = Instant::now();
    for read in 0..options.reads {
        let called = Instant::now();
        let outcome = rx.get_into(copy.as_flattened_mut());
        let took = called.elapsed();
        longest = longest.max(took);
        late += u64::from(took >= LATE);
        match outcome {
            Ok(length) => ensure!(length == size_of::<Value>(), "a value of {length} bytes"),
            Err(GetError::Busy) => {
                busy += 1;
                continue;
            }
            Err(error) => return Err(error).with_context(|| format!("read {read}")),
        }
        let number = number_of(&copy).with_context(|| format!("read {read} is torn"))?;
        ensure!(
            number + 1 == rx.version() && number >= last,
            "value {number}, version {}, behind {last}",
            rx.version()
        );
        different += u64::from(number > last);
        last = number;
    }
    let elapsed = started.elapsed();
    drop(sender);
    let place = if own == other { "on one processor" } else { "on two processors" };
    println!(
        "{} reads in {:.1} s, {different} of them of another value than the one before, while {last} were set, {place}: none torn, none \
         older, {busy} gave up; the longest took {longest:.1?}, and {late} took {LATE:?} or longer",
        options.reads,
        elapsed.as_secs_f64()
    );
    ensure!(busy == 0, "a receiver was starved");
    println!("torture reads: a sender that never pauses starves nobody");
    Ok(())
}

/// The first two that this process may use; the same one twice where there is only one.
fn two_processors() -> Result<[usize; 2]> {
    let allowed = sched_getaffinity(None)?;
    let mut processors = (0..CpuSet::MAX_CPU).filter(|&number| allowed.is_set(number));
    let first = processors.next().context("no processor to run on")?;
    Ok([first, processors.next().unwrap_or(first)])
}

/// Binds this process, which has one thread, to a processor.
fn pin(processor: usize) -> Result<()> {
    let mut one = CpuSet::new();
    one.set(processor);
    Ok(sched_setaffinity(None, &one)?)
}

/// Until it is killed.
fn set_without_a_pause(name: &str) -> Result<()> {
    let mut tx = opened(name)?.sender()?;
    loop {
        tx.set(value(tx.version()).as_flattened())?;
    }
}
