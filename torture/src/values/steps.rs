//! What the processes do that are stepped through an operation on a value: those of `steps::acts` and `steps::survivor`, without
//! messages.

use super::others::{self, note};
use super::{Watch, opened};
use crate::numbered::{LENGTH, number_of, payload};
use crate::steps::Steppable;
use crate::steps::account::{Account, Deed, Delivered};
use crate::steps::others::Task;
use crate::steps::scenario::{Operation, Scenario, State};
use crate::steps::survivor;
use crate::tracer::{mark, stand_by};
use crate::waking::{Waking, trust};
use crate::watch;
use anyhow::{Context, Result, bail, ensure};
use memlane::watch::{Options, Receiver};
use memlane::{ChannelStatus, GetError, RecvTimeoutError, Role, Strategy};
use std::path::Path;
use std::time::Duration;

/// How long who sleeps by itself does so: longer than its steps until then take.
const SLEEP: Duration = Duration::from_millis(8);

/// Longer than anybody waits to be woken.
const LONG: Duration = Duration::from_secs(60);

/// How many versions have a slot: behind so many, the next one takes the place of the first.
const SLOTS: u64 = 16;

/// The first of the numbers that survivors set.
const SURVIVORS: u64 = 1_000_000;

impl Steppable for Watch {
    fn prepare(&self, waking: Waking, state: State, name: &str) -> Result<(u64, Vec<u64>)> {
        let options = Options::new().max_message(LENGTH).max_receivers(5);
        let channel = options.backend(waking.backend()).trust_peers(trust()).create(name)?;
        let sets = match state {
            State::Empty => 0,
            State::One => 1,
            State::Wrap => SLOTS,
            other => bail!("a value is never {other}"),
        };
        let mut tx = channel.sender()?;
        for number in 0..sets {
            tx.set(&payload(number))?;
        }
        Ok((sets, (0..sets).last().into_iter().collect()))
    }

    fn act(&self, scenario: &Scenario, name: &str, account: &mut Account) -> Result<()> {
        let channel = opened(name)?;
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
            Operation::Send | Operation::Wake => {
                let (mut tx, own) = (channel.sender()?, scenario.own_payloads());
                mark();
                tx.set(&own[0])?;
                mark();
                scenario.own().try_for_each(|number| account.note(Deed::Sent(number)))?;
            }
            Operation::Receive => {
                let mut rx = channel.receiver()?;
                mark();
                let value = rx.changed()?;
                mark();
                note(account, &value)?;
            }
            Operation::ReceiveInto => {
                let mut rx = channel.receiver()?;
                mark();
                ensure!(rx.get_into(&mut account.inbox()[..LENGTH])? == LENGTH, "another length");
                mark();
                let value = account.received()[..LENGTH].to_vec();
                note(account, &value)?;
            }
            Operation::ParkReceiving => {
                let mut rx = channel.receiver()?;
                rx.set_strategy(Strategy::Park);
                mark();
                let outcome = rx.changed_timeout(SLEEP);
                mark();
                match outcome {
                    Ok(value) => note(account, &value)?,
                    Err(RecvTimeoutError::Timeout) => {}
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
                let rx = channel.receiver()?;
                mark();
                drop(rx);
                mark();
            }
            other => bail!("a value has no {other}"),
        }
        Ok(())
    }

    fn join(&self, role: Role, name: &str) -> Result<()> {
        let channel = opened(name)?;
        mark();
        let _end = match role {
            Role::Sender => (Some(channel.sender()?), None),
            _ => (None, Some(channel.receiver()?)),
        };
        mark();
        Ok(())
    }

    /// Of a value, nobody holds more than a seat.
    fn hold(&self, name: &str) -> Result<()> {
        let channel = opened(name)?;
        std::mem::forget((channel.sender()?, channel.receiver()?));
        Ok(())
    }

    fn sleep(&self, name: &str) -> Result<()> {
        sleeper(name)?.changed_timeout(LONG)?;
        stand_by()
    }

    fn sleep_and_leave(&self, name: &str, account: &mut Account) -> Result<()> {
        let mut rx = sleeper(name)?;
        account.begin("changed_timeout, asleep");
        let value = rx.changed_timeout(LONG)?;
        note(account, &value)
    }

    fn go_on(&self, task: Task, name: &str, account: &mut Account) -> Result<()> {
        others::go_on(task, name, account)
    }

    fn get_everything(&self, _: &str, _: &[u64], _: &mut Account) -> Result<()> {
        bail!("nobody holds a value")
    }

    fn survive(&self, path: &Path, sent: &dyn Fn(&[Delivered]) -> u64) -> Result<Vec<Delivered>> {
        let name = path.display().to_string();
        let (found, set) = use_all_slots(&name)?;
        let info = memlane::inspect(&name)?;
        ensure!(info.status == ChannelStatus::Live, "the channel is {:?}", info.status);
        ensure!(watch::everybody_left(&info), "somebody is still there: {:?}", info.participants);
        let (version, expected) = (info.value.context("no value")?.version, sent(&found) + set);
        ensure!(version == expected, "version {version} instead of {expected}, of which {found:?} was left");
        survivor::remove(path)?;
        Ok(found)
    }
}

fn sleeper(name: &str) -> Result<Receiver> {
    let mut rx = opened(name)?.receiver()?;
    rx.set_strategy(Strategy::Park);
    Ok(rx)
}

/// Returns the value that is there, and how many were set after that.
fn use_all_slots(name: &str) -> Result<(Vec<Delivered>, u64)> {
    let channel = opened(name)?;
    let mut tx = channel.sender().context("joining as a sender")?;
    let mut rx = channel.receiver().context("joining as a receiver")?;
    let found = match rx.try_get() {
        Ok(value) => vec![Delivered { number: number_of(&value).context("the value is torn")?, again: false }],
        Err(GetError::NoValue) => Vec::new(),
        Err(error) => bail!("instead of the value: {error}"),
    };
    let first = tx.version();
    ensure!(rx.version() == first, "a receiver has version {}, and a sender goes on at {first}", rx.version());
    let count = 2 * SLOTS + 3;
    for number in 0..count {
        let version = tx.set(&payload(SURVIVORS + number)).context("setting after the death")?;
        ensure!(version == first + number + 1, "version {version} behind {number} others and {first}");
        let value = rx.changed_timeout(Duration::ZERO).with_context(|| format!("value {number} after the death"))?;
        ensure!(number_of(&value) == Some(SURVIVORS + number), "another value after the death");
        ensure!(rx.version() == version, "it came as version {}", rx.version());
    }
    drop(tx);
    let outcome = rx.changed_timeout(Duration::ZERO);
    ensure!(outcome == Err(RecvTimeoutError::Disconnected), "instead of the end: {outcome:?}");
    Ok((found, count))
}
