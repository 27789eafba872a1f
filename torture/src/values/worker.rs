//! A sender and receivers of a value that are made to be killed.

use super::journal::{Had, Journal};
use crate::payload::Identity;
use crate::phase::{Phase, Phases, REPEATS};
use crate::roles::Assignment;
use anyhow::{Result, bail, ensure};
use memlane::watch::{Receiver, Sender};
use memlane::{GetError, RecvError};

/// The value of this version. Its sender goes on where its predecessor stopped, so all of them are one.
fn identity(version: u64) -> Identity {
    Identity { sender: 0, sequence: version, priority: 0 }
}

/// Sets values all the time, and writes down each once it is set.
pub fn set(mut tx: Sender, phases: &Phases, assignment: &Assignment) -> Result<()> {
    let journal = Journal::create(assignment.journal()?)?;
    let payloads = assignment.payloads()?;
    let first = tx.version();
    journal.note(Had { first, last: first })?;
    let mut value = Vec::new();
    phases.enter(Phase::Committing);
    for version in first + 1.. {
        if phases.is_to_leave() {
            break;
        }
        payloads.make(identity(version), &mut value);
        let set = tx.set(&value)?;
        ensure!(set == version, "version {set} was set where {version} was due");
        journal.note(Had { first, last: version })?;
    }
    Ok(())
}

/// Gets values, waits for changes, and writes down which it had.
pub fn look(mut rx: Receiver, phases: &Phases, assignment: &Assignment) -> Result<()> {
    let journal = Journal::create(assignment.journal()?)?;
    let payloads = assignment.payloads()?;
    let (mut buffer, mut scratch) = (vec![0; rx.max_message()], Vec::new());
    let (mut first, mut last) = (None, 0);
    loop {
        if phases.is_to_leave() {
            return Ok(());
        }
        phases.enter(Phase::Waiting);
        let changed = rx.changed_into(&mut buffer);
        phases.enter(Phase::Taking);
        for turn in 0..REPEATS {
            let length = match (turn, changed) {
                (0, Ok(length)) => length,
                (0, Err(RecvError::Disconnected)) => return Ok(()),
                (0, Err(error)) => bail!(error),
                _ => match rx.get_into(&mut buffer) {
                    Ok(length) => length,
                    // The sender was faster each time.
                    Err(GetError::Busy) => continue,
                    Err(error) => bail!(error),
                },
            };
            let (version, found) = (rx.version(), payloads.check(&buffer[..length], &mut scratch)?);
            ensure!(found == identity(version), "{found:?} came as version {version}");
            ensure!(version >= last, "version {version} came behind {last}");
            last = version;
            let first = *first.get_or_insert(version);
            journal.note(Had { first, last })?;
        }
    }
}
