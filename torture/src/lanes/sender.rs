//! A sender of a lane that is made to be killed: it sends every other message in steps.

use super::kind::OnLanes;
use super::message::identity;
use crate::phase::{Phase, Phases, REPEATS};
use crate::roles::Assignment;
use crate::subject::SenderOf;
use anyhow::Result;
use memlane::generic::{ChannelKind, Sender};
use memlane::{GrantError, SendError, TrySendError};

pub fn send<K: OnLanes>(mut tx: SenderOf<K>, phases: &Phases, assignment: &Assignment) -> Result<()> {
    let payloads = assignment.payloads()?;
    let mut message = Vec::new();
    let (lane, first) = (tx.row(), K::resumed_at(&tx));
    for sequence in first..first.saturating_add(assignment.count) {
        if phases.is_to_leave() {
            return Ok(());
        }
        payloads.make(identity(lane, sequence), &mut message);
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

fn send_in_steps(tx: &mut Sender<impl ChannelKind>, phases: &Phases, message: &[u8], repeats: u32) -> Result<()> {
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
