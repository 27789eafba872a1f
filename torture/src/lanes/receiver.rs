//! The receiver of lanes that is made to be killed: it checks every message, and writes down what it had before it releases it.

use super::journal::{Had, Journal};
use super::kind::OnLanes;
use crate::phase::{Phase, Phases, REPEATS};
use crate::roles::Assignment;
use crate::subject::ReceiverOf;
use anyhow::{Result, bail, ensure};
use memlane::generic::Message;
use memlane::{RecvError, TryRecvError};
use std::collections::BTreeMap;

pub fn receive<K: OnLanes>(mut rx: ReceiverOf<K>, phases: &Phases, assignment: &Assignment) -> Result<()> {
    let journal = Journal::create(assignment.journal()?)?;
    let payloads = assignment.payloads()?;
    let mut had = BTreeMap::new();
    let (mut buffer, mut scratch) = (vec![0; payloads.max()], Vec::new());
    loop {
        if phases.is_to_leave() {
            return Ok(());
        }
        phases.enter(Phase::Taking);
        if matches!(rx.try_recv().map(Message::hand_back), Err(TryRecvError::Empty)) {
            phases.enter(Phase::Waiting);
        }
        let message = match rx.recv() {
            Ok(message) => message,
            Err(RecvError::Disconnected) => return Ok(()),
            Err(error) => bail!(error),
        };
        phases.enter(Phase::Taking);
        let length = message.copy_to(&mut buffer)?;
        let identity = payloads.check(&buffer[..length], &mut scratch)?;
        let (lane, sequence) = (identity.sender, identity.sequence);
        let number = K::sequence(&message);
        ensure!(sequence == number, "message {sequence} of lane {lane} came as number {number}");
        let of_lane = had.entry(lane).or_insert(Had { first: sequence, end: sequence });
        ensure!(sequence == of_lane.end, "message {sequence} of lane {lane} came where {} was due", of_lane.end);
        of_lane.end += 1;
        // Written down before it is released: what the journal covers, this receiver had.
        journal.note(lane, *of_lane)?;
        phases.enter(Phase::Acknowledging);
        drop(message);
        for _ in 0..if sequence % 16 == 1 { REPEATS } else { 0 } {
            K::publish_released(&mut rx);
        }
    }
}
