//! A receiver of slots: single messages, batches, and several that two threads finish at once. It keeps some of them for a while, and
//! gives some of them back.

use super::common::{BATCH, SHORT};
use super::journal::{Event, Got, ReceiverJournal};
use super::kind::OnSlots;
use crate::payload::Payloads;
use crate::phase::{Phase, Phases};
use crate::random::Random;
use crate::roles::Assignment;
use crate::subject::{ChannelOf, ReceiverOf};
use anyhow::{Result, bail};
use memlane::generic::Message;
use memlane::mpmc::HeldMessage;
use memlane::{AckError, RecvError, RecvTimeoutError};
use std::time::Duration;

/// A receiver that is made to be killed.
pub struct Receiving<K: OnSlots> {
    rx: ReceiverOf<K>,
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

impl<K: OnSlots> Receiving<K> {
    pub fn new(channel: &ChannelOf<K>, phases: Phases, options: &Assignment) -> Result<Self> {
        let payloads = options.payloads()?;
        let journal = ReceiverJournal::create(options.journal()?)?;
        let notes = Notes { journal, phases, buffer: vec![0; payloads.max()], payloads, scratch: Vec::new() };
        let random = Random::new(options.seed, options.number.into());
        Ok(Self { rx: channel.receiver()?, random, notes })
    }

    /// Until the senders are gone and nobody holds a message that may come again; or it is to leave.
    pub fn run(mut self) -> Result<()> {
        while !self.notes.phases.is_to_leave() {
            let step = match self.random.below(8) {
                0..4 => self.take_one(),
                4..7 => self.take_several(),
                _ => self.hold_several(),
            };
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
            if K::is_empty(&self.rx) {
                self.notes.phases.enter(Phase::Waiting);
            }
            self.rx.recv()?
        };
        self.notes.phases.enter(Phase::Taking);
        self.notes.got(K::is_marked(&message), K::deliveries(&message), |buffer| Ok(message.copy_to(buffer)?))?;
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
            let (marked, deliveries) = (K::is_marked_in_batch(&message), K::deliveries_in_batch(&message));
            self.notes.got(marked, deliveries, |buffer| Ok(message.copy_to(buffer)?))?;
        }
        hold(&mut self.random);
        if gives_back(&mut self.random) {
            return self.notes.giving_back(|| Ok(batch.nack()?));
        }
        self.notes.acknowledging(|| Ok(batch.ack()?))
    }

    fn hold_several(&mut self) -> Result<()> {
        self.notes.phases.enter(Phase::Taking);
        let mut held = vec![self.notes.got_and_holds::<K>(self.rx.recv()?)?];
        for _ in 0..self.random.below(BATCH) {
            let Ok(message) = self.rx.try_recv() else { break };
            held.push(self.notes.got_and_holds::<K>(message)?);
        }
        hold(&mut self.random);
        if gives_back(&mut self.random) {
            return self.notes.giving_back(|| finish(held, HeldMessage::nack));
        }
        self.notes.acknowledging(|| finish(held, HeldMessage::ack))
    }
}

/// Finishes messages on two threads: the second half elsewhere, the last one first.
fn finish(mut held: Vec<HeldMessage>, how: fn(HeldMessage) -> Result<(), AckError>) -> Result<()> {
    let others = held.split_off(held.len() / 2);
    std::thread::scope(|scope| {
        let elsewhere = scope.spawn(move || others.into_iter().rev().try_for_each(how));
        held.into_iter().try_for_each(how)?;
        Ok(elsewhere.join().expect("no call panics")?)
    })
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

    fn got_and_holds<K: OnSlots>(&mut self, message: Message<'_, K::Channels>) -> Result<HeldMessage> {
        self.got(K::is_marked(&message), K::deliveries(&message), |buffer| Ok(message.copy_to(buffer)?))?;
        Ok(K::hold(message))
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
