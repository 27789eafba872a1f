//! Receivers of a value that stand still, and what the sender and another receiver have meanwhile: everything, at once.

use crate::numbered::{LENGTH, number_of, payload};
use crate::roles;
use crate::scratch::{Scratch, Worker};
use crate::stop::throughput;
use crate::subject::Comparison;
use crate::waking::{self, Waking};
use anyhow::{Context, Result, bail, ensure};
use memlane::watch::{Options, Receiver};
use memlane::{Kind, RecvError};

/// Two receivers stand still with a value in hand, while so many are set.
pub fn stand_still(comparison: Comparison, waking: Waking, scratch: &Scratch) -> Result<()> {
    let name = scratch.channel();
    let options = Options::new().max_message(LENGTH).backend(waking.backend()).trust_peers(waking::trust());
    let channel = options.create(&name)?;
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    tx.set(&payload(0))?;
    let start = || throughput::start_stopping(&[Kind::Watch.name(), "stopping-receiver", &name], || Ok(()));
    let stopped: Vec<Worker> = [start()?, start()?].into();
    let mut value = [0; LENGTH];
    for number in 1..comparison.messages {
        let version = tx.set(&payload(number))?;
        ensure!(rx.get_into(&mut value)? == LENGTH && number_of(&value) == Some(number), "another value than {number}");
        ensure!(rx.version() == version, "version {} instead of {version}", rx.version());
    }
    drop((tx, rx));
    stopped.into_iter().try_for_each(throughput::finish)?;
    println!(
        "two receivers stand still: {} values were set and read meanwhile, and they have the last one",
        comparison.messages
    );
    Ok(memlane::remove(&name)?)
}

/// Has the first value, stands still, and then has the last one.
pub fn stop_with_a_value(mut rx: Receiver, name: &str) -> Result<()> {
    check(&rx.changed()?, rx.version())?;
    roles::stand_still()?;
    loop {
        match rx.changed() {
            Ok(value) => check(&value, rx.version())?,
            Err(RecvError::Disconnected) => break,
            Err(error) => bail!(error),
        }
    }
    let last = memlane::inspect(name)?.value.context("no value")?.version;
    ensure!(rx.version() == last, "version {} is the last one that it had, of {last}", rx.version());
    Ok(())
}

/// The first value has number 0, and version 1.
fn check(value: &[u8], version: u64) -> Result<()> {
    let number = number_of(value).context("a value is torn")?;
    ensure!(number + 1 == version, "value {number} came as version {version}");
    Ok(())
}
