//! What the processes do: who prepares a channel, who is stepped, and who sleeps meanwhile.

use super::scenario::{Kind, LENGTH, Operation, Scenario, State, payload};
use crate::tracer::{mark, stand_by};
use crate::waking::{Waking, trust};
use anyhow::{Result, bail, ensure};
use memlane::{RecvTimeoutError, SendTimeoutError, Strategy, TrySendError};
use std::time::Duration;

/// Evaluates a block for the kind's module, under one name.
macro_rules! with_kind {
    ($kind:expr, $module:ident => $body:expr) => {
        match $kind {
            $crate::sweep::scenario::Kind::Spsc => {
                use memlane::spsc as $module;
                $body
            }
            $crate::sweep::scenario::Kind::Mpmc => {
                use memlane::mpmc as $module;
                $body
            }
        }
    };
}
pub(super) use with_kind;

/// Messages that a queue has room for.
pub const SLOTS: u32 = 4;

/// How long who sleeps by itself does so: longer than its steps until then take.
const SLEEP: Duration = Duration::from_millis(8);

/// Longer than anybody waits to be woken.
const LONG: Duration = Duration::from_secs(60);

/// A lane that is as small as it can be.
pub fn lane_shape() -> memlane::spsc::Options {
    memlane::spsc::Options::new().capacity(4096)
}

/// A queue of few slots, and a seat more of each role than an operation needs.
pub fn queue_shape() -> memlane::mpmc::Options {
    memlane::mpmc::Options::new().slots(SLOTS).max_message(256).max_senders(3).max_receivers(3)
}

/// Creates a channel and brings it into this state. Returns how many messages were sent, and the numbers of those that
/// are still there.
pub fn prepare(kind: Kind, waking: Waking, state: State, name: &str) -> Result<(u64, Vec<u64>)> {
    match kind {
        Kind::Spsc => {
            drop(lane_shape().backend(waking.backend()).trust_peers(trust()).create(name)?);
        }
        Kind::Mpmc => {
            drop(queue_shape().backend(waking.backend()).trust_peers(trust()).create(name)?);
        }
    }
    let stays = match state {
        State::Empty => 0,
        State::One | State::Wrap => 1,
        State::Held => 2,
        State::Full => u64::MAX,
    };
    let passes = match (state, kind) {
        // A record takes 216 bytes: of 4,096, 18 leave too few for another one. Cells are 64.
        (State::Wrap, Kind::Spsc) => 17,
        (State::Wrap, Kind::Mpmc) => 63,
        _ => 0,
    };
    with_kind!(kind, kind => {
        let channel = kind::Options::new().trust_peers(trust()).open(name)?;
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
    })
}

/// What the stepped process does, to its second mark.
pub fn act(scenario: &Scenario, name: &str, inbox: &mut [u8]) -> Result<()> {
    let own = scenario.own_payloads();
    let extra = payload(0);
    if scenario.state == State::Held {
        hold(name)?;
    }
    with_kind!(scenario.kind, kind => {
        let channel = kind::Options::new().trust_peers(trust()).open(name)?;
        match scenario.operation {
            Operation::JoinSending => {
                mark();
                let _tx = channel.sender()?;
                mark();
            }
            Operation::JoinReceiving => {
                mark();
                let _rx = channel.receiver()?;
                mark();
            }
            Operation::Send if own.is_empty() => {
                let mut tx = channel.sender()?;
                mark();
                ensure!(tx.try_send(&extra) == Err(TrySendError::Full), "there was room");
                mark();
            }
            Operation::Send | Operation::Wake => {
                let mut tx = channel.sender()?;
                mark();
                tx.send(&own[0])?;
                mark();
            }
            Operation::SendBatch => {
                let mut tx = channel.sender()?;
                mark();
                tx.send_batch(&own)?;
                mark();
            }
            Operation::Commit => {
                let mut tx = channel.sender()?;
                mark();
                let mut grant = tx.reserve(LENGTH)?;
                grant.write_at(0, &own[0])?;
                grant.commit(LENGTH)?;
                mark();
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
                let mut rx = channel.receiver()?;
                mark();
                let message = rx.recv()?;
                mark();
                drop(message);
            }
            Operation::ReceiveInto => {
                let mut rx = channel.receiver()?;
                mark();
                ensure!(rx.recv_into(&mut inbox[..LENGTH])? == LENGTH, "another length");
                mark();
            }
            Operation::ReceiveBatch => {
                let mut rx = channel.receiver()?;
                mark();
                drop(rx.recv_batch(2)?);
                mark();
            }
            Operation::Acknowledge => {
                let mut rx = channel.receiver()?;
                let message = rx.recv()?;
                mark();
                drop(message);
                mark();
            }
            Operation::GiveBack => {
                let mut rx = channel.receiver()?;
                let message = rx.recv()?;
                mark();
                message.nack()?;
                mark();
            }
            Operation::ParkReceiving => {
                let mut rx = channel.receiver()?;
                rx.set_strategy(Strategy::Park);
                mark();
                ensure!(matches!(rx.recv_timeout(SLEEP), Err(RecvTimeoutError::Timeout)), "a message");
                mark();
            }
            Operation::ParkSending => {
                let mut tx = channel.sender()?;
                tx.set_strategy(Strategy::Park);
                mark();
                ensure!(tx.send_timeout(&extra, SLEEP) == Err(SendTimeoutError::Timeout), "there was room");
                mark();
            }
            Operation::LeaveSending => {
                let tx = channel.sender()?;
                mark();
                drop(tx);
                mark();
            }
            Operation::LeaveReceiving => {
                let rx = channel.receiver()?;
                mark();
                drop(rx);
                mark();
            }
        }
        Ok(())
    })
}

/// Two more participants of a queue: one holds the first message, the other a loan. They die with this process.
fn hold(name: &str) -> Result<()> {
    let channel = memlane::mpmc::Options::new().trust_peers(trust()).open(name)?;
    let (tx, rx) = (Box::leak(Box::new(channel.sender()?)), Box::leak(Box::new(channel.receiver()?)));
    std::mem::forget(rx.recv()?);
    std::mem::forget(tx.reserve(LENGTH)?);
    Ok(())
}

/// A receiver that sleeps until it is woken, and keeps what it then gets.
pub fn sleep(kind: Kind, name: &str) -> Result<()> {
    with_kind!(kind, kind => {
        let mut rx = kind::Options::new().trust_peers(trust()).open(name)?.receiver()?;
        rx.set_strategy(Strategy::Park);
        let _message = rx.recv_timeout(LONG)?;
        stand_by()
    })
}
