//! How soon what a killed participant of a queue held comes back, while nobody joins and nobody idles.
//!
//! Joining reaps, and so does a call that has waited for a slice. Here there is neither: one sender and one receiver, threads
//! of this process that joined before, exchange messages by one way of calling all the time. A third participant, a process,
//! holds something, is killed, and is not replaced:
//! - a receiver with one message, or a batch of eight, in hand: all of them have to come again;
//! - a sender with a reserved slot: its row has to be settled, which frees the slot.
//!
//! Each pair of load and victim takes its turn. The clock runs from the kill; the design's bound is two slices. What the
//! scheduler kept the survivors waiting for a processor, and what the victim's end took, is measured in each trial and comes
//! on top: the machine has other things to do.

use crate::measure;
use crate::scratch::{Scratch, Worker};
use crate::waking::{self, Waking};
use crate::watch;
use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use memlane::{ParticipantState, RecvTimeoutError, TryRecvError, TrySendError, mpmc};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Two slices.
const BOUND: Duration = Duration::from_millis(200);

/// A part of the bound by which a trial may miss it: timers and the tool's own looks.
const MARGIN: u32 = 4;

/// What did not come back by then does not come back.
const PATIENCE: Duration = Duration::from_secs(3);

/// Messages in hand of a receiver that has several, and of a batch under load.
const BATCH: usize = 8;

#[derive(Args)]
pub struct Options {
    /// How many are killed, in all
    #[arg(long, default_value_t = 100)]
    trials: u32,
    /// Only this way of calling; else all in turn
    #[arg(long, value_parser = Load::NAMES)]
    load: Option<String>,
    /// Only this way of waking sleepers; else both in turn
    #[arg(long, value_enum)]
    backend: Option<Waking>,
}

/// How the survivors call.
struct Load {
    name: &'static str,
    send: fn(&mut mpmc::Sender) -> Result<()>,
    /// Returns how many messages came, and how many of them had been delivered before.
    receive: fn(&mut mpmc::Receiver) -> Result<[u64; 2]>,
    /// Messages that make it full speed.
    warm: u64,
}

impl Load {
    const NAMES: [&'static str; 6] = ["waiting", "trying", "deadlines", "batches", "copies", "trickle"];

    const ALL: [Self; 6] = [
        Self { name: Self::NAMES[0], send: send_waiting, receive: receive_waiting, warm: 10_000 },
        Self { name: Self::NAMES[1], send: send_trying, receive: receive_trying, warm: 10_000 },
        Self { name: Self::NAMES[2], send: send_by_deadline, receive: receive_by_deadline, warm: 10_000 },
        Self { name: Self::NAMES[3], send: send_batch, receive: receive_batch, warm: 10_000 },
        Self { name: Self::NAMES[4], send: send_in_place, receive: receive_into, warm: 10_000 },
        Self { name: Self::NAMES[5], send: send_now_and_then, receive: receive_waiting, warm: 2 },
    ];
}

const CONTENT: [u8; 16] = [7; 16];

fn send_waiting(tx: &mut mpmc::Sender) -> Result<()> {
    Ok(tx.send(&CONTENT)?)
}

fn receive_waiting(rx: &mut mpmc::Receiver) -> Result<[u64; 2]> {
    let message = rx.recv()?;
    Ok([1, message.redelivered().into()])
}

fn send_trying(tx: &mut mpmc::Sender) -> Result<()> {
    match tx.try_send(&CONTENT) {
        Ok(()) | Err(TrySendError::Full) => Ok(()),
        Err(error) => bail!(error),
    }
}

fn receive_trying(rx: &mut mpmc::Receiver) -> Result<[u64; 2]> {
    match rx.try_recv() {
        Ok(message) => Ok([1, message.redelivered().into()]),
        Err(TryRecvError::Empty) => Ok([0; 2]),
        Err(error) => bail!(error),
    }
}

fn send_by_deadline(tx: &mut mpmc::Sender) -> Result<()> {
    Ok(tx.send_timeout(&CONTENT, PATIENCE)?)
}

fn receive_by_deadline(rx: &mut mpmc::Receiver) -> Result<[u64; 2]> {
    match rx.recv_timeout(Duration::from_millis(1)) {
        Ok(message) => Ok([1, message.redelivered().into()]),
        Err(RecvTimeoutError::Timeout) => Ok([0; 2]),
        Err(error) => bail!(error),
    }
}

fn send_batch(tx: &mut mpmc::Sender) -> Result<()> {
    tx.send_batch([CONTENT; BATCH])?;
    Ok(())
}

fn receive_batch(rx: &mut mpmc::Receiver) -> Result<[u64; 2]> {
    let batch = rx.recv_batch(BATCH)?;
    Ok([batch.len() as u64, batch.iter().filter(|message| message.redelivered()).count() as u64])
}

fn send_in_place(tx: &mut mpmc::Sender) -> Result<()> {
    let mut grant = tx.reserve(CONTENT.len())?;
    grant.write_at(0, &CONTENT)?;
    Ok(grant.commit(CONTENT.len())?)
}

/// `recv_into` does not say whether a message came before: what the victim held looks different.
fn receive_into(rx: &mut mpmc::Receiver) -> Result<[u64; 2]> {
    let mut buffer = [0; HELD.len() + CONTENT.len()];
    let length = rx.recv_into(&mut buffer)?;
    Ok([1, (buffer[..length] == HELD).into()])
}

/// Never idle for a slice: eleven messages a second.
fn send_now_and_then(tx: &mut mpmc::Sender) -> Result<()> {
    std::thread::sleep(Duration::from_millis(90));
    send_waiting(tx)
}

/// What the victim holds, unlike what goes over the queue besides.
const HELD: [u8; 8] = [3; 8];

/// Who is killed.
struct Victim {
    name: &'static str,
    role: &'static str,
    /// Messages that it has in hand.
    holds: usize,
}

const VICTIMS: [Victim; 3] = [
    Victim { name: "a receiver with a message", role: "holding-receiver", holds: 1 },
    Victim { name: "a receiver with a batch", role: "holding-receiver", holds: BATCH },
    Victim { name: "a sender with a slot", role: "stopping-sender", holds: 0 },
];

pub fn run(options: &Options) -> Result<()> {
    println!("torture redelivery: {} trials, bound {BOUND:?}, nobody joins and nobody idles", options.trials);
    let loads: Vec<_> =
        Load::ALL.iter().filter(|load| options.load.as_deref().is_none_or(|one| one == load.name)).collect();
    let wakings = options.backend.map_or(Waking::ALL.to_vec(), |one| vec![one]);
    let pairs = || loads.iter().flat_map(|load| VICTIMS.iter().map(move |victim| (*load, victim)));
    let (mut all, mut by_load) = (Vec::new(), vec![Vec::new(); loads.len()]);
    for (number, (load, victim)) in (0..options.trials).zip(pairs().cycle()) {
        let waking = wakings[(number as usize / (loads.len() * VICTIMS.len())) % wakings.len()];
        let after = trial(load, victim, waking);
        let after = after.with_context(|| format!("{}, {} with {waking}", victim.name, load.name))?;
        by_load[loads.iter().position(|one| one.name == load.name).context("a load")?].push(after);
        all.push(after);
    }
    for (load, times) in loads.iter().zip(&mut by_load).filter(|(_, times)| !times.is_empty()) {
        println!("{:10} {}", load.name, measure::spread(times));
    }
    println!("{:10} {}", "all", measure::spread(&mut all));
    println!("torture redelivery: what the dead held came back within two slices, whatever the load");
    Ok(())
}

/// What the survivors' threads tell.
#[derive(Default)]
struct Flow {
    is_sent: AtomicBool,
    is_over: AtomicBool,
    messages: AtomicU64,
    again: AtomicU64,
    /// When the last of them came that had been delivered before, by the clock of all processes.
    again_ns: AtomicU64,
}

/// A thread that makes calls, and what the kernel calls it.
struct Survivor {
    thread: JoinHandle<Result<()>>,
    id: u32,
}

impl Survivor {
    fn start(work: impl FnOnce() -> Result<()> + Send + 'static) -> Result<Self> {
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let _ = tell.send(rustix::thread::gettid().as_raw_nonzero().get() as u32);
            work()
        });
        Ok(Self { thread, id: told.recv()? })
    }

    fn end(self) -> Result<()> {
        self.thread.join().map_err(|_| anyhow!("a survivor panicked"))?
    }
}

/// One death. How long after the kill everything was back.
fn trial(load: &'static Load, victim: &Victim, waking: Waking) -> Result<Duration> {
    let scratch = Scratch::new()?;
    let name = scratch.channel();
    let shape = mpmc::Options::new().slots(64).max_message(256).max_senders(3).max_receivers(2);
    let channel = shape.backend(waking.backend()).trust_peers(waking::trust()).create(&name)?;
    // The keeper makes no call until the end. Without it, the receiver were told that all senders have gone.
    let (mut tx, mut keeper, mut rx) = (channel.sender()?, channel.sender()?, channel.receiver()?);
    for _ in 0..victim.holds {
        tx.send(&HELD)?;
    }
    let mut worker = Worker::start(&["mpmc", victim.role, &name, &format!("--count={}", victim.holds)])?;
    worker.wait_until_stopped()?;
    ensure!(worker.ended()?.is_none(), "the victim ended by itself");

    let flow = Arc::new(Flow::default());
    let (sending, receiving) = (flow.clone(), flow.clone());
    let sender = Survivor::start(move || {
        while !sending.is_sent.load(Relaxed) {
            (load.send)(&mut tx)?;
        }
        Ok(())
    })?;
    // It outlives the sender, which may wait for room.
    let receiver = Survivor::start(move || {
        while !receiving.is_over.load(Relaxed) {
            let [came, again] = (load.receive)(&mut rx)?;
            receiving.messages.fetch_add(came, Relaxed);
            if again > 0 {
                receiving.again_ns.store(watch::now_ns(), Relaxed);
                receiving.again.fetch_add(again, Relaxed);
            }
        }
        Ok(())
    })?;
    watch::until("messages flow", || Ok(flow.messages.load(Relaxed) >= load.warm))?;

    let delays = || Ok::<_, anyhow::Error>(measure::thread_delay(sender.id)? + measure::thread_delay(receiver.id)?);
    let (before, delayed, pid) = (flow.messages.load(Relaxed), delays()?, worker.id());
    let killed = (Instant::now(), watch::now_ns());
    worker.kill()?;
    worker.wait()?;
    let gone = killed.0.elapsed();
    let is_back = || match victim.holds {
        0 => is_settled(&channel, pid).then(watch::now_ns),
        holds => (flow.again.load(Relaxed) >= holds as u64).then(|| flow.again_ns.load(Relaxed)),
    };
    let back = loop {
        match is_back() {
            Some(at) => break at,
            None if killed.0.elapsed() > PATIENCE => {
                let meanwhile = flow.messages.load(Relaxed) - before;
                bail!("nothing came back during {PATIENCE:?} and {meanwhile} messages")
            }
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let after = Duration::from_nanos(back.saturating_sub(killed.1));
    let excused = gone + delays()?.saturating_sub(delayed);
    flow.is_sent.store(true, Relaxed);
    sender.end()?;
    flow.is_over.store(true, Relaxed);
    // It may sleep. Or it ended just now, and nobody receives any more.
    let _ = keeper.try_send(&CONTENT);
    receiver.end()?;
    let allowed = BOUND + BOUND / MARGIN + excused;
    ensure!(after <= allowed, "everything was back after {after:.1?}, and no later than {allowed:.1?} is allowed");
    Ok(after)
}

/// Whether that dead one's row says so.
fn is_settled(channel: &mpmc::Channel, pid: u32) -> bool {
    channel.info().participants.iter().all(|one| one.pid != pid || one.state != ParticipantState::Live)
}
