//! Joins and leaves, while children are made all the time.
//!
//! Two threads make a channel each, join and leave it, and remove it, over and over: a lane and a queue, and now and then one
//! without a name. All of it is in good order, so, whatever children live meanwhile, the seat can be taken again at once, and
//! nobody is found when the channel is removed. Two others make children, or interrupt the first two, whose signal handler
//! makes them.

use super::handler;
use super::tally::TALLY;
use super::ways::{self, Span, Way};
use crate::random::Random;
use crate::talk;
use anyhow::{Result, anyhow, bail};
use memlane::{RemoveError, mpmc, spsc};
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// How long a child lives that is made in the storm.
const CHILD_LIVES: Span = Span::Short(2_000_000);

/// Threads that join, and threads that make children.
const THREADS: u64 = 2;

/// Which joins are without a name.
const ANONYMOUS: u64 = 16;

/// So many joins under children of these ways, from threads or from handlers. Says how far it is, and what came of it.
pub fn run(folder: &Path, ways: &'static [Way], in_handlers: bool, joins: u64, seed: u64) -> Result<()> {
    ways::adopt_orphans()?;
    ways::make_gate(folder)?;
    if in_handlers {
        handler::install(ways, &TALLY)?;
    }
    let joiner = |number: u64| {
        let name = folder.join(format!("channel-{number}")).display().to_string();
        std::thread::spawn(move || join_and_leave(&name, number, joins))
    };
    let joiners: Vec<_> = (0..THREADS).map(joiner).collect();
    // Those that are made by a thread while it waits for one cannot let that through.
    std::thread::spawn(|| {
        while !TALLY.is_over.load(Relaxed) {
            std::thread::sleep(Duration::from_millis(2));
            ways::open_gate()?;
        }
        Ok::<_, anyhow::Error>(())
    });
    std::thread::spawn(|| {
        loop {
            TALLY.alive.fetch_sub(ways::reap().into(), Relaxed);
            std::thread::sleep(Duration::from_micros(200));
        }
    });
    if !in_handlers {
        for number in 0..THREADS {
            std::thread::spawn(move || make_children(ways, Random::new(seed, number)));
        }
    }
    let (mut random, mut told) = (Random::new(seed, THREADS), (0, Instant::now()));
    while !joiners.iter().all(std::thread::JoinHandle::is_finished) {
        std::thread::sleep(Duration::from_micros(random.below(400)));
        if in_handlers {
            handler::interrupt(&joiners[random.below(THREADS) as usize]);
        }
        let joined = TALLY.joins.load(Relaxed);
        if joined != told.0 && told.1.elapsed() > Duration::from_secs(1) {
            talk::say(&format!("at {joined}"))?;
            told = (joined, Instant::now());
        }
    }
    TALLY.is_over.store(true, Relaxed);
    for joiner in joiners {
        joiner.join().map_err(|_| anyhow!("a thread panicked"))??;
    }
    let [joins, kept, taken, made] =
        [&TALLY.joins, &TALLY.kept, &TALLY.taken, &TALLY.made].map(|count| count.load(Relaxed));
    talk::say(&format!("done {joins} {kept} {taken} {made}"))
}

/// Children of each way in turn, at random moments, until everybody has joined.
fn make_children(ways: &[Way], mut random: Random) {
    for &way in ways.iter().cycle() {
        if TALLY.is_over.load(Relaxed) {
            return;
        }
        if TALLY.has_room() {
            TALLY.made(ways::make(way, CHILD_LIVES, true));
        }
        std::thread::sleep(Duration::from_micros(random.below(300)));
    }
}

fn join_and_leave(name: &str, number: u64, joins: u64) -> Result<()> {
    let mut round = 0;
    while TALLY.joins.load(Relaxed) < joins {
        round += 1;
        if round % ANONYMOUS == 0 {
            let channel = spsc::Options::new().capacity(4096).anonymous()?;
            TALLY.joined(channel.sender().map(drop))?;
            TALLY.joined(channel.sender().map(drop))?;
            continue;
        }
        if number.is_multiple_of(2) {
            let channel = spsc::Options::new().capacity(4096).create(name)?;
            TALLY.joined(channel.sender().map(drop))?;
            TALLY.joined(channel.sender().map(drop))?;
            drop(channel);
            TALLY.joined(spsc::open(name)?.receiver().map(drop))?;
        } else {
            let shape = mpmc::Options::new().slots(2).max_message(8).max_senders(1).max_receivers(1);
            let channel = shape.create(name)?;
            TALLY.joined(channel.receiver().map(drop))?;
            TALLY.joined(channel.receiver().map(drop))?;
            drop(channel);
            TALLY.joined(mpmc::open(name)?.sender().map(drop))?;
        }
        remove(name)?;
    }
    Ok(())
}

/// Removes a channel that everybody has left; waits for those that are found in it all the same.
fn remove(name: &str) -> Result<()> {
    let mut is_kept = false;
    loop {
        match memlane::remove(name) {
            Ok(()) => break,
            Err(RemoveError::InUse { .. }) => is_kept = true,
            Err(error) => bail!(error),
        }
        std::thread::yield_now();
    }
    TALLY.kept.fetch_add(is_kept.into(), Relaxed);
    Ok(())
}
