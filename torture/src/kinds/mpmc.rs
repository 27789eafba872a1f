//! `mpmc`: two senders and three receivers over a queue that is small enough to be full most of the time.
//!
//! Senders send one by one, in batches, into reserved slots, some of which they abandon, and with every priority.
//! Receivers take single messages and batches, hold some of them for a while, and give some back. What `kill` checks is in
//! the [ledger](crate::ledger); besides, at the end every slot is free again.
//!
//! Checked by `stop`: while a sender and a receiver stand still, two others of each exchange as many messages as without
//! them, in order, none missing; exactly two slots are held, and these two come back.

use crate::journal::{Event, Got, ReceiverJournal, SenderJournal};
use crate::ledger::{AfterDeath, Ledger};
use crate::payload::{Identity, Payloads};
use crate::phase::{Phase, Phases, REPEATS};
use crate::random::Random;
use crate::roles::{Assignment, Role, stand_still};
use crate::scratch::{Scratch, Worker};
use crate::steps::others::PATIENCE;
use crate::stop::{exchange::exchange, throughput};
use crate::subject::{
    Closing, Comparison, Facts, Kind, Site, Staff, Store, Subject, Trial, Victim, opened, opened_for_work,
};
use crate::waking::{self, Waking};
use anyhow::{Context, Result, bail, ensure};
use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use memlane::{Info, RecvError, RecvTimeoutError, SendTimeoutError, TrySendError, mpmc};
use std::time::Duration;

/// See the module.
pub struct Mpmc;

/// A queue with a seat more of each role than an operation needs.
fn stepped(slots: usize) -> mpmc::Options {
    mpmc::Options::new().slots(slots).max_message(256).max_senders(3).max_receivers(3)
}

impl Subject for Mpmc {
    type Channels = memlane::generic::Mpmc;

    /// Cells.
    const LAP: u64 = 64;

    fn small() -> mpmc::Options {
        stepped(4)
    }

    fn roomy() -> mpmc::Options {
        stepped(16)
    }

    fn tiny(message_bytes: usize) -> mpmc::Options {
        let shape = mpmc::Options::new().slots(6).max_message(message_bytes).priorities(2);
        shape.max_senders(2).max_receivers(1)
    }

    fn large() -> mpmc::Options {
        let shape = mpmc::Options::new().slots(65_536).priorities(8).max_message(32);
        shape.max_senders(512).max_receivers(512)
    }

    fn is_marked(message: &mpmc::Message<'_>) -> bool {
        message.redelivered()
    }

    fn is_marked_in_batch(message: &mpmc::BatchMessage<'_>) -> bool {
        message.redelivered()
    }
}

impl Kind for Mpmc {
    fn facts(&self) -> Facts {
        Facts { kind: memlane::Kind::Mpmc, store: Store::Slots, many_senders: true, many_receivers: true }
    }

    fn arguments(&self, command: Command) -> Command {
        Shape::augment_args(command)
    }

    fn create(&self, arguments: &ArgMatches, site: &Site) -> Result<Box<dyn Trial>> {
        let shape = Shape::from_arg_matches(arguments)?;
        create(&shape, Staff { senders: 2, receivers: 3 }, 0, site)
    }

    fn draw(&self, random: &mut Random, site: &Site) -> Result<Box<dyn Trial>> {
        let shape = Shape {
            slots: 32 << random.below(5),
            priorities: 1 + random.below(3) as u8,
            on_death: if random.once_in(3) { OnDeath::Discard } else { OnDeath::Redeliver },
        };
        let staff = Staff { senders: 1 + random.below(3) as u32, receivers: 1 + random.below(3) as u32 };
        create(&shape, staff, 1, site)
    }

    fn visit(&self, name: &str) -> Result<u64> {
        let channel = opened::<Self>(name)?;
        let (mut tx, _rx) = (channel.sender()?, channel.receiver()?);
        match tx.try_reserve(16).map(drop) {
            Ok(()) | Err(TrySendError::Full) => Ok(2),
            Err(error) => bail!(error),
        }
    }

    fn visit_at_work(&self, name: &str) -> Result<u64> {
        self.visit(name)
    }

    fn work(&self, role: Role, assignment: &Assignment) -> Result<()> {
        let (channel, phases) = opened_for_work::<Self>(assignment)?;
        match role {
            Role::Sender => Sending::new(&channel, phases, assignment)?.run(),
            Role::Receiver => Receiving::new(&channel, phases, assignment)?.run(),
            Role::StoppingSender => stop_before_committing(channel.sender()?),
            Role::StoppingReceiver => stop_before_acknowledging(channel.receiver()?),
            Role::HoldingReceiver => stop_with_a_batch(channel.receiver()?, assignment.count as usize),
            role => bail!("mpmc has no {role:?}"),
        }
    }

    fn stand_still(&self, comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()> {
        let name = scratch.channel();
        let shape = mpmc::Options::new().slots(64).backend(waking.backend()).trust_peers(waking::trust());
        let channel = shape.create(&name)?;
        throughput::compare(comparison, |stopped| {
            let holders = if stopped { Some(Holders::start(&channel, &name)?) } else { None };
            let elapsed = exchange::<Self>(&channel, comparison.messages)?;
            let queue = channel.info().queue.context("the channel has no queue")?;
            let held = u64::from(stopped);
            ensure!((queue.produced, queue.consumed, queue.redeliver) == (held, held, 0), "slots are held: {queue:?}");
            holders.map_or(Ok(()), |holders| holders.finish(&channel))?;
            let queue = channel.info().queue.context("the channel has no queue")?;
            ensure!(queue.free == queue.slots, "slots were left behind: {queue:?}");
            Ok(elapsed)
        })?;
        Ok(memlane::remove(&name)?)
    }
}

/// Messages that are sent or received at once, at most.
const BATCH: u64 = 8;

/// A wait that is over now and then.
const SHORT: Duration = Duration::from_micros(200);

/// What a channel is like whose participants are killed.
#[derive(Args)]
#[group(id = "mpmc")]
struct Shape {
    /// mpmc: how many messages fit
    #[arg(long, default_value_t = 64)]
    slots: usize,
    /// mpmc: how many priorities there are
    #[arg(long, default_value_t = 3)]
    priorities: u8,
    /// mpmc: what becomes of messages whose receiver died
    #[arg(long, value_enum, default_value_t = OnDeath::Redeliver)]
    on_death: OnDeath,
}

#[derive(Clone, Copy, ValueEnum)]
enum OnDeath {
    Redeliver,
    Discard,
}

/// A sender that is made to be killed.
struct Sending {
    tx: mpmc::Sender,
    phases: Phases,
    priorities: u8,
    journal: SenderJournal,
    payloads: Payloads,
    random: Random,
    number: u32,
    sent: u64,
}

impl Sending {
    fn new(channel: &mpmc::Channel, phases: Phases, options: &Assignment) -> Result<Self> {
        let (number, priorities) = (options.number, channel.priorities());
        let journal = SenderJournal::create(options.journal()?)?;
        let random = Random::new(options.seed, number.into());
        let (tx, payloads) = (channel.sender()?, options.payloads()?);
        Ok(Self { tx, phases, priorities, journal, payloads, random, number, sent: 0 })
    }

    fn run(mut self) -> Result<()> {
        let mut messages = vec![Vec::new(); BATCH as usize];
        while !self.phases.is_to_leave() {
            let priority = self.random.below(self.priorities.into());
            self.tx.set_priority(priority as u8)?;
            let count = if self.random.once_in(4) { 2 + self.random.below(BATCH - 1) } else { 1 };
            let messages = &mut messages[..count as usize];
            for (message, sequence) in messages.iter_mut().zip(self.sent..) {
                self.payloads.make(Identity { sender: self.number, sequence, priority: priority as u32 }, message);
            }
            self.journal.intend(self.sent + count);
            self.send(messages)?;
            self.sent += count;
            self.journal.committed(self.sent);
        }
        Ok(())
    }

    fn send(&mut self, messages: &[Vec<u8>]) -> Result<()> {
        self.phases.enter(Phase::Committing);
        let [message] = messages else {
            self.tx.send_batch(messages)?;
            return Ok(());
        };
        match self.random.below(4) {
            0 => loop {
                match self.tx.send_timeout(message, SHORT) {
                    Err(SendTimeoutError::Timeout) => self.phases.enter(Phase::Waiting),
                    outcome => return Ok(outcome?),
                }
            },
            1 => {
                let (start, rest) = message.split_at(message.len() / 2);
                if self.random.once_in(4) {
                    // What is abandoned has never existed.
                    self.tx.reserve(message.len())?.write_at(0, start)?;
                }
                let repeats = if self.random.once_in(4) { REPEATS } else { 1 };
                self.phases.enter(Phase::Reserving);
                for _ in 0..repeats {
                    if matches!(self.tx.try_reserve(message.len()), Err(TrySendError::Full)) {
                        self.phases.enter(Phase::Waiting);
                        break;
                    }
                }
                let mut grant = self.tx.reserve(message.len())?;
                self.phases.enter(Phase::Copying);
                for _ in 0..repeats {
                    grant.write_at(0, start)?;
                    grant.write_at(start.len(), rest)?;
                }
                self.phases.enter(Phase::Committing);
                Ok(grant.commit(message.len())?)
            }
            _ => Ok(self.tx.send(message)?),
        }
    }
}

/// A receiver that is made to be killed.
struct Receiving {
    rx: mpmc::Receiver,
    random: Random,
    notes: Notes,
}

/// What it writes down, and what it needs for that.
struct Notes {
    journal: ReceiverJournal,
    phases: Phases,
    payloads: Payloads,
    buffer: Vec<u8>,
    scratch: Vec<u8>,
}

impl Receiving {
    fn new(channel: &mpmc::Channel, phases: Phases, options: &Assignment) -> Result<Self> {
        let payloads = options.payloads()?;
        let journal = ReceiverJournal::create(options.journal()?)?;
        let notes = Notes { journal, phases, buffer: vec![0; payloads.max()], payloads, scratch: Vec::new() };
        let random = Random::new(options.seed, options.number.into());
        Ok(Self { rx: channel.receiver()?, random, notes })
    }

    /// Until the senders are gone and nobody holds a message that may come again; or it is to leave.
    fn run(mut self) -> Result<()> {
        while !self.notes.phases.is_to_leave() {
            let step = if self.random.once_in(2) { self.take_one() } else { self.take_several() };
            match step {
                Ok(()) => {}
                Err(error) if error.downcast_ref() == Some(&RecvError::Disconnected) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn take_one(&mut self) -> Result<()> {
        self.notes.phases.enter(Phase::Taking);
        let message = if self.random.once_in(4) {
            match self.rx.recv_timeout(SHORT) {
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => bail!(RecvError::Disconnected),
                outcome => outcome?,
            }
        } else {
            if self.rx.is_empty() {
                self.notes.phases.enter(Phase::Waiting);
            }
            self.rx.recv()?
        };
        self.notes.phases.enter(Phase::Taking);
        self.notes.got(message.redelivered(), message.deliveries(), |buffer| Ok(message.copy_to(buffer)?))?;
        hold(&mut self.random);
        if gives_back(&mut self.random) {
            return self.notes.giving_back(|| Ok(message.nack()?));
        }
        if self.random.once_in(2) {
            return self.notes.acknowledging(|| Ok(message.ack()?));
        }
        self.notes.acknowledging(|| {
            drop(message);
            Ok(())
        })
    }

    fn take_several(&mut self) -> Result<()> {
        self.notes.phases.enter(Phase::Taking);
        let batch = self.rx.recv_batch(1 + self.random.below(BATCH) as usize)?;
        for message in &batch {
            self.notes.got(message.redelivered(), message.deliveries(), |buffer| Ok(message.copy_to(buffer)?))?;
        }
        hold(&mut self.random);
        if gives_back(&mut self.random) {
            return self.notes.giving_back(|| Ok(batch.nack()?));
        }
        self.notes.acknowledging(|| Ok(batch.ack()?))
    }
}

/// Some messages are held for a while, so that some are killed holding them.
fn hold(random: &mut Random) {
    if random.once_in(64) {
        std::thread::sleep(Duration::from_micros(random.below(500)));
    }
}

fn gives_back(random: &mut Random) -> bool {
    random.once_in(16)
}

impl Notes {
    fn got(&mut self, marked: bool, deliveries: u16, copy: impl Fn(&mut [u8]) -> Result<usize>) -> Result<()> {
        let length = copy(&mut self.buffer)?;
        let message = self.payloads.check(&self.buffer[..length], &mut self.scratch)?;
        self.journal.note(Event::Got(Got { message, marked, deliveries }))
    }

    fn acknowledging(&mut self, call: impl FnOnce() -> Result<()>) -> Result<()> {
        self.journal.note(Event::Acknowledging)?;
        self.phases.enter(Phase::Acknowledging);
        call()?;
        self.journal.note(Event::Acknowledged)
    }

    fn giving_back(&mut self, call: impl FnOnce() -> Result<()>) -> Result<()> {
        self.journal.note(Event::GivingBack)?;
        self.phases.enter(Phase::Acknowledging);
        call()?;
        self.journal.note(Event::GaveBack)
    }
}

/// `visitors`: seats on each side that no worker needs.
fn create(shape: &Shape, staff: Staff, visitors: u32, site: &Site) -> Result<Box<dyn Trial>> {
    let (policy, after_death) = match shape.on_death {
        OnDeath::Redeliver => (mpmc::OnDeath::Redeliver, AfterDeath::Again),
        OnDeath::Discard => (mpmc::OnDeath::Discard, AfterDeath::Gone),
    };
    let keepers = if visitors > 0 { 1 } else { 0 };
    let channel = mpmc::Options::new()
        .slots(shape.slots)
        .priorities(shape.priorities)
        .on_death(policy)
        .max_message(site.payloads()?.max())
        // So few that the seats of the dead are taken again all the time; one more for the keeper.
        .max_senders((staff.senders + visitors + 1) as usize)
        .max_receivers((staff.receivers + visitors + keepers) as usize)
        .backend(site.waking.backend())
        .trust_peers(waking::trust())
        .create(&site.channel)?;
    let keeper = Some(channel.sender()?);
    let receiving_keeper = if keepers > 0 { Some(channel.receiver()?) } else { None };
    let ledger = Ledger::new(after_death, BATCH);
    Ok(Box::new(QueueTrial { staff, keeper, receiving_keeper, ledger, channel }))
}

struct QueueTrial {
    channel: mpmc::Channel,
    staff: Staff,
    /// Sends nothing, and keeps receivers from ending while all others happen to be dead.
    keeper: Option<mpmc::Sender>,
    /// Receives nothing, and keeps senders from ending while all others happen to have left.
    receiving_keeper: Option<mpmc::Receiver>,
    ledger: Ledger,
}

impl Trial for QueueTrial {
    fn describe(&self) -> String {
        let (slots, priorities) = (self.channel.slots(), self.channel.priorities());
        let policy = self.channel.info().queue.is_some_and(|queue| queue.discard_on_death);
        let policy = if policy { "discarded" } else { "delivered again" };
        format!("{slots} slots, {priorities} priorities, what the dead held is {policy}")
    }

    fn staff(&self) -> Staff {
        self.staff
    }

    fn account_for(&mut self, gone: &Victim) -> Result<()> {
        match gone.role {
            memlane::Role::Sender => self.ledger.sender_gone(gone.number, SenderJournal::read(&gone.journal)?),
            _ => self.ledger.receiver_gone(gone.number, gone.killed, &ReceiverJournal::read(&gone.journal)?),
        }
    }

    fn senders_are_gone(&mut self) {
        (self.keeper, self.receiving_keeper) = (None, None);
    }

    fn close(self: Box<Self>, info: &Info) -> Result<Closing> {
        let queue = info.queue.as_ref().context("the channel has no queue")?;
        ensure!(queue.free == queue.slots, "slots were left behind: {queue:?}");
        ensure!(queue.queued.iter().all(|&queued| queued == 0), "messages were left behind: {queue:?}");
        ensure!(queue.dead_letters == 0, "messages were given up: {queue:?}");
        let found = self.ledger.close(queue.discarded)?;
        let text = format!(
            "{} messages, {} deliveries more of them ({} that nobody wrote down), {} gone with the dead, {} unknown\n\
             senders killed in a call: {}, which had sent {}; receivers killed holding: {}, acknowledging: {}, giving back: {}",
            found.messages,
            found.again + found.unwritten,
            found.unwritten,
            queue.discarded,
            found.unknown,
            found.in_send,
            found.sent_in_send,
            found.holding,
            found.acknowledging,
            found.giving_back,
        );
        Ok(Closing { messages: found.messages, again: found.again + found.unwritten, text })
    }
}

/// The messages of the two that stand still.
const HELD: Identity = Identity { sender: u32::MAX, sequence: 1, priority: 0 };
const LOANED: Identity = Identity { sender: u32::MAX, sequence: 2, priority: 0 };

fn stop_before_committing(mut tx: mpmc::Sender) -> Result<()> {
    let mut message = Vec::new();
    Payloads::new(None)?.make(LOANED, &mut message);
    let (start, rest) = message.split_at(message.len() / 2);
    let mut grant = tx.reserve(message.len())?;
    grant.write_at(0, start)?;
    stand_still()?;
    grant.write_at(start.len(), rest)?;
    Ok(grant.commit(message.len())?)
}

fn stop_before_acknowledging(mut rx: mpmc::Receiver) -> Result<()> {
    let message = rx.recv()?;
    stand_still()?;
    // Whoever went laps ahead did not touch it.
    is_intact(&message, HELD)?;
    Ok(message.ack()?)
}

fn stop_with_a_batch(mut rx: mpmc::Receiver, count: usize) -> Result<()> {
    let batch = rx.recv_batch(count)?;
    ensure!(batch.len() == count, "{} messages came instead of {count}", batch.len());
    stand_still()?;
    Ok(batch.ack()?)
}

fn is_intact(message: &mpmc::Message<'_>, expected: Identity) -> Result<()> {
    let got = Payloads::new(None)?.check(&message.to_vec(), &mut Vec::new())?;
    ensure!(got == expected, "{got:?} came where {expected:?} was due");
    Ok(())
}

/// Two that stand still.
struct Holders {
    sender: Worker,
    receiver: Worker,
}

impl Holders {
    fn start(channel: &mpmc::Channel, name: &str) -> Result<Self> {
        let mut message = Vec::new();
        Payloads::new(None)?.make(HELD, &mut message);
        let hand_over = || Ok(channel.sender()?.send(&message)?);
        let receiver = throughput::start_stopping(&["mpmc", "stopping-receiver", name], hand_over)?;
        let sender = throughput::start_stopping(&["mpmc", "stopping-sender", name], || Ok(()))?;
        Ok(Self { sender, receiver })
    }

    /// They go on: one message is acknowledged, the other one comes.
    fn finish(self, channel: &mpmc::Channel) -> Result<()> {
        throughput::finish(self.receiver)?;
        let mut rx = channel.receiver()?;
        throughput::finish(self.sender)?;
        let message = rx.recv_timeout(PATIENCE)?;
        ensure!(!message.redelivered(), "the message in hand came again");
        is_intact(&message, LOANED)
    }
}
