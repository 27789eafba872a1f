//! How each public call is made, the same for every kind.
//!
//! Each act brings about where its call starts, makes the call on the [`Stage`], which marks and compares, and says which
//! messages are then in the channel.

use super::stage::Stage;
use crate::numbered::{LENGTH, number_of, payload};
use crate::subject::{ChannelOf, OptionsOf, Subject, opened};
use crate::tracer::{End, Forked};
use crate::waking::trust;
use crate::watch;
use anyhow::{Context, Result, ensure};
use memlane::Strategy;
use memlane::generic::{Channel, ChannelKind};
use std::error::Error;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// How long who sleeps does so: less than a slice.
pub const NAP: Duration = Duration::from_millis(40);

/// Long enough for two slices.
pub const SLICES: Duration = Duration::from_millis(250);

/// Longer than anybody waits to be woken.
pub const LONG: Duration = Duration::from_secs(20);

/// Numbers of what the acts send, which follow those that are in the channel.
const FIRST: u64 = 500;

/// Waits for the end of a process that was to be woken.
pub fn finish(mut woken: Forked) -> Result<()> {
    let end = woken.wait_for_end()?;
    ensure!(end == End::Exit(0), "who slept ended by {end:?}");
    Ok(())
}

fn options<K: Subject>(stage: &Stage) -> OptionsOf<K> {
    K::small().backend(stage.waking.backend()).trust_peers(trust())
}

/// A channel without a name serves this process.
fn exchange(channel: &Channel<impl ChannelKind>) -> Result<()> {
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    for number in 0..3 {
        tx.try_send(&payload(number))?;
        ensure!(number_of(&rx.try_recv()?.to_vec()) == Some(number), "another message");
    }
    Ok(())
}

/// A call that opens or creates the channel of a name.
type Opening<K, E> = fn(&OptionsOf<K>, &str) -> Result<ChannelOf<K>, E>;

/// Makes this call, with the stage's name.
fn observe_opening<K: Subject, E: Error + 'static>(stage: &mut Stage, open: Opening<K, E>) -> Result<()> {
    let (options, name) = (options::<K>(stage), stage.name());
    stage.observe(|| open(&options, &name)).map(drop)
}

pub fn create<K: Subject>(stage: &mut Stage) -> Result<()> {
    observe_opening::<K, _>(stage, OptionsOf::<K>::create)?;
    stage.left = Some(Vec::new());
    Ok(())
}

pub fn create_by_name<K: Subject>(stage: &mut Stage) -> Result<()> {
    let (options, name) = (options::<K>(stage), stage.use_a_name()?);
    stage.observe(|| options.create(name))?;
    stage.left = Some(Vec::new());
    Ok(())
}

pub fn create_with_wishes<K: Subject>(stage: &mut Stage) -> Result<()> {
    let options = options::<K>(stage).prefault(true).lock_memory(true).huge_pages(true);
    let name = stage.name();
    stage.observe(|| options.create(&name))?;
    stage.left = Some(Vec::new());
    Ok(())
}

pub fn create_existing<K: Subject>(stage: &mut Stage) -> Result<()> {
    observe_opening::<K, _>(stage, OptionsOf::<K>::create)
}

pub fn create_by_opening<K: Subject>(stage: &mut Stage) -> Result<()> {
    open_or_create::<K>(stage)?;
    stage.left = Some(Vec::new());
    Ok(())
}

pub fn open_or_create<K: Subject>(stage: &mut Stage) -> Result<()> {
    observe_opening::<K, _>(stage, OptionsOf::<K>::open_or_create)
}

pub fn open<K: Subject>(stage: &mut Stage) -> Result<()> {
    observe_opening::<K, _>(stage, OptionsOf::<K>::open)
}

pub fn anonymous<K: Subject>(stage: &mut Stage) -> Result<()> {
    let options = options::<K>(stage);
    let channel = stage.observe(|| options.anonymous())?;
    exchange(&channel.context("no channel")?)
}

pub fn private<K: Subject>(stage: &mut Stage) -> Result<()> {
    let options = options::<K>(stage);
    let channel = stage.observe(|| options.private())?;
    exchange(&channel.context("no channel")?)
}

pub fn open_descriptors<K: Subject>(stage: &mut Stage) -> Result<()> {
    let options = options::<K>(stage);
    let made = options.anonymous()?;
    let (region, locks) = made.descriptors().context("an anonymous channel without descriptors")?;
    let handed_over = (region.try_clone_to_owned()?, locks.try_clone_to_owned()?);
    stage.given = vec![handed_over.0.as_raw_fd(), handed_over.1.as_raw_fd()];
    let mut handed_over = Some(handed_over);
    let channel = stage.observe(|| {
        let (region, locks) = handed_over.take().unwrap_or_else(|| {
            let again = |descriptor: std::os::fd::BorrowedFd<'_>| descriptor.try_clone_to_owned();
            (again(region).expect("a descriptor"), again(locks).expect("a descriptor"))
        });
        options.open_descriptors(region, locks)
    })?;
    exchange(&channel.context("no channel")?)
}

pub fn join_as_sender<K: Subject>(stage: &mut Stage) -> Result<()> {
    let channel = opened::<K>(&stage.name())?;
    stage.observe(|| channel.sender())?;
    Ok(())
}

pub fn join_as_receiver<K: Subject>(stage: &mut Stage) -> Result<()> {
    let channel = opened::<K>(&stage.name())?;
    stage.observe(|| channel.receiver())?;
    Ok(())
}

pub fn join_anonymous<K: Subject>(stage: &mut Stage) -> Result<()> {
    let channel = options::<K>(stage).anonymous()?;
    let joined = stage.observe(|| channel.sender())?;
    drop(joined);
    exchange(&channel)
}

pub fn send<K: Subject>(stage: &mut Stage) -> Result<()> {
    let mut tx = opened::<K>(&stage.name())?.sender()?;
    stage.alive = 1;
    if stage.observe(|| tx.send(&payload(FIRST)))?.is_some() {
        stage.was_sent(&[FIRST]);
    }
    Ok(())
}

pub fn send_batch<K: Subject>(stage: &mut Stage) -> Result<()> {
    let mut tx = opened::<K>(&stage.name())?.sender()?;
    stage.alive = 1;
    let batch = [payload(FIRST), payload(FIRST + 1)];
    if stage.observe(|| tx.send_batch(&batch))?.is_some() {
        stage.was_sent(&[FIRST, FIRST + 1]);
    }
    Ok(())
}

pub fn reserve<K: Subject>(stage: &mut Stage) -> Result<()> {
    let mut tx = opened::<K>(&stage.name())?.sender()?;
    stage.alive = 1;
    stage.observe(|| tx.reserve(LENGTH).map(drop))?;
    Ok(())
}

pub fn commit<K: Subject>(stage: &mut Stage) -> Result<()> {
    let mut tx = opened::<K>(&stage.name())?.sender()?;
    stage.alive = 1;
    let mut grant = tx.reserve(LENGTH)?;
    grant.write_at(0, &payload(FIRST))?;
    if stage.observe_once(|| grant.commit(LENGTH))?.is_some() {
        stage.was_sent(&[FIRST]);
    }
    Ok(())
}

pub fn send_asleep<K: Subject>(stage: &mut Stage) -> Result<()> {
    let mut tx = opened::<K>(&stage.name())?.sender()?;
    stage.alive = 1;
    tx.set_strategy(Strategy::Park);
    stage.observe(|| tx.send_timeout(&payload(FIRST), NAP))?;
    Ok(())
}

pub fn send_to_a_sleeper<K: Subject>(stage: &mut Stage) -> Result<()> {
    let name = stage.name();
    // Who joins wakes those who sleep.
    let mut tx = opened::<K>(&name)?.sender()?;
    let sleeper = Forked::start(|| {
        let mut rx = opened::<K>(&name)?.receiver()?;
        rx.set_strategy(Strategy::Park);
        let number = number_of(&rx.recv_timeout(LONG)?.to_vec());
        ensure!(number == Some(FIRST), "message {number:?}");
        Ok(())
    })?;
    watch::until_participant(&name, "a sleeper", |one| one.counters.parks > 0)?;
    watch::until("a sleeper", || sleeper.is_asleep())?;
    stage.alive = 2;
    if stage.observe(|| tx.send(&payload(FIRST)))?.is_some() {
        stage.sent += 1;
    }
    finish(sleeper)
}

pub fn recv<K: Subject>(stage: &mut Stage) -> Result<()> {
    let mut rx = opened::<K>(&stage.name())?.receiver()?;
    stage.alive = 1;
    let got = stage.observe(|| rx.recv().map(|message| message.to_vec()))?;
    stage.was_received(got.as_deref().and_then(number_of))
}

pub fn recv_batch<K: Subject>(stage: &mut Stage) -> Result<()> {
    let mut rx = opened::<K>(&stage.name())?.receiver()?;
    stage.alive = 1;
    let got = stage.observe(|| rx.recv_batch(2).map(|batch| batch.get(0).map(|message| message.to_vec())))?;
    stage.was_received(got.flatten().as_deref().and_then(number_of))
}

pub fn ack<K: Subject>(stage: &mut Stage) -> Result<()> {
    let mut rx = opened::<K>(&stage.name())?.receiver()?;
    stage.alive = 1;
    let message = rx.recv()?;
    let number = number_of(&message.to_vec());
    stage.observe_once(|| message.ack())?;
    stage.was_received(number)
}

pub fn nack<K: Subject>(stage: &mut Stage) -> Result<()> {
    let mut rx = opened::<K>(&stage.name())?.receiver()?;
    stage.alive = 1;
    let message = rx.recv()?;
    stage.observe_once(|| message.nack())?;
    Ok(())
}

pub fn recv_asleep<K: Subject>(stage: &mut Stage) -> Result<()> {
    let mut rx = opened::<K>(&stage.name())?.receiver()?;
    stage.alive = 1;
    rx.set_strategy(Strategy::Park);
    stage.observe(|| rx.recv_timeout(NAP).map(|message| message.to_vec()))?;
    Ok(())
}

pub fn recv_while_the_sender_dies<K: Subject>(stage: &mut Stage) -> Result<()> {
    let name = stage.name();
    let mut rx = opened::<K>(&name)?.receiver()?;
    stage.alive = 1;
    rx.set_strategy(Strategy::Park);
    finish(Forked::start(|| {
        std::mem::forget(opened::<K>(&name)?.sender()?);
        Ok(())
    })?)?;
    stage.observe(|| rx.recv_timeout(SLICES).map(|message| message.to_vec()))?;
    Ok(())
}

pub fn inspect<K: Subject>(stage: &mut Stage) -> Result<()> {
    let name = stage.name();
    let _rx = opened::<K>(&name)?.receiver()?;
    stage.alive = 1;
    let info = stage.observe(|| memlane::inspect(&name))?.context("nothing seen")?;
    ensure!(info.participants.iter().any(|one| one.alive != Some(false)), "who is alive seems to be dead");
    Ok(())
}

pub fn info<K: Subject>(stage: &mut Stage) -> Result<()> {
    let channel = opened::<K>(&stage.name())?;
    let _rx = channel.receiver()?;
    stage.alive = 1;
    let mut info = None;
    stage.observe_ending(|| info = Some(channel.info()))?;
    let info = info.context("nothing seen")?;
    ensure!(info.participants.iter().any(|one| one.alive != Some(false)), "who is alive seems to be dead");
    Ok(())
}

pub fn list<K: Subject>(stage: &mut Stage) -> Result<()> {
    let (options, name) = (options::<K>(stage), stage.use_a_name()?);
    options.create(name)?;
    let names = stage.observe(memlane::list)?.context("no list")?;
    ensure!(names == [name], "the names are {names:?}");
    stage.left = Some(Vec::new());
    Ok(())
}

pub fn remove<K: Subject>(stage: &mut Stage) -> Result<()> {
    let name = stage.name();
    if stage.observe(|| memlane::remove(&name))?.is_some() {
        stage.left = None;
    }
    Ok(())
}

pub fn remove_in_use<K: Subject>(stage: &mut Stage) -> Result<()> {
    let name = stage.name();
    let _rx = opened::<K>(&name)?.receiver()?;
    stage.alive = 1;
    stage.observe(|| memlane::remove(&name))?;
    Ok(())
}

pub fn remove_forced<K: Subject>(stage: &mut Stage) -> Result<()> {
    let name = stage.name();
    let _rx = opened::<K>(&name)?.receiver()?;
    stage.alive = 1;
    if stage.observe(|| memlane::remove_forced(&name))?.is_some() {
        stage.left = None;
    }
    Ok(())
}

pub fn remove_damaged<K: Subject>(stage: &mut Stage) -> Result<()> {
    let name = stage.name();
    stage.cannot_be_looked_at();
    if stage.observe(|| memlane::remove(&name))?.is_some() {
        stage.left = None;
    }
    Ok(())
}

pub fn remove_damaged_in_use<K: Subject>(stage: &mut Stage) -> Result<()> {
    let name = stage.name();
    stage.cannot_be_looked_at();
    stage.flip_damage()?;
    let rx = opened::<K>(&name)?.receiver()?;
    stage.flip_damage()?;
    let removed = stage.observe(|| memlane::remove(&name))?;
    ensure!(removed.is_none(), "a channel was removed that is in use");
    drop(rx);
    stage.left = None;
    Ok(memlane::remove(&name)?)
}

pub fn close<K: Subject>(stage: &mut Stage) -> Result<()> {
    let channel = opened::<K>(&stage.name())?;
    stage.observe_ending(|| channel.close())?;
    drop(channel);
    // A closed channel serves nobody.
    stage.left = None;
    Ok(memlane::remove(&stage.name())?)
}

pub fn leave_as_sender<K: Subject>(stage: &mut Stage) -> Result<()> {
    let tx = opened::<K>(&stage.name())?.sender()?;
    stage.observe_ending(|| drop(tx))
}

pub fn leave_as_receiver<K: Subject>(stage: &mut Stage) -> Result<()> {
    let rx = opened::<K>(&stage.name())?.receiver()?;
    stage.observe_ending(|| drop(rx))
}

pub fn drop_anonymous<K: Subject>(stage: &mut Stage) -> Result<()> {
    let channel = options::<K>(stage).anonymous()?;
    stage.observe_ending(|| drop(channel))
}

pub fn drop_and_remove<K: Subject>(stage: &mut Stage) -> Result<()> {
    let channel = options::<K>(stage).remove_on_drop(true).create(&stage.name())?;
    stage.observe_ending(|| drop(channel))?;
    stage.left = stage.path.exists().then(Vec::new);
    Ok(())
}
