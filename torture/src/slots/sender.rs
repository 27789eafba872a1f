//! A sender of slots: one by one, in batches, into reserved slots, some of which it abandons, and with every priority.

use super::common::{BATCH, SHORT, queue_of};
use super::journal::SenderJournal;
use super::kind::OnSlots;
use crate::payload::{Identity, Payloads};
use crate::phase::{Phase, Phases, REPEATS};
use crate::random::Random;
use crate::roles::Assignment;
use crate::subject::{ChannelOf, SenderOf};
use anyhow::Result;
use memlane::{SendTimeoutError, TrySendError};

/// A sender that is made to be killed.
pub struct Sending<K: OnSlots> {
    tx: SenderOf<K>,
    phases: Phases,
    priorities: usize,
    journal: SenderJournal,
    payloads: Payloads,
    random: Random,
    number: u32,
    sent: u64,
}

impl<K: OnSlots> Sending<K> {
    pub fn new(channel: &ChannelOf<K>, phases: Phases, options: &Assignment) -> Result<Self> {
        let (number, priorities) = (options.number, queue_of(&channel.info())?.queued.len());
        let journal = SenderJournal::create(options.journal()?)?;
        let random = Random::new(options.seed, number.into());
        let (tx, payloads) = (channel.sender()?, options.payloads()?);
        Ok(Self { tx, phases, priorities, journal, payloads, random, number, sent: 0 })
    }

    pub fn run(mut self) -> Result<()> {
        let mut messages = vec![Vec::new(); BATCH as usize];
        while !self.phases.is_to_leave() {
            let priority = self.random.below(self.priorities as u64);
            K::set_priority(&mut self.tx, priority as u8)?;
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
