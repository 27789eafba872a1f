//! What the processes do: who prepares a channel, who is stepped, and who sleeps meanwhile.

use super::account::{Account, Deed};
use super::scenario::{EXTRA, Operation, Scenario, State};
use crate::numbered::{LENGTH, number_of, payload};
use crate::subject::{ReceiverOf, SenderOf, Subject, opened};
use crate::tracer::{mark, stand_by};
use crate::waking::{Waking, trust};
use anyhow::{Context, Result, bail, ensure};
use memlane::{RecvTimeoutError, Role, SendTimeoutError, Strategy, TrySendError};
use std::time::Duration;

/// How long who sleeps by itself does so: longer than its steps until then take.
const SLEEP: Duration = Duration::from_millis(8);

/// Longer than anybody waits to be woken.
const LONG: Duration = Duration::from_secs(60);

/// Creates a channel and brings it into this state. Returns how many messages were sent, and the numbers of those that
/// are still there.
pub fn prepare<K: Subject>(waking: Waking, state: State, name: &str) -> Result<(u64, Vec<u64>)> {
    let shape = if matches!(state, State::Several | State::Rival { .. }) { K::roomy() } else { K::small() };
    let channel = shape.backend(waking.backend()).trust_peers(trust()).create(name)?;
    let stays = match state {
        State::Empty => 0,
        State::One | State::Wrap => 1,
        State::Held => 2,
        State::Several | State::Rival { .. } => 4,
        State::Full => u64::MAX,
        State::Lapped => bail!("of these kinds, nobody overwrites"),
    };
    let passes = match state {
        State::Wrap | State::Several | State::Rival { .. } => K::LAP - stays,
        _ => 0,
    };
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    for number in 0..passes {
        tx.try_send(&payload(number))?;
        rx.try_recv()?.ack()?;
    }
    let mut sent = passes;
    while sent - passes < stays {
        match tx.try_send(&payload(sent)) {
            Ok(()) => sent += 1,
            Err(TrySendError::Full) if stays == u64::MAX => break,
            Err(error) => bail!(error),
        }
    }
    Ok((sent, (passes..sent).collect()))
}

/// What the stepped process does. Its operation is between the marks; behind them it writes down what it did, and leaves.
pub fn act<K: Subject>(scenario: &Scenario, name: &str, account: &mut Account) -> Result<()> {
    let own = scenario.own_payloads();
    let extra = payload(EXTRA);
    if scenario.state == State::Held {
        hold::<K>(name)?;
    }
    let channel = opened::<K>(name)?;
    match scenario.operation {
        Operation::JoinSending => {
            mark();
            let _tx = channel.sender()?;
            mark();
        }
        Operation::JoinReceiving => {
            mark();
            let _rx = K::receiver(&channel)?;
            mark();
        }
        Operation::Send if own.is_empty() => {
            let mut tx = channel.sender()?;
            mark();
            let outcome = tx.try_send(&extra);
            mark();
            match outcome {
                Ok(()) => account.note(Deed::Sent(EXTRA))?,
                Err(TrySendError::Full) => {}
                Err(error) => bail!(error),
            }
        }
        Operation::Send | Operation::Wake => {
            let mut tx = channel.sender()?;
            mark();
            tx.send(&own[0])?;
            mark();
            note_own(scenario, account)?;
        }
        Operation::SendBatch => {
            let mut tx = channel.sender()?;
            mark();
            tx.send_batch(&own)?;
            mark();
            note_own(scenario, account)?;
        }
        Operation::Commit => {
            let mut tx = channel.sender()?;
            mark();
            let mut grant = tx.reserve(LENGTH)?;
            grant.write_at(0, &own[0])?;
            grant.commit(LENGTH)?;
            mark();
            note_own(scenario, account)?;
        }
        Operation::Abort => {
            let mut tx = channel.sender()?;
            mark();
            let mut grant = tx.reserve(LENGTH)?;
            grant.write_at(0, &extra)?;
            drop(grant);
            mark();
        }
        Operation::Receive => {
            let mut rx = K::receiver(&channel)?;
            mark();
            let message = rx.recv()?;
            mark();
            account.note_got(&message.to_vec(), K::is_marked(&message))?;
        }
        Operation::ReceiveInto => {
            let mut rx = K::receiver(&channel)?;
            mark();
            ensure!(rx.recv_into(&mut account.inbox()[..LENGTH])? == LENGTH, "another length");
            mark();
            let message = account.received()[..LENGTH].to_vec();
            account.note_got(&message, false)?;
        }
        Operation::ReceiveBatch => {
            let mut rx = K::receiver(&channel)?;
            let mut marked = [None; 2];
            mark();
            let batch = rx.recv_batch(2)?;
            for ((message, place), marked) in batch.iter().zip(account.inbox().chunks_mut(LENGTH)).zip(&mut marked) {
                ensure!(message.copy_to(place)? == LENGTH, "another length");
                *marked = Some(K::is_marked_in_batch(&message));
            }
            drop(batch);
            mark();
            let messages = account.received().to_vec();
            for (message, marked) in messages.chunks(LENGTH).zip(marked) {
                marked.map_or(Ok(()), |again| account.note_got(message, again))?;
            }
        }
        Operation::Acknowledge => {
            let mut rx = K::receiver(&channel)?;
            let message = rx.recv()?;
            let (bytes, again) = (message.to_vec(), K::is_marked(&message));
            mark();
            drop(message);
            mark();
            account.note_got(&bytes, again)?;
        }
        Operation::GiveBack => {
            let mut rx = K::receiver(&channel)?;
            let message = rx.recv()?;
            let bytes = message.to_vec();
            mark();
            message.nack()?;
            mark();
            account.note(Deed::GaveBack(number_of(&bytes).context("a message is damaged")?))?;
        }
        Operation::ParkReceiving => {
            let mut rx = K::receiver(&channel)?;
            rx.set_strategy(Strategy::Park);
            mark();
            let outcome = rx.recv_timeout(SLEEP);
            mark();
            match outcome {
                Ok(message) => account.note_got(&message.to_vec(), K::is_marked(&message))?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(error) => bail!(error),
            }
        }
        Operation::ParkSending => {
            let mut tx = channel.sender()?;
            tx.set_strategy(Strategy::Park);
            mark();
            let outcome = tx.send_timeout(&extra, SLEEP);
            mark();
            match outcome {
                Ok(()) => account.note(Deed::Sent(EXTRA))?,
                Err(SendTimeoutError::Timeout) => {}
                Err(error) => bail!(error),
            }
        }
        Operation::LeaveSending => {
            let tx = channel.sender()?;
            mark();
            drop(tx);
            mark();
        }
        Operation::LeaveReceiving => {
            let rx = K::receiver(&channel)?;
            mark();
            drop(rx);
            mark();
        }
    }
    Ok(())
}

fn note_own(scenario: &Scenario, account: &mut Account) -> Result<()> {
    scenario.own().try_for_each(|number| account.note(Deed::Sent(number)))
}

/// Joins, between the marks, and leaves.
pub fn join<K: Subject>(role: Role, name: &str) -> Result<()> {
    let channel = opened::<K>(name)?;
    mark();
    let _end = match role {
        Role::Sender => (Some(channel.sender()?), None),
        _ => (None, Some(channel.receiver()?)),
    };
    mark();
    Ok(())
}

/// Two more participants: one holds the first message, the other a loan. They die with this process.
pub fn hold<K: Subject>(name: &str) -> Result<()> {
    let channel = opened::<K>(name)?;
    let (tx, rx): (&mut SenderOf<K>, &mut ReceiverOf<K>) =
        (Box::leak(Box::new(channel.sender()?)), Box::leak(Box::new(channel.receiver()?)));
    std::mem::forget(rx.recv()?);
    std::mem::forget(tx.reserve(LENGTH)?);
    Ok(())
}

/// A receiver that sleeps until it is woken, and keeps what it then gets.
pub fn sleep<K: Subject>(name: &str) -> Result<()> {
    let mut rx = opened::<K>(name)?.receiver()?;
    rx.set_strategy(Strategy::Park);
    let _message = rx.recv_timeout(LONG)?;
    stand_by()
}

/// The same, who writes down what it got, and leaves.
pub fn sleep_and_leave<K: Subject>(name: &str, account: &mut Account) -> Result<()> {
    let mut rx = opened::<K>(name)?.receiver()?;
    rx.set_strategy(Strategy::Park);
    account.begin("recv_timeout, asleep");
    let message = rx.recv_timeout(LONG)?;
    account.note_got(&message.to_vec(), K::is_marked(&message))?;
    Ok(message.ack()?)
}
