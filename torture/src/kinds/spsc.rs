//! `spsc`: a sender and a receiver over a small ring, so that it wraps and fills all the time. Checked by `kill`:
//! - every message is intact, and comes in order within each receiver (the receiver itself checks);
//! - each receiver starts no later than where its predecessor stopped: nothing is missing;
//! - what it repeats was within what its predecessor may not have published (1/8 of the ring and one message);
//! - in the end sent = delivered.
//!
//! Checked by `stop`: a sender that stands still before a commit lets the receiver have all that came before; one that
//! waits behind a receiver that stands still waits only while the ring is full, as a lossless lane has it.

use crate::payload::{Identity, Payloads};
use crate::phase::{Phase, Phases, REPEATS};
use crate::random::Random;
use crate::roles::{Assignment, Role, idle, stand_still};
use crate::scratch::Scratch;
use crate::steps::others::PATIENCE;
use crate::stop::throughput;
use crate::subject::{
    Closing, Comparison, Facts, Kind, Site, Staff, Store, Subject, Trial, Victim, opened, opened_for_work,
};
use crate::waking::{self, Waking};
use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::{ArgMatches, Args, Command, FromArgMatches};
use memlane::{
    GrantError, Info, JoinError, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Strategy, TryRecvError,
    TrySendError, spsc,
};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

/// See the module.
pub struct Spsc;

impl Subject for Spsc {
    type Channels = memlane::generic::Spsc;

    /// A record takes 216 bytes: of 4,096, 18 leave too few for another one.
    const LAP: u64 = 18;

    fn small() -> spsc::Options {
        spsc::Options::new().capacity(4096)
    }

    fn tiny(_: usize) -> spsc::Options {
        spsc::Options::new().capacity(4096)
    }

    fn large() -> spsc::Options {
        spsc::Options::new().capacity(8 << 20)
    }
}

impl Kind for Spsc {
    fn facts(&self) -> Facts {
        Facts { kind: memlane::Kind::Spsc, store: Store::Lanes, many_senders: false, many_receivers: false }
    }

    fn arguments(&self, command: Command) -> Command {
        Shape::augment_args(command)
    }

    fn create(&self, arguments: &ArgMatches, site: &Site) -> Result<Box<dyn Trial>> {
        create(Shape::from_arg_matches(arguments)?.capacity, site)
    }

    fn draw(&self, random: &mut Random, site: &Site) -> Result<Box<dyn Trial>> {
        create(4096 << random.below(7), site)
    }

    /// There is one seat a side: a visitor has them while no worker is to come.
    fn visit(&self, name: &str) -> Result<u64> {
        let channel = opened::<Self>(name)?;
        let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
        drop(tx.try_reserve(16)?);
        ensure!(matches!(rx.try_recv(), Err(TryRecvError::Empty)), "a message before anybody sent one");
        Ok(2)
    }

    /// A visitor would take the seat of the worker that is to come.
    fn visit_at_work(&self, name: &str) -> Result<u64> {
        opened::<Self>(name)?;
        Ok(0)
    }

    fn work(&self, role: Role, assignment: &Assignment) -> Result<()> {
        let (channel, phases) = opened_for_work::<Self>(assignment)?;
        match role {
            Role::Sender => send(channel.sender()?, &phases, assignment),
            Role::Receiver => receive(channel.receiver()?, &phases, assignment),
            Role::IdleReceiver => idle(channel.receiver()?),
            Role::IdleSender => idle(channel.sender()?),
            Role::BlockedReceiver => Ok(channel.receiver()?.recv().map(drop)?),
            Role::Pump => pump(channel.sender()?, assignment.count),
            Role::Drain => drain(channel.receiver()?),
            Role::StoppingSender => stop_before_committing(channel.sender()?),
            Role::StoppingReceiver => stop_before_releasing(channel.receiver()?),
            role => bail!("spsc has no {role:?}"),
        }
    }

    fn stand_still(&self, comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()> {
        let channel = scratch.channel();
        let shape = spsc::Options::new().backend(waking.backend()).trust_peers(waking::trust());
        stopped_sender(&shape.create(&channel)?, &channel)?;
        memlane::remove(&channel)?;
        stopped_receiver(&shape.create(&channel)?, &channel, comparison.messages)?;
        Ok(memlane::remove(&channel)?)
    }
}

/// Long enough to show that nothing comes.
const A_WHILE: Duration = Duration::from_millis(250);

/// What a channel is like whose participants are killed.
#[derive(Args)]
#[group(id = "spsc")]
struct Shape {
    /// spsc: ring size in bytes
    #[arg(long, default_value_t = 16 << 10)]
    capacity: usize,
}

/// The message with this number. A sender goes on where its predecessor stopped, so all of them are one.
fn identity(sequence: u64) -> Identity {
    Identity { sender: 0, sequence, priority: 0 }
}

fn send(mut tx: spsc::Sender, phases: &Phases, options: &Assignment) -> Result<()> {
    let payloads = options.payloads()?;
    let mut message = Vec::new();
    for sequence in tx.resumed_at()..tx.resumed_at().saturating_add(options.count) {
        if phases.is_to_leave() {
            return Ok(());
        }
        payloads.make(identity(sequence), &mut message);
        let sent = if sequence.is_multiple_of(2) {
            phases.enter(Phase::Committing);
            tx.send(&message).map_err(Into::into)
        } else {
            let repeats = if sequence % 16 == 1 { REPEATS } else { 1 };
            send_in_steps(&mut tx, phases, &message, repeats)
        };
        match sent {
            Err(error) if is_over(&error) => return Ok(()),
            other => other?,
        }
    }
    Ok(())
}

/// Whether the receiver has left, before the message was begun or while it was being written.
fn is_over(error: &anyhow::Error) -> bool {
    let in_hand = error.downcast_ref() == Some(&GrantError::Disconnected);
    in_hand || error.downcast_ref() == Some(&SendError::Disconnected)
}

fn send_in_steps(tx: &mut spsc::Sender, phases: &Phases, message: &[u8], repeats: u32) -> Result<()> {
    phases.enter(Phase::Reserving);
    for _ in 0..repeats {
        if matches!(tx.try_reserve(message.len()), Err(TrySendError::Full)) {
            phases.enter(Phase::Waiting);
            break;
        }
    }
    let mut grant = tx.reserve(message.len())?;
    phases.enter(Phase::Copying);
    for _ in 0..repeats {
        grant.write_at(0, message)?;
    }
    phases.enter(Phase::Committing);
    Ok(grant.commit(message.len())?)
}

fn receive(mut rx: spsc::Receiver, phases: &Phases, options: &Assignment) -> Result<()> {
    let journal = OpenOptions::new().write(true).create(true).truncate(true).open(options.journal()?)?;
    let payloads = options.payloads()?;
    let mut first = None;
    let (mut buffer, mut scratch) = (vec![0; payloads.max()], Vec::new());
    loop {
        if phases.is_to_leave() {
            return Ok(());
        }
        phases.enter(Phase::Taking);
        if matches!(rx.try_recv().map(spsc::Message::hand_back), Err(TryRecvError::Empty)) {
            phases.enter(Phase::Waiting);
        }
        let message = match rx.recv() {
            Ok(message) => message,
            Err(RecvError::Disconnected) => return Ok(()),
            Err(error) => bail!(error),
        };
        phases.enter(Phase::Taking);
        let length = message.copy_to(&mut buffer)?;
        let sequence = payloads.check(&buffer[..length], &mut scratch)?.sequence;
        ensure!(sequence == message.sequence(), "message {sequence} came as number {}", message.sequence());
        let (start, expected) = *first.get_or_insert((sequence, sequence));
        ensure!(sequence == expected, "message {sequence} came where {expected} was due");
        first = Some((start, sequence + 1));
        // Written down before it is released: what the journal covers, this receiver had.
        let mut entry = [0; 16];
        entry[..8].copy_from_slice(&start.to_le_bytes());
        entry[8..].copy_from_slice(&(sequence + 1).to_le_bytes());
        journal.write_all_at(&entry, 0)?;
        phases.enter(Phase::Acknowledging);
        drop(message);
        for _ in 0..if sequence % 16 == 1 { REPEATS } else { 0 } {
            rx.publish_released();
        }
    }
}

/// The first message that a receiver had, and the one after its last. `None` if it had none.
fn read_journal(path: &Path) -> Result<Option<(u64, u64)>> {
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    let (first, end) = bytes.split_at(8);
    Ok(Some((u64::from_le_bytes(first.try_into()?), u64::from_le_bytes(end.try_into()?))))
}

fn pump(mut tx: spsc::Sender, count: u64) -> Result<()> {
    tx.set_strategy(Strategy::Spin);
    for number in 0..count {
        tx.send(&number.to_le_bytes())?;
    }
    Ok(())
}

fn drain(mut rx: spsc::Receiver) -> Result<()> {
    rx.set_strategy(Strategy::Spin);
    let mut message = [0; 8];
    let mut expected = 0u64;
    loop {
        match rx.recv_into(&mut message) {
            Ok(8) => ensure!(u64::from_le_bytes(message) == expected, "message {expected} did not come"),
            Ok(length) => bail!("a message of {length} bytes"),
            Err(RecvError::Disconnected) => return Ok(()),
            Err(error) => bail!(error),
        }
        expected += 1;
    }
}

/// Messages in front of the one at which a sender stops.
const BEFORE: u64 = 3;

fn stop_before_committing(mut tx: spsc::Sender) -> Result<()> {
    let payloads = Payloads::new(None)?;
    let mut message = Vec::new();
    for sequence in 0..BEFORE {
        payloads.make(identity(sequence), &mut message);
        tx.send(&message)?;
    }
    payloads.make(identity(BEFORE), &mut message);
    let (start, rest) = message.split_at(message.len() / 2);
    let mut grant = tx.reserve(message.len())?;
    grant.write_at(0, start)?;
    stand_still()?;
    grant.write_at(start.len(), rest)?;
    Ok(grant.commit(message.len())?)
}

fn stop_before_releasing(mut rx: spsc::Receiver) -> Result<()> {
    let payloads = Payloads::new(None)?;
    let (mut buffer, mut scratch) = (vec![0; payloads.max()], Vec::new());
    for expected in 0.. {
        let message = match rx.recv() {
            Ok(message) => message,
            Err(RecvError::Disconnected) => return Ok(()),
            Err(error) => bail!(error),
        };
        if expected == 0 {
            stand_still()?;
        }
        let length = message.copy_to(&mut buffer)?;
        let sequence = payloads.check(&buffer[..length], &mut scratch)?.sequence;
        ensure!(sequence == expected, "message {sequence} came where {expected} was due");
    }
    Ok(())
}

fn stopped_sender(channel: &spsc::Channel, name: &str) -> Result<()> {
    let mut rx = channel.receiver()?;
    let sender = throughput::start_stopping(&["spsc", "stopping-sender", name], || Ok(()))?;
    let payloads = Payloads::new(None)?;
    let mut next = |timeout, expected| -> Result<Option<RecvTimeoutError>> {
        let message = match rx.recv_timeout(timeout) {
            Ok(message) => message.to_vec(),
            Err(error) => return Ok(Some(error)),
        };
        let sequence = payloads.check(&message, &mut Vec::new())?.sequence;
        ensure!(sequence == expected, "message {sequence} came where {expected} was due");
        Ok(None)
    };
    for sequence in 0..BEFORE {
        ensure!(next(PATIENCE, sequence)?.is_none(), "message {sequence} did not come");
    }
    let outcome = next(A_WHILE, BEFORE)?;
    ensure!(outcome == Some(RecvTimeoutError::Timeout), "behind the last commit came {outcome:?}");
    let other = channel.sender().err();
    ensure!(matches!(other, Some(JoinError::RoleTaken { .. })), "the stopped sender's seat was given away: {other:?}");
    throughput::finish(sender)?;
    ensure!(next(PATIENCE, BEFORE)?.is_none(), "the message in hand did not come");
    let outcome = next(PATIENCE, 0)?;
    ensure!(outcome == Some(RecvTimeoutError::Disconnected), "in the end came {outcome:?}");
    println!(
        "a sender stands still before a commit: {BEFORE} messages came, then none, and the last one when it went on"
    );
    Ok(())
}

fn stopped_receiver(channel: &spsc::Channel, name: &str, messages: u64) -> Result<()> {
    let mut tx = channel.sender()?;
    let payloads = Payloads::new(None)?;
    let mut message = Vec::new();
    payloads.make(identity(0), &mut message);
    let receiver = throughput::start_stopping(&["spsc", "stopping-receiver", name], || Ok(tx.send(&message)?))?;
    let mut fitted = None;
    for sequence in 1..messages {
        payloads.make(identity(sequence), &mut message);
        match tx.try_send(&message) {
            Ok(()) => {}
            Err(TrySendError::Full) => {
                fitted = Some(sequence);
                break;
            }
            Err(error) => bail!(error),
        }
    }
    let fitted = fitted.context("the ring never filled")?;
    let outcome = tx.send_timeout(&message, A_WHILE);
    ensure!(outcome == Err(SendTimeoutError::Timeout), "into the full ring went {outcome:?}");
    let waiting = std::thread::spawn(move || -> Result<()> {
        for sequence in fitted..messages {
            payloads.make(identity(sequence), &mut message);
            tx.send_timeout(&message, PATIENCE)?;
        }
        Ok(())
    });
    throughput::finish(receiver)?;
    waiting.join().map_err(|_| anyhow!("the sender panicked"))??;
    let lane = channel.info().lanes[0];
    ensure!((lane.messages, lane.used_bytes()) == (messages, 0), "something was left: {lane:?}");
    println!(
        "a receiver stands still: {fitted} messages fitted, then the sender waited; all {messages} came when it went on"
    );
    Ok(())
}

fn create(capacity: usize, site: &Site) -> Result<Box<dyn Trial>> {
    let payloads = site.payloads()?;
    spsc::Options::new()
        .capacity(capacity)
        .max_message(payloads.max())
        .backend(site.waking.backend())
        .trust_peers(waking::trust())
        .create(&site.channel)?;
    Ok(Box::new(LaneTrial { capacity, payloads, delivered: 0, repeated: 0, receivers_that_had_messages: 0 }))
}

struct LaneTrial {
    capacity: usize,
    payloads: Payloads,
    /// One past the last message that any receiver had.
    delivered: u64,
    repeated: u64,
    receivers_that_had_messages: u64,
}

impl Trial for LaneTrial {
    fn describe(&self) -> String {
        format!("ring of {} bytes", self.capacity)
    }

    fn staff(&self) -> Staff {
        Staff { senders: 1, receivers: 1 }
    }

    /// Compares what a receiver had with what its predecessors had.
    fn account_for(&mut self, gone: &Victim) -> Result<()> {
        if gone.role == memlane::Role::Sender {
            return Ok(());
        }
        let Some((first, end)) = read_journal(&gone.journal)? else { return Ok(()) };
        ensure!(first <= self.delivered, "messages {}..{first} are missing", self.delivered);
        // What the dead one held when it died was not released; before that, up to 1/8 of the ring was not published.
        let record = |sequence: u64| (self.payloads.length(identity(sequence)) + 8).next_multiple_of(8);
        let unpublished: usize = (first..self.delivered.saturating_sub(1)).map(record).sum();
        ensure!(unpublished < self.capacity / 8, "messages {first}..{} came again", self.delivered);
        self.repeated += self.delivered - first;
        self.delivered = self.delivered.max(end);
        self.receivers_that_had_messages += 1;
        Ok(())
    }

    fn close(self: Box<Self>, info: &Info) -> Result<Closing> {
        let sent = info.lanes[0].messages;
        ensure!(sent == self.delivered, "{sent} messages were sent, {} delivered", self.delivered);
        let (again, receivers) = (self.repeated, self.receivers_that_had_messages);
        let text =
            format!("{sent} messages sent and delivered, {again} of them again; {receivers} receivers had messages");
        Ok(Closing { messages: sent, again, text })
    }
}
