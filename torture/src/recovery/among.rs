//! How soon one of many participants is found dead.
//!
//! The channel is a queue. The tool has one receiver, which sleeps until the message comes again that the victim held. All others are
//! senders that never call, each in a process of its own; they come first, so that two of them are on duty. The clock runs from the kill
//! to the message.

use super::options::Options;
use crate::measure;
use crate::scratch::Scratch;
use crate::talk::Talker;
use crate::watch;
use anyhow::{Context, Result, anyhow, ensure};
use memlane::{Granted, mpmc};
use std::time::{Duration, Instant};

/// What a process may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Two slices, and a quarter for timers: without guardians.
const BOUND: Duration = Duration::from_millis(250);

pub fn run(options: &Options) -> Result<()> {
    let how = match (options.kernel, options.slices) {
        (true, _) => "by looking at the lock all the time",
        (_, true) => "by slices",
        (_, false) => "by guardians",
    };
    println!("torture recovery: {} kills of {} MiB each, {how}", options.kills, options.resident);
    for &participants in &options.participants {
        let mut times = deaths(options, participants).with_context(|| format!("among {participants}"))?;
        println!("{participants:5} participants  {}", measure::spread(&mut times));
        let longest = times.last().copied().unwrap_or_default();
        ensure!(options.resident > 0 || longest <= BOUND, "the longest recovery took {longest:.1?}");
    }
    println!("torture recovery: what each of the dead held came to another one");
    Ok(())
}

/// Kills so many, one after the other.
fn deaths(options: &Options, participants: usize) -> Result<Vec<Duration>> {
    ensure!((2..=1023).contains(&participants), "there can be 2 to 1,023 participants here");
    let scratch = Scratch::new()?;
    let name = scratch.channel();
    let watches = !options.slices && !options.kernel;
    let shape = mpmc::Options::new().slots(16).max_message(64).max_senders(1020).max_receivers(3);
    let channel = shape.watch_peers(watches).create(&name)?;
    let flag = if watches { vec!["--watches"] } else { vec![] };
    let mut idle = Talker::start(
        ["recovery-worker", &name, &format!("--idle={}", participants.saturating_sub(2))].iter().chain(&flag),
    )?;
    idle.answer("ready", PATIENCE)?;
    let mut tx = channel.sender()?;
    let mut rx = channel.receiver()?;
    ensure!(!watches || channel.peers_watched() == Granted::Yes, "{:?}", channel.peers_watched());
    let resident = format!("--resident={}", options.resident);
    let mut times = Vec::new();
    for _ in 0..options.kills {
        tx.send(b"held")?;
        let mut victim = Talker::start(["recovery-worker", &name, &resident].iter().chain(&flag))?;
        victim.answer("ready", PATIENCE)?;
        if options.kernel {
            let killed = Instant::now();
            victim.kill()?;
            let pid = victim.id();
            while channel.info().participants.iter().any(|one| one.pid == pid && one.alive == Some(true)) {}
            times.push(killed.elapsed());
            drop(rx.recv()?);
            continue;
        }
        let parks = || Ok::<_, anyhow::Error>(own(&channel).map_or(0, |one| one.counters.parks));
        let before = parks()?;
        let waiting = std::thread::spawn(move || {
            let again = rx.recv().map(|message| message.redelivered());
            (again, Instant::now(), rx)
        });
        watch::until("the receiver sleeps", || Ok(parks()? > before))?;
        let killed = Instant::now();
        victim.kill()?;
        let (again, came, receiver) = waiting.join().map_err(|_| anyhow!("the receiver panicked"))?;
        ensure!(again == Ok(true), "the receiver got {again:?}");
        times.push(came - killed);
        rx = receiver;
    }
    Ok(times)
}

/// This process's receiver.
fn own(channel: &mpmc::Channel) -> Option<memlane::ParticipantInfo> {
    let is_own = |one: &memlane::ParticipantInfo| {
        one.pid == std::process::id() && one.role == memlane::Role::Receiver && one.alive == Some(true)
    };
    channel.info().participants.into_iter().find(is_own)
}
