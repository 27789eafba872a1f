//! Most of a crowd dies at once, and the others go on.

use super::worker::{PATIENCE, SLICE};
use crate::measure;
use crate::scratch::Scratch;
use crate::talk::Talker;
use crate::watch;
use anyhow::{Result, anyhow, bail, ensure};
use memlane::{RecvTimeoutError, mpmc};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const SLOTS: usize = 65_536;
const PRIORITIES: u8 = 8;
const RECEIVERS: u32 = 512;
const VICTIMS: u32 = 400;

/// Messages that each victim holds, at most.
const HOLDS: u32 = 16;

/// How long a survivor waits in one call.
const DEADLINE: Duration = Duration::from_millis(10);

/// Two slices, within which all are proved dead and settled.
const BOUND: Duration = Duration::from_millis(200);

/// A part of the bound by which it may be missed: timers and the tool's own looks.
const MARGIN: u32 = 4;

/// What the survivors tell.
#[derive(Default)]
struct Flow {
    is_over: AtomicBool,
    again: AtomicU64,
    again_ns: AtomicU64,
    /// The longest overrun of a deadline, less what the thread waited for a processor meanwhile.
    longest_ns: AtomicU64,
}

/// Kills the victims, in so many processes, and watches the others.
pub fn run(processes: u32) -> Result<()> {
    let scratch = Scratch::new()?;
    let name = scratch.channel();
    let shape = mpmc::Options::new().slots(SLOTS).priorities(PRIORITIES).max_message(64);
    let channel = shape.max_senders(2).max_receivers(RECEIVERS as usize).create(&name)?;
    let (mut tx, _keeper) = (channel.sender()?, channel.sender()?);
    for number in 0..VICTIMS * HOLDS {
        tx.set_priority((number % u32::from(PRIORITIES)) as u8)?;
        tx.send(&number.to_le_bytes())?;
    }
    let each = VICTIMS / processes;
    ensure!(each * processes == VICTIMS, "{VICTIMS} receivers do not live in {processes} processes");
    let arguments = ["crowd-worker", &name, &format!("--receivers={each}"), &format!("--holds={HOLDS}")];
    let mut victims = (0..processes).map(|_| Talker::start(arguments)).collect::<Result<Vec<_>>>()?;
    let mut held = 0;
    for victim in &mut victims {
        held += victim.answer("ready", PATIENCE)?.parse::<u64>()?;
    }

    let flow = Arc::new(Flow::default());
    let mut survivors = Vec::new();
    for _ in VICTIMS..RECEIVERS {
        let (mut rx, flow) = (channel.receiver()?, flow.clone());
        survivors.push(std::thread::spawn(move || receive(&mut rx, &flow)));
    }
    let sending = flow.clone();
    survivors.push(std::thread::spawn(move || send(&mut tx, &sending)));

    let killed = (Instant::now(), watch::now_ns());
    victims.iter_mut().try_for_each(Talker::kill)?;
    for victim in &mut victims {
        victim.wait()?;
    }
    let gone = killed.0.elapsed();
    while flow.again.load(Relaxed) < held && killed.0.elapsed() < 20 * BOUND {
        std::thread::sleep(Duration::from_millis(1));
    }
    flow.is_over.store(true, Relaxed);
    let excused = survivors.into_iter().map(end).collect::<Result<Vec<_>>>()?.into_iter().max().unwrap_or_default();
    let again = flow.again.load(Relaxed);
    if again != held {
        bail!("of {held} messages that the dead held, {again} came again within {:?}", 20 * BOUND);
    }
    let after = Duration::from_nanos(flow.again_ns.load(Relaxed).saturating_sub(killed.1));
    let longest = Duration::from_nanos(flow.longest_ns.load(Relaxed));
    println!(
        "{VICTIMS} of {RECEIVERS} receivers killed, in {processes} processes, gone after {gone:.1?}: {held} messages came again \
         after {after:.1?}; longest overrun of a {DEADLINE:?} deadline meanwhile {longest:.1?}"
    );
    let allowed = BOUND + BOUND / MARGIN + gone + excused;
    ensure!(
        after <= allowed,
        "no later than {allowed:.1?} is allowed: {gone:.1?} for their end, {excused:.1?} for a processor"
    );
    ensure!(longest <= SLICE, "no call may take a slice longer than its deadline");
    Ok(())
}

/// What a survivor waited for a processor, in all.
fn end(survivor: JoinHandle<Result<Duration>>) -> Result<Duration> {
    survivor.join().map_err(|_| anyhow!("a survivor panicked"))?
}

/// Receives until it is over.
fn receive(rx: &mut mpmc::Receiver, flow: &Flow) -> Result<Duration> {
    until_over(flow, || match rx.recv_timeout(DEADLINE) {
        Ok(message) => {
            if message.redelivered() {
                flow.again.fetch_add(1, Relaxed);
                flow.again_ns.fetch_max(watch::now_ns(), Relaxed);
            }
            Ok(())
        }
        Err(RecvTimeoutError::Timeout) => Ok(()),
        Err(error) => bail!(error),
    })
}

/// Sends now and then, so that the channel is in use.
fn send(tx: &mut mpmc::Sender, flow: &Flow) -> Result<Duration> {
    until_over(flow, || {
        std::thread::sleep(Duration::from_millis(1));
        Ok(tx.send_timeout(&[0; 4], DEADLINE)?)
    })
}

/// Makes calls until it is over, and notes which took longest. Returns what the thread waited for a processor meanwhile.
fn until_over(flow: &Flow, mut call: impl FnMut() -> Result<()>) -> Result<Duration> {
    let thread = rustix::thread::gettid().as_raw_nonzero().get() as u32;
    let begun = measure::thread_delay(thread)?;
    while !flow.is_over.load(Relaxed) {
        let (delayed, started) = (measure::thread_delay(thread)?, Instant::now());
        call()?;
        let late = started.elapsed().saturating_sub(DEADLINE);
        if late.as_nanos() as u64 > flow.longest_ns.load(Relaxed) {
            let late = late.saturating_sub(measure::thread_delay(thread)? - delayed);
            flow.longest_ns.fetch_max(late.as_nanos() as u64, Relaxed);
        }
    }
    Ok(measure::thread_delay(thread)? - begun)
}
