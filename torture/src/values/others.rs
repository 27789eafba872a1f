//! What others do while somebody stands still in an operation on a value: everything. Nobody waits for anybody.

use super::opened;
use crate::numbered::{number_of, payload};
use crate::steps::account::{Account, Deed, Delivered};
use crate::steps::others::{OTHERS, Task, check_seat, check_wait_in_vain, look};
use crate::tracer::mark;
use anyhow::{Context, Result, bail, ensure};
use memlane::RecvTimeoutError;
use memlane::watch::{Channel, Receiver};
use std::time::Duration;

/// A wait that is to end in vain.
const SHORT: Duration = Duration::from_micros(200);

/// Values that a sender sets around a receiver that stands still: twice round the slots, and some.
const VALUES: u64 = 40;

/// Joins, and to the first mark; what is done while the other one stands still, and to the second; the rest.
pub fn go_on(task: Task, name: &str, account: &mut Account) -> Result<()> {
    account.begin("join");
    let channel = opened(name)?;
    if task.scenario.is_sending() { receive(task, name, &channel, account) } else { set(task, name, &channel, account) }
}

/// The value before stays readable, or the one that is being set is there: and then for everybody.
fn receive(task: Task, name: &str, channel: &Channel, account: &mut Account) -> Result<()> {
    let mut rx = channel.receiver()?;
    mark();
    for again in [false, true] {
        if again {
            account.begin("join again");
            rx = channel.receiver()?;
        }
        drain(&mut rx, account)?;
        account.begin("changed_timeout");
        check_wait_in_vain(task, rx.changed_timeout(SHORT))?;
        account.begin("join as the other end");
        check_seat(task, channel.sender().map(drop))?;
        look(name, account)?;
    }
    mark();
    drain(&mut rx, account)
}

/// What this receiver has not seen.
fn drain(rx: &mut Receiver, account: &mut Account) -> Result<()> {
    account.begin("changed_timeout of zero");
    match rx.changed_timeout(Duration::ZERO) {
        Ok(value) => {
            note(account, &value)?;
            ensure!(!rx.has_changed(), "one value has changed twice");
            Ok(())
        }
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(()),
        Err(error) => bail!(error),
    }
}

/// Sets values, which another receiver gets, and has the seat twice.
fn set(task: Task, name: &str, channel: &Channel, account: &mut Account) -> Result<()> {
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    mark();
    let finds_nothing = task.scenario.may_find_nothing() && task.finds_nothing;
    let mut numbers = OTHERS..;
    for again in [false, true] {
        if again {
            account.begin("leave");
            tx.leave()?;
            account.begin("join again");
            tx = channel.sender()?;
        }
        if !finds_nothing {
            for number in numbers.by_ref().take(VALUES as usize) {
                account.begin("set");
                tx.set(&payload(number))?;
                account.note(Deed::Sent(number))?;
                drain(&mut rx, account)?;
            }
            ensure!(rx.version() == tx.version(), "a receiver is behind");
        }
        account.begin("join as the other end");
        check_seat(task, channel.receiver().map(drop))?;
        look(name, account)?;
    }
    mark();
    Ok(())
}

/// Writes down a value that came, and that is the one of its version.
pub fn note(account: &mut Account, value: &[u8]) -> Result<()> {
    let number = number_of(value).context("a value is torn")?;
    account.note(Deed::Got(Delivered { number, again: false }))
}
