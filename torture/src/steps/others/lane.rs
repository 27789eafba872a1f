//! What the other end of a lane does while one end stands still: it goes on until it has to wait for that one, as a lossless
//! lane has it, waits no longer than it is told to, and can be left and joined again.

use super::look::{check_seat, check_wait_in_vain, look};
use super::task::{OTHERS, Task};
use crate::numbered::{LENGTH, payload};
use crate::steps::account::{Account, Deed};
use crate::subject::{ChannelOf, Subject, opened};
use crate::tracer::mark;
use anyhow::{Result, bail, ensure};
use memlane::generic::{ChannelKind, Receiver, Sender};
use memlane::{SendTimeoutError, TryRecvError, TrySendError};
use std::time::Duration;

/// A wait that is to end in vain.
const SHORT: Duration = Duration::from_micros(200);

/// Joins, and to the first mark; what is done while the other end stands still, and to the second; the rest.
pub fn go_on<K: Subject>(task: Task, name: &str, account: &mut Account) -> Result<()> {
    account.begin("join");
    let channel = opened::<K>(name)?;
    if task.scenario.is_sending() {
        receive::<K>(task, name, &channel, account)
    } else {
        send::<K>(task, name, &channel, account)
    }
}

fn receive<K: Subject>(task: Task, name: &str, channel: &ChannelOf<K>, account: &mut Account) -> Result<()> {
    let mut rx = channel.receiver()?;
    mark();
    let wants_no_room = task.scenario.may_find_nothing() && task.finds_nothing;
    for again in [false, true] {
        if again {
            account.begin("close");
            rx.leave();
            account.begin("join again");
            rx = channel.receiver()?;
        }
        if !wants_no_room {
            drain(&mut rx, account)?;
            account.begin("recv_timeout");
            check_wait_in_vain(task, rx.recv_timeout(SHORT).map(|message| message.to_vec()))?;
        }
        account.begin("join as the other end");
        check_seat(task, channel.sender().map(drop))?;
        look(name, account)?;
    }
    mark();
    drain(&mut rx, account)
}

/// Everything that there is.
fn drain(rx: &mut Receiver<impl ChannelKind>, account: &mut Account) -> Result<()> {
    loop {
        account.begin("try_recv");
        match rx.try_recv() {
            Ok(message) => {
                account.note_got(&message.to_vec(), false)?;
                message.ack()?;
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => return Ok(()),
            Err(error) => bail!(error),
        }
    }
}

fn send<K: Subject>(task: Task, name: &str, channel: &ChannelOf<K>, account: &mut Account) -> Result<()> {
    let mut tx = channel.sender()?;
    mark();
    let mut next = OTHERS;
    let wants_no_message = task.scenario.may_find_nothing() && task.finds_nothing;
    for again in [false, true] {
        if again {
            account.begin("close");
            tx.leave()?;
            account.begin("join again");
            tx = channel.sender()?;
        }
        if !wants_no_message && fill(&mut tx, &mut next, account)? {
            let lane = channel.info().lanes[tx.row() as usize];
            // A record, and as much before the ring's end, may not fit any more.
            let record = (LENGTH as u64 + 8).next_multiple_of(8) + 8;
            let fits = lane.used_bytes() + 2 * record >= channel.info().capacity;
            ensure!(fits, "the ring is full, with {} bytes used", lane.used_bytes());
            account.begin("send_timeout");
            let outcome = tx.send_timeout(&payload(next), SHORT);
            ensure!(outcome == Err(SendTimeoutError::Timeout), "into the full ring went {outcome:?}");
        } else if !wants_no_message {
            ensure!(task.scenario.joins_or_leaves(), "the stopped receiver seems to have left");
        }
        account.begin("join as the other end");
        check_seat(task, channel.receiver().map(drop))?;
        look(name, account)?;
    }
    mark();
    Ok(())
}

/// Sends until the ring is full. False if the receiver has left.
fn fill(tx: &mut Sender<impl ChannelKind>, next: &mut u64, account: &mut Account) -> Result<bool> {
    loop {
        account.begin("try_send");
        match tx.try_send(&payload(*next)) {
            Ok(()) => account.note(Deed::Sent(*next))?,
            Err(TrySendError::Full) => return Ok(true),
            Err(TrySendError::Disconnected) => return Ok(false),
            Err(error) => bail!(error),
        }
        *next += 1;
        ensure!(*next < 2 * OTHERS, "a ring that is never full");
    }
}
