//! A receiver of a broadcast that is made to be killed: it checks every message, and writes down what it had before it releases it.

use super::journal::{Had, Journal};
use crate::lanes::identity;
use crate::phase::{Phase, Phases, REPEATS};
use crate::roles::Assignment;
use anyhow::{Result, bail, ensure};
use memlane::broadcast::{Channel, Message, Receiver, Start};
use memlane::{JoinError, RecvError, TryRecvError};

/// Where receivers begin, in turn.
const STARTS: [Start; 3] = [Start::Now, Start::Oldest, Start::Last(10)];

/// Of several, one comes back by this. (With two such, a lossless sender waits most of the time, and few die at work.)
const NAME: &str = "archive";

/// Joins by the name, unless another one has it. Returns whether that is so.
fn join(channel: &Channel, start: Start) -> Result<(Receiver, bool), JoinError> {
    match channel.receiver_named(NAME, start) {
        Err(JoinError::NameTaken { .. }) => channel.receiver_from(start).map(|rx| (rx, false)),
        other => other.map(|rx| (rx, true)),
    }
}

pub fn receive(channel: &Channel, phases: &Phases, assignment: &Assignment) -> Result<()> {
    let journal = Journal::create(assignment.journal()?)?;
    let payloads = assignment.payloads()?;
    let is_lossy = channel.info().broadcast.is_some_and(|broadcast| broadcast.policy.is_lossy());
    let (mut rx, named) = loop {
        match join(channel, STARTS[assignment.number as usize % STARTS.len()]) {
            // The sender is faster, and may be for a while.
            Err(JoinError::Busy { .. }) if is_lossy => {}
            other => break other?,
        }
    };
    let first = rx.next_sequence();
    let mut had = Had { first, end: first, lost: 0, named };
    // One that came back to messages that are overwritten is told of them first, and learns by that where it was.
    if !(named && is_lossy) {
        journal.note(had)?;
    }
    let (mut buffer, mut scratch) = (vec![0; payloads.max()], Vec::new());
    let mut told = 0;
    loop {
        if told > 0 {
            had = had.and_lost(std::mem::take(&mut told), rx.next_sequence(), is_lossy)?;
            journal.note(had)?;
        }
        if phases.is_to_leave() {
            return Ok(());
        }
        phases.enter(Phase::Taking);
        let looked = rx.try_recv().map(Message::hand_back);
        if looked == Err(TryRecvError::Empty) {
            phases.enter(Phase::Waiting);
        }
        // Of what it lost, it is told once: by one of the two calls.
        if let Err(TryRecvError::Lagged { lost }) = looked {
            told = lost;
            continue;
        }
        let message = match rx.recv() {
            Ok(message) => message,
            Err(RecvError::Lagged { lost }) => {
                told = lost;
                continue;
            }
            Err(RecvError::Disconnected) => return Ok(()),
            Err(error) => bail!(error),
        };
        phases.enter(Phase::Taking);
        let length = message.copy_to(&mut buffer)?;
        let (found, number) = (payloads.check(&buffer[..length], &mut scratch)?, message.sequence());
        ensure!(found == identity(0, number), "{found:?} came as message {number}");
        ensure!(number == had.end, "message {number} came where {} was due", had.end);
        had.end += 1;
        // Written down before it is released: what the journal covers, this receiver had.
        journal.note(had)?;
        phases.enter(Phase::Acknowledging);
        drop(message);
        for _ in 0..if number % 16 == 1 { REPEATS } else { 0 } {
            rx.publish_released();
        }
    }
}

impl Had {
    /// With so many messages more that are lost, in front of this one.
    fn and_lost(self, lost: u64, next: u64, is_lossy: bool) -> Result<Self> {
        ensure!(is_lossy, "a lossless receiver lost {lost} messages behind {}", self.end);
        // What one lost that was away it lost in front of where it joined.
        let is_told_of_its_absence = self.named && self.first == self.end && self.end == next;
        let (first, end) = if is_told_of_its_absence { (next - lost, next) } else { (self.first, self.end + lost) };
        Ok(Self { first, end, lost: self.lost + lost, ..self })
    }
}
