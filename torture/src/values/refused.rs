//! The public calls of a value to which system calls are refused: those of `faults::refused`, without messages.

use super::{Watch, opened};
use crate::faults::{
    BARE, Call, DAMAGED, DEAD, EMPTY, Family, LONG, NAP, NAP_CALLS, ONE, Refused, SLICES, STALE, Stage, finish,
};
use crate::numbered::{number_of, payload};
use crate::tracer::Forked;
use crate::waking::trust;
use crate::watch;
use anyhow::{Context, Result, ensure};
use memlane::Strategy;
use memlane::watch::{Channel, Options};

/// The number of what the acts set.
const NEXT: u64 = 500;

impl Refused for Watch {
    fn calls(&self) -> &'static [Call] {
        const {
            &[
                Call::new("create", None, Family::Create, create),
                Call::new("create, bare system", None, Family::Create, create).refused(BARE),
                Call::new("create, exists", ONE, Family::Create, create_existing),
                Call::new("anonymous", None, Family::Unnamed, anonymous),
                Call::new("private", None, Family::Unnamed, private),
                Call::new("open", ONE, Family::Open, open),
                Call::new("open_read_only", ONE, Family::Open, open_read_only),
                Call::new("open_or_create, stale", STALE, Family::Replace, open_or_create),
                Call::new("join as sender", ONE, Family::Join, join_as_sender),
                Call::new("join as receiver", ONE, Family::Join, join_as_receiver),
                Call::new("join, sender died", DEAD, Family::Join, join_as_sender).sleeps(),
                Call::new("join, receiver died", DEAD, Family::Join, join_as_receiver).sleeps(),
                Call::new("set", ONE, Family::Transfer, set),
                Call::new("set, waking", EMPTY, Family::Transfer, set_for_a_sleeper).sleeps(),
                Call::new("get", ONE, Family::Transfer, get),
                Call::new("get, read-only", ONE, Family::Transfer, get_read_only),
                Call::new("changed", ONE, Family::Transfer, changed),
                Call::new("changed, sleeping", EMPTY, Family::Transfer, changed_asleep).at_most(NAP_CALLS),
                Call::new("changed, sender dies", EMPTY, Family::Transfer, changed_while_the_sender_dies),
                Call::new("changed, read-only", EMPTY, Family::Transfer, changed_read_only),
                Call::new("inspect", ONE, Family::Inspect, inspect),
                Call::new("remove", ONE, Family::Remove, remove),
                Call::new("remove, in use", ONE, Family::Remove, remove_in_use),
                Call::new("remove, damaged", DAMAGED, Family::Remove, remove_damaged),
                Call::new("close", EMPTY, Family::Transfer, close).sleeps(),
                Call::new("leave as sender", ONE, Family::Transfer, leave_as_sender).sleeps(),
                Call::new("leave as receiver", ONE, Family::Transfer, leave_as_receiver).sleeps(),
            ]
        }
    }
}

fn options(stage: &Stage) -> Options {
    Options::new().max_message(crate::numbered::LENGTH).backend(stage.waking.backend()).trust_peers(trust())
}

/// A channel without a name serves this process.
fn exchange(channel: &Channel) -> Result<()> {
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    for number in 0..3 {
        tx.set(&payload(number))?;
        ensure!(number_of(&rx.changed()?) == Some(number), "another value");
    }
    Ok(())
}

/// The value that is there stays, and this is it.
fn was_seen(stage: &Stage, value: Option<Vec<u8>>) -> Result<()> {
    let number = value.as_deref().and_then(number_of);
    let latest = stage.left.as_ref().and_then(|left| left.last().copied());
    ensure!(number.is_some() && number == latest, "value {number:?} came instead of {latest:?}");
    Ok(())
}

/// The value takes the place of the one before.
fn was_set(stage: &mut Stage) {
    stage.sent += 1;
    stage.left = Some(vec![NEXT]);
}

fn create(stage: &mut Stage) -> Result<()> {
    create_existing(stage)?;
    stage.left = Some(Vec::new());
    Ok(())
}

fn create_existing(stage: &mut Stage) -> Result<()> {
    let (options, name) = (options(stage), stage.name());
    stage.observe(|| options.create(&name)).map(drop)
}

fn anonymous(stage: &mut Stage) -> Result<()> {
    let options = options(stage);
    exchange(&stage.observe(|| options.anonymous())?.context("no channel")?)
}

fn private(stage: &mut Stage) -> Result<()> {
    let options = options(stage);
    exchange(&stage.observe(|| options.private())?.context("no channel")?)
}

fn open(stage: &mut Stage) -> Result<()> {
    let (options, name) = (options(stage), stage.name());
    stage.observe(|| options.open(&name)).map(drop)
}

fn open_read_only(stage: &mut Stage) -> Result<()> {
    let (options, name) = (options(stage), stage.name());
    let reader = stage.observe(|| options.open_read_only(&name))?;
    let value = reader.context("no receiver")?.get()?;
    was_seen(stage, Some(value))
}

fn open_or_create(stage: &mut Stage) -> Result<()> {
    let (options, name) = (options(stage), stage.name());
    stage.observe(|| options.open_or_create(&name)).map(drop)
}

fn join_as_sender(stage: &mut Stage) -> Result<()> {
    let channel = opened(&stage.name())?;
    stage.observe(|| channel.sender()).map(drop)
}

fn join_as_receiver(stage: &mut Stage) -> Result<()> {
    let channel = opened(&stage.name())?;
    stage.observe(|| channel.receiver()).map(drop)
}

fn set(stage: &mut Stage) -> Result<()> {
    let mut tx = opened(&stage.name())?.sender()?;
    stage.alive = 1;
    if stage.observe(|| tx.set(&payload(NEXT)))?.is_some() {
        was_set(stage);
    }
    Ok(())
}

fn set_for_a_sleeper(stage: &mut Stage) -> Result<()> {
    let name = stage.name();
    // Who joins wakes those who sleep.
    let mut tx = opened(&name)?.sender()?;
    let sleeper = Forked::start(|| {
        let mut rx = opened(&name)?.receiver()?;
        rx.set_strategy(Strategy::Park);
        let number = number_of(&rx.changed_timeout(LONG)?);
        ensure!(number == Some(NEXT), "value {number:?}");
        Ok(())
    })?;
    watch::until_participant(&name, "a sleeper", |one| one.counters.parks > 0)?;
    watch::until("a sleeper", || sleeper.is_asleep())?;
    stage.alive = 2;
    if stage.observe(|| tx.set(&payload(NEXT)))?.is_some() {
        was_set(stage);
    }
    finish(sleeper)
}

fn get(stage: &mut Stage) -> Result<()> {
    let mut rx = opened(&stage.name())?.receiver()?;
    stage.alive = 1;
    let value = stage.observe(|| rx.get())?;
    was_seen(stage, value)
}

fn get_read_only(stage: &mut Stage) -> Result<()> {
    let mut reader = options(stage).open_read_only(&stage.name())?;
    let value = stage.observe(|| reader.get())?;
    was_seen(stage, value)
}

fn changed(stage: &mut Stage) -> Result<()> {
    let mut rx = opened(&stage.name())?.receiver()?;
    stage.alive = 1;
    let value = stage.observe_once(|| rx.changed())?;
    was_seen(stage, value)
}

fn changed_asleep(stage: &mut Stage) -> Result<()> {
    let mut rx = opened(&stage.name())?.receiver()?;
    stage.alive = 1;
    rx.set_strategy(Strategy::Park);
    stage.observe(|| rx.changed_timeout(NAP)).map(drop)
}

fn changed_while_the_sender_dies(stage: &mut Stage) -> Result<()> {
    let name = stage.name();
    let mut rx = opened(&name)?.receiver()?;
    stage.alive = 1;
    rx.set_strategy(Strategy::Park);
    finish(Forked::start(|| {
        std::mem::forget(opened(&name)?.sender()?);
        Ok(())
    })?)?;
    stage.observe(|| rx.changed_timeout(SLICES)).map(drop)
}

fn changed_read_only(stage: &mut Stage) -> Result<()> {
    let mut reader = options(stage).open_read_only(&stage.name())?;
    stage.observe(|| reader.changed_timeout(NAP)).map(drop)
}

fn inspect(stage: &mut Stage) -> Result<()> {
    let name = stage.name();
    let _rx = opened(&name)?.receiver()?;
    stage.alive = 1;
    let info = stage.observe(|| memlane::inspect(&name))?.context("nothing seen")?;
    ensure!(info.participants.iter().any(|one| one.alive != Some(false)), "who is alive seems to be dead");
    Ok(())
}

fn remove(stage: &mut Stage) -> Result<()> {
    let name = stage.name();
    if stage.observe(|| memlane::remove(&name))?.is_some() {
        stage.left = None;
    }
    Ok(())
}

fn remove_in_use(stage: &mut Stage) -> Result<()> {
    let _rx = opened(&stage.name())?.receiver()?;
    stage.alive = 1;
    remove(stage)
}

fn remove_damaged(stage: &mut Stage) -> Result<()> {
    stage.cannot_be_looked_at();
    remove(stage)
}

fn close(stage: &mut Stage) -> Result<()> {
    let channel = opened(&stage.name())?;
    stage.observe_ending(|| channel.close())?;
    drop(channel);
    // A closed channel serves nobody.
    stage.left = None;
    Ok(memlane::remove(&stage.name())?)
}

fn leave_as_sender(stage: &mut Stage) -> Result<()> {
    let tx = opened(&stage.name())?.sender()?;
    stage.observe_ending(|| drop(tx))
}

fn leave_as_receiver(stage: &mut Stage) -> Result<()> {
    let rx = opened(&stage.name())?.receiver()?;
    stage.observe_ending(|| drop(rx))
}
