//! `mpmc`: two senders and three receivers over a queue that is small enough to be full most of the time.
//!
//! Senders send one by one, in batches, into reserved slots, some of which they abandon, and with every priority.
//! Receivers take single messages and batches, hold some of them for a while, and give some back. What `kill` checks is in
//! the [ledger](crate::ledger); besides, at the end every slot is free again.

use super::{Kind, Trial};
use crate::journal::{Event, Got, ReceiverJournal, SenderJournal};
use crate::kill::{self, Staff, Victim};
use crate::ledger::{AfterDeath, Ledger};
use crate::payload::{Identity, Payloads};
use crate::random::Random;
use crate::scratch::Scratch;
use crate::worker::{self, Role};
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use memlane::{Info, RecvError, RecvTimeoutError, SendTimeoutError, mpmc};
use std::time::Duration;

pub const KIND: Kind = Kind { name: "mpmc", kill: prepare, work };

/// Messages that are sent or received at once, at most.
const BATCH: u64 = 8;

/// A wait that is over now and then.
const SHORT: Duration = Duration::from_micros(200);

#[derive(Args)]
pub struct KillOptions {
    /// mpmc: how many messages fit
    #[arg(long, default_value_t = 64)]
    slots: u32,
    /// mpmc: how many priorities there are
    #[arg(long, default_value_t = 3)]
    priorities: u16,
    /// mpmc: what becomes of messages whose receiver died
    #[arg(long, value_enum, default_value_t = OnDeath::Redeliver)]
    on_death: OnDeath,
}

#[derive(Clone, Copy, ValueEnum)]
enum OnDeath {
    Redeliver,
    Discard,
}

fn work(options: &worker::Options) -> Result<()> {
    let channel = mpmc::open(&options.channel)?;
    match options.role {
        Role::Sender => Sending::new(&channel, options)?.run(),
        Role::Receiver => Receiving::new(&channel, options)?.run(),
        role => bail!("mpmc has no {role:?}"),
    }
}

/// A sender that is made to be killed.
struct Sending {
    tx: mpmc::Sender,
    priorities: u16,
    journal: SenderJournal,
    payloads: Payloads,
    random: Random,
    number: u32,
    sent: u64,
}

impl Sending {
    fn new(channel: &mpmc::Channel, options: &worker::Options) -> Result<Self> {
        let (number, priorities) = (options.number, channel.priorities());
        let journal = SenderJournal::create(options.journal()?)?;
        let random = Random::new(options.seed, number.into());
        Ok(Self { tx: channel.sender()?, priorities, journal, payloads: options.payloads()?, random, number, sent: 0 })
    }

    fn run(mut self) -> Result<()> {
        let mut messages = vec![Vec::new(); BATCH as usize];
        loop {
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
    }

    fn send(&mut self, messages: &[Vec<u8>]) -> Result<()> {
        let [message] = messages else {
            self.tx.send_batch(messages)?;
            return Ok(());
        };
        match self.random.below(4) {
            0 => loop {
                match self.tx.send_timeout(message, SHORT) {
                    Err(SendTimeoutError::Timeout) => {}
                    outcome => return Ok(outcome?),
                }
            },
            1 => {
                let (start, rest) = message.split_at(message.len() / 2);
                if self.random.once_in(4) {
                    // What is abandoned has never existed.
                    self.tx.reserve(message.len())?.write_at(0, start)?;
                }
                let mut grant = self.tx.reserve(message.len())?;
                grant.write_at(0, start)?;
                grant.write_at(start.len(), rest)?;
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
    payloads: Payloads,
    buffer: Vec<u8>,
    scratch: Vec<u8>,
}

impl Receiving {
    fn new(channel: &mpmc::Channel, options: &worker::Options) -> Result<Self> {
        let payloads = options.payloads()?;
        let journal = ReceiverJournal::create(options.journal()?)?;
        let notes = Notes { journal, buffer: vec![0; payloads.max()], payloads, scratch: Vec::new() };
        let random = Random::new(options.seed, options.number.into());
        Ok(Self { rx: channel.receiver()?, random, notes })
    }

    /// Until the senders are gone and nobody holds a message that may come again.
    fn run(mut self) -> Result<()> {
        loop {
            let step = if self.random.once_in(2) { self.take_one() } else { self.take_several() };
            match step {
                Ok(()) => {}
                Err(error) if error.downcast_ref() == Some(&RecvError::Disconnected) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn take_one(&mut self) -> Result<()> {
        let message = if self.random.once_in(4) {
            match self.rx.recv_timeout(SHORT) {
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => bail!(RecvError::Disconnected),
                outcome => outcome?,
            }
        } else {
            self.rx.recv()?
        };
        self.notes.got(message.redelivered(), message.deliveries(), |buffer| Ok(message.copy_to(buffer)?))?;
        hold(&mut self.random);
        if gives_back(&mut self.random) {
            return self.notes.giving_back(|| Ok(message.nack()?));
        }
        let quietly = self.random.once_in(2);
        self.notes.acknowledging(|| if quietly { Ok(drop(message)) } else { Ok(message.ack()?) })
    }

    fn take_several(&mut self) -> Result<()> {
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
        call()?;
        self.journal.note(Event::Acknowledged)
    }

    fn giving_back(&mut self, call: impl FnOnce() -> Result<()>) -> Result<()> {
        self.journal.note(Event::GivingBack)?;
        call()?;
        self.journal.note(Event::GaveBack)
    }
}

fn prepare(options: &kill::Options, scratch: &Scratch) -> Result<Box<dyn Trial>> {
    let KillOptions { slots, priorities, on_death } = options.mpmc;
    let staff = Staff { senders: 2, receivers: 3 };
    let (policy, after_death) = match on_death {
        OnDeath::Redeliver => (mpmc::OnDeath::Redeliver, AfterDeath::Again),
        OnDeath::Discard => (mpmc::OnDeath::Discard, AfterDeath::Gone),
    };
    let channel = mpmc::Options::new()
        .slots(slots)
        .priorities(priorities)
        .on_death(policy)
        .max_message(options.payloads(scratch)?.max() as u64)
        // So few that the seats of the dead are taken again all the time; one more for the keeper.
        .max_senders(staff.senders + 1)
        .max_receivers(staff.receivers)
        .create(&options.channel(scratch))?;
    let keeper = Some(channel.sender()?);
    Ok(Box::new(QueueTrial { staff, keeper, ledger: Ledger::new(after_death, BATCH), channel }))
}

struct QueueTrial {
    channel: mpmc::Channel,
    staff: Staff,
    /// Sends nothing, and keeps receivers from ending while all others happen to be dead.
    keeper: Option<mpmc::Sender>,
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
        self.keeper = None;
    }

    fn close(self: Box<Self>, info: &Info) -> Result<String> {
        let queue = info.queue.as_ref().context("the channel has no queue")?;
        ensure!(queue.free == u64::from(queue.slots), "slots were left behind: {queue:?}");
        ensure!(queue.queued.iter().all(|&queued| queued == 0), "messages were left behind: {queue:?}");
        ensure!(queue.dead_letters == 0, "messages were given up: {queue:?}");
        let found = self.ledger.close(queue.discarded)?;
        Ok(format!(
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
        ))
    }
}
