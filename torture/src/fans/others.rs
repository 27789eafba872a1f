//! What others do while somebody stands still in an operation on a broadcast. Around a sender, another receiver gets all that was sent. Around a
//! receiver, the sender goes on until it has to wait for that one, or, where it overwrites, for nobody; and another receiver gets all of that.

use crate::numbered::{number_of, payload};
use crate::steps::account::{Account, Deed, Delivered};
use crate::steps::others::{BEGUN_WITH, OTHERS, Task, check_seat, check_wait_in_vain, look};
use crate::steps::scenario::State;
use crate::subject::opened;
use crate::tracer::mark;
use anyhow::{Context, Result, bail, ensure};
use memlane::broadcast::{Channel, Receiver, Sender, Start};
use memlane::{SendTimeoutError, TryRecvError, TrySendError};
use std::time::Duration;

/// A wait that is to end in vain.
const SHORT: Duration = Duration::from_micros(200);

/// Messages that go round an overwriting channel, or one without a receiver that reads nothing, more than twice.
const MESSAGES: u64 = 45;

/// Joins, and to the first mark; what is done while the other one stands still, and to the second; the rest.
pub fn go_on(task: Task, name: &str, account: &mut Account) -> Result<()> {
    account.begin("join");
    let channel = opened::<super::Broadcast>(name)?;
    if task.scenario.is_sending() {
        receive(task, name, &channel, account)
    } else {
        send(task, name, &channel, account)
    }
}

/// It leaves, and comes again to go on where it was.
fn receive(task: Task, name: &str, channel: &Channel, account: &mut Account) -> Result<()> {
    let mut rx = channel.receiver_from(Start::Last(BEGUN_WITH as u64))?;
    mark();
    for again in [false, true] {
        if again {
            account.begin("join again");
            let next = rx.next_sequence();
            drop(rx);
            rx = channel.receiver_from(Start::At(next))?;
        }
        drain(task, &mut rx, account)?;
        account.begin("recv_timeout");
        check_wait_in_vain(task, rx.recv_timeout(SHORT).map(|message| message.to_vec()))?;
        account.begin("join as the other end");
        check_seat(task, channel.sender().map(drop))?;
        look(name, account)?;
    }
    mark();
    drain(task, &mut rx, account)
}

/// Everything that there is.
fn drain(task: Task, rx: &mut Receiver, account: &mut Account) -> Result<()> {
    loop {
        account.begin("try_recv");
        match rx.try_recv() {
            Ok(message) => {
                let number = number_of(&message.to_vec()).context("a message is damaged")?;
                account.note(Deed::Got(Delivered { number, again: false }))?;
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => return Ok(()),
            Err(TryRecvError::Lagged { .. }) if task.scenario.state == State::Lapped => {}
            Err(error) => bail!(error),
        }
    }
}

fn send(task: Task, name: &str, channel: &Channel, account: &mut Account) -> Result<()> {
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    mark();
    let mut numbers = OTHERS..;
    let wants_no_message = task.scenario.may_find_nothing() && task.finds_nothing;
    for again in [false, true] {
        if again {
            account.begin("leave");
            tx.leave()?;
            account.begin("join again");
            tx = channel.sender()?;
        }
        if !wants_no_message {
            let is_full = go_round(task, (&mut tx, &mut rx), &mut numbers, account)?;
            let may_be_free = task.scenario.joins_or_leaves() || task.scenario.state == State::Lapped;
            ensure!(is_full || may_be_free, "the sender does not wait for the stopped receiver");
        }
        account.begin("join as the other end");
        check_seat(task, channel.receiver().map(drop))?;
        look(name, account)?;
    }
    mark();
    Ok(())
}

/// Sends messages until it has to wait. False: it has not.
fn go_round(
    task: Task,
    (tx, rx): (&mut Sender, &mut Receiver),
    numbers: &mut std::ops::RangeFrom<u64>,
    account: &mut Account,
) -> Result<bool> {
    for _ in 0..MESSAGES {
        account.begin("try_send");
        match tx.try_send(&payload(numbers.start)) {
            Ok(()) => account.note(Deed::Sent(numbers.start))?,
            Err(TrySendError::Full) => {
                account.begin("send_timeout");
                let outcome = tx.send_timeout(&payload(numbers.start), SHORT);
                ensure!(outcome == Err(SendTimeoutError::Timeout), "into the full ring went {outcome:?}");
                return Ok(true);
            }
            Err(error) => bail!(error),
        }
        numbers.next();
        drain(task, rx, account)?;
    }
    Ok(false)
}
