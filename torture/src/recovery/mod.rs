//! How long after a SIGKILL the survivors go on.
//!
//! Three situations, each repeated; the clock runs from the kill to the survivor's next step:
//! - `sender dies, receiver waits`: until the blocked receiver learns that the channel is drained and nobody is left;
//! - `sender dies, successor sends`: until the blocked receiver has the first message of a new sender;
//! - `receiver dies, sender is blocked`: until a successor has taken the seat and the blocked sender went on.
//!
//! The design's bound is two slices, 200 ms: one until somebody looks, one for a wake that the dead did not send.
//!
//! With `--participants`, `among` measures instead how soon one of so many is found dead, with guardians and without; `worker` is those.

mod among;
mod options;
pub mod worker;

pub use self::options::Options;

use crate::measure;
use crate::scratch::{Scratch, Worker};
use crate::watch;
use anyhow::{Context, Result, ensure};
use memlane::{JoinError, RecvError, TrySendError, spsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Two slices.
const BOUND: Duration = Duration::from_millis(200);

/// What is measured: from the kill to the survivor's next step.
struct Situation {
    name: &'static str,
    measure: fn() -> Result<Duration>,
}

pub fn run(options: &Options) -> Result<()> {
    if !options.participants.is_empty() {
        return among::run(options);
    }
    println!("torture recovery: {} rounds each, bound {BOUND:?}", options.rounds);
    let situations = [
        Situation { name: "sender dies, receiver waits", measure: sender_dies_receiver_waits },
        Situation { name: "sender dies, successor sends", measure: sender_dies_successor_sends },
        Situation { name: "receiver dies, sender is blocked", measure: receiver_dies_sender_is_blocked },
    ];
    let mut all = Vec::new();
    for Situation { name, measure } in situations {
        let mut times = Vec::new();
        for _ in 0..options.rounds {
            times.push(measure().with_context(|| name.to_owned())?);
        }
        println!("{name:34} {}", measure::spread(&mut times));
        all.append(&mut times);
    }
    println!("{:34} {}", "all", measure::spread(&mut all));
    let worst = all.last().copied().unwrap_or_default();
    ensure!(worst <= BOUND, "the longest recovery took {worst:.1?}, more than two slices");
    println!("torture recovery: every survivor went on within two slices");
    Ok(())
}

/// Waits until the channel has a live participant in `row`.
fn wait_for_participant(channel: &str, row: u32) -> Result<()> {
    watch::until_participant(channel, "the worker joins", |one| one.row == row && watch::is_there(one))
}

fn sender_dies_receiver_waits() -> Result<Duration> {
    let scratch = Scratch::new()?;
    let bereft = Bereft::begin(&spsc::Options::new().create(&scratch.channel())?, &scratch)?;
    bereft.learns_after_the_kill(|| Ok(()), Err(RecvError::Disconnected))
}

fn sender_dies_successor_sends() -> Result<Duration> {
    let scratch = Scratch::new()?;
    let channel = spsc::Options::new().persistent(true).create(&scratch.channel())?;
    let mut successor = None;
    let succeed = || {
        let tx = successor.insert(join_as_soon_as_possible(|| channel.sender())?);
        Ok(tx.send(b"on we go")?)
    };
    Bereft::begin(&channel, &scratch)?.learns_after_the_kill(succeed, Ok(8))
}

/// A receiver that sleeps, and its sender, which is about to die.
struct Bereft {
    sender: Worker,
    /// What it received, by length, and when it knew.
    waiting: JoinHandle<(Result<usize, RecvError>, Instant)>,
}

impl Bereft {
    fn begin(channel: &spsc::Channel, scratch: &Scratch) -> Result<Self> {
        let mut rx = channel.receiver()?;
        let sender = Worker::start(&["spsc", "idle-sender", &scratch.channel()])?;
        wait_for_participant(&scratch.channel(), 0)?;
        let waiting = std::thread::spawn(move || {
            let result = rx.recv().map(|message| message.len());
            (result, Instant::now())
        });
        wait_until_parked(&scratch.channel(), 1)?;
        Ok(Self { sender, waiting })
    }

    /// The sender is killed, and something is done then. How long after the kill the receiver had what it is to have.
    fn learns_after_the_kill(
        mut self,
        then: impl FnOnce() -> Result<()>,
        expected: Result<usize, RecvError>,
    ) -> Result<Duration> {
        let killed = Instant::now();
        self.sender.kill()?;
        then()?;
        let (result, noticed) = self.waiting.join().map_err(|_| anyhow::anyhow!("the receiver panicked"))?;
        ensure!(result == expected, "the receiver got {result:?}");
        Ok(noticed - killed)
    }
}

fn receiver_dies_sender_is_blocked() -> Result<Duration> {
    let scratch = Scratch::new()?;
    let channel = spsc::Options::new().capacity(4096).create(&scratch.channel())?;
    let mut tx = channel.sender()?;
    let mut worker = Worker::start(&["spsc", "idle-receiver", &scratch.channel()])?;
    wait_for_participant(&scratch.channel(), 1)?;
    while tx.try_send(&[1; 100]) != Err(TrySendError::Full) {}
    let waiting = std::thread::spawn(move || {
        let result = tx.send(&[2; 100]);
        (result, Instant::now(), tx)
    });
    wait_until_parked(&scratch.channel(), 0)?;
    let killed = Instant::now();
    worker.kill()?;
    let mut rx = join_as_soon_as_possible(|| channel.receiver())?;
    let mut got = 0;
    while rx.try_recv().is_ok() {
        got += 1;
    }
    ensure!(got > 0, "the successor found nothing");
    rx.publish_released();
    let (result, noticed, _tx) = waiting.join().map_err(|_| anyhow::anyhow!("the sender panicked"))?;
    ensure!(result == Ok(()), "the sender got {result:?}");
    Ok(noticed - killed)
}

/// Waits until the participant in `row` sleeps.
fn wait_until_parked(channel: &str, row: u32) -> Result<()> {
    watch::until_participant(channel, "the survivor goes to sleep", |one| one.row == row && one.counters.parks > 0)
}

/// Tries to take a seat until its last holder is gone.
fn join_as_soon_as_possible<T>(join: impl Fn() -> Result<T, JoinError>) -> Result<T> {
    loop {
        match join() {
            Err(JoinError::RoleTaken { .. }) => std::thread::yield_now(),
            other => return Ok(other?),
        }
    }
}
