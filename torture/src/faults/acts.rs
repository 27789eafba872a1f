//! How each public call is made, said once for all kinds: they have the same words.
//!
//! Each act brings about where its call starts, makes the call on the [`Stage`](super::stage::Stage), which marks and
//! compares, and says which messages are then in the channel.

use crate::tracer::{End, Forked};
use anyhow::{Result, ensure};
use std::time::Duration;

/// How long who sleeps does so: less than a slice.
pub const NAP: Duration = Duration::from_millis(40);

/// System calls that who sleeps for so long makes at most, though the kernel refuses to let it sleep on a futex.
pub const NAP_CALLS: usize = 400;

/// Long enough for two slices.
pub const SLICES: Duration = Duration::from_millis(250);

/// Longer than anybody waits to be woken.
pub const LONG: Duration = Duration::from_secs(20);

/// Numbers of what the acts send, which follow those that are in the channel.
pub const FIRST: u64 = 500;

/// Waits for the end of a process that was to be woken.
pub fn finish(mut woken: Forked) -> Result<()> {
    let end = woken.wait_for_end()?;
    ensure!(end == End::Exit(0), "who slept ended by {end:?}");
    Ok(())
}

/// Makes the acts of a kind, whose module is named, and their table. Its `shape()` is how its channels are created.
macro_rules! acts {
    ($kind:ident) => {
        use anyhow::{Context, Result, ensure};
        use memlane::{Strategy, $kind};
        use std::os::fd::AsRawFd;
        use $crate::faults::acts::{FIRST, LONG, NAP, NAP_CALLS, SLICES, finish};
        use $crate::faults::calls::{BARE, Call, DAMAGED, DEAD, EMPTY, FULL, ONE, STALE};
        use $crate::faults::stage::Stage;
        use $crate::faults::verdict::Family;
        use $crate::steps::scenario::{LENGTH, number_of, payload};
        use $crate::tracer::Forked;
        use $crate::waking::trust;

        const CALLS: &[Call] = &[
            Call::new("create", None, Family::Create, create),
            Call::new("create by name", None, Family::Create, create_by_name),
            Call::new("create, bare system", None, Family::Create, create).refused(BARE),
            Call::new("create, with wishes", None, Family::Create, create_with_wishes),
            Call::new("create, exists", ONE, Family::Create, create_existing),
            Call::new("anonymous", None, Family::Unnamed, anonymous),
            Call::new("private", None, Family::Unnamed, private),
            Call::new("open", ONE, Family::Open, open),
            Call::new("open_or_create, exists", ONE, Family::Open, open_or_create),
            Call::new("open_or_create, absent", None, Family::Create, create_by_opening),
            Call::new("open_or_create, stale", STALE, Family::Replace, replace_stale),
            Call::new("open_descriptors", None, Family::OpenUnnamed, open_descriptors),
            Call::new("join as sender", ONE, Family::Join, join_as_sender),
            Call::new("join as receiver", ONE, Family::Join, join_as_receiver),
            Call::new("join, sender died", DEAD, Family::Join, join_as_sender).sleeps(),
            Call::new("join, receiver died", DEAD, Family::Join, join_as_receiver).sleeps(),
            Call::new("join, anonymous", None, Family::Join, join_anonymous),
            Call::new("send", ONE, Family::Transfer, send),
            Call::new("send_batch", ONE, Family::Transfer, send_batch),
            Call::new("reserve", ONE, Family::Transfer, reserve),
            Call::new("commit", ONE, Family::Transfer, commit),
            Call::new("send, sleeping", FULL, Family::Transfer, send_asleep).at_most(NAP_CALLS),
            Call::new("send, waking", EMPTY, Family::Transfer, send_to_a_sleeper).sleeps(),
            Call::new("recv", ONE, Family::Transfer, recv),
            Call::new("recv_batch", ONE, Family::Transfer, recv_batch),
            Call::new("ack", ONE, Family::Transfer, ack),
            Call::new("nack", ONE, Family::Transfer, nack),
            Call::new("recv, sleeping", EMPTY, Family::Transfer, recv_asleep).at_most(NAP_CALLS),
            Call::new("recv, sender dies", EMPTY, Family::Transfer, recv_while_the_sender_dies),
            Call::new("inspect", ONE, Family::Inspect, inspect),
            Call::new("info", ONE, Family::Inspect, info),
            Call::new("list", None, Family::List, list),
            Call::new("remove", ONE, Family::Remove, remove),
            Call::new("remove, in use", ONE, Family::Remove, remove_in_use),
            Call::new("remove_forced, in use", ONE, Family::Remove, remove_forced),
            Call::new("remove, damaged", DAMAGED, Family::Remove, remove_damaged),
            Call::new("remove, damaged, in use", DAMAGED, Family::Remove, remove_damaged_in_use),
            Call::new("close", EMPTY, Family::Transfer, close).sleeps(),
            Call::new("leave as sender", ONE, Family::Transfer, leave_as_sender).sleeps(),
            Call::new("leave as receiver", ONE, Family::Transfer, leave_as_receiver).sleeps(),
            Call::new("drop, anonymous", None, Family::Transfer, drop_anonymous),
            Call::new("drop, remove_on_drop", None, Family::Drop, drop_and_remove),
        ];

        fn options(stage: &Stage) -> $kind::Options {
            shape().backend(stage.waking.backend()).trust_peers(trust())
        }

        fn opened(name: &str) -> Result<$kind::Channel> {
            Ok($kind::Options::new().trust_peers(trust()).open(name)?)
        }

        /// A channel without a name serves this process.
        fn exchange(channel: &$kind::Channel) -> Result<()> {
            let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
            for number in 0..3 {
                tx.try_send(&payload(number))?;
                ensure!(number_of(&rx.try_recv()?.to_vec()) == Some(number), "another message");
            }
            Ok(())
        }

        fn create(stage: &mut Stage) -> Result<()> {
            let (options, name) = (options(stage), stage.name());
            stage.observe(|| options.create(&name))?;
            stage.left = Some(Vec::new());
            Ok(())
        }

        fn create_by_name(stage: &mut Stage) -> Result<()> {
            let (options, name) = (options(stage), stage.use_a_name()?);
            stage.observe(|| options.create(name))?;
            stage.left = Some(Vec::new());
            Ok(())
        }

        fn create_with_wishes(stage: &mut Stage) -> Result<()> {
            let options = options(stage).prefault(true).lock_memory(true).huge_pages(true);
            let name = stage.name();
            stage.observe(|| options.create(&name))?;
            stage.left = Some(Vec::new());
            Ok(())
        }

        fn create_existing(stage: &mut Stage) -> Result<()> {
            let (options, name) = (options(stage), stage.name());
            stage.observe(|| options.create(&name))?;
            Ok(())
        }

        fn create_by_opening(stage: &mut Stage) -> Result<()> {
            let (options, name) = (options(stage), stage.name());
            stage.observe(|| options.open_or_create(&name))?;
            stage.left = Some(Vec::new());
            Ok(())
        }

        fn replace_stale(stage: &mut Stage) -> Result<()> {
            open_or_create(stage)
        }

        fn open_or_create(stage: &mut Stage) -> Result<()> {
            let (options, name) = (options(stage), stage.name());
            stage.observe(|| options.open_or_create(&name))?;
            Ok(())
        }

        fn open(stage: &mut Stage) -> Result<()> {
            let (options, name) = (options(stage), stage.name());
            stage.observe(|| options.open(&name))?;
            Ok(())
        }

        fn anonymous(stage: &mut Stage) -> Result<()> {
            let options = options(stage);
            let channel = stage.observe(|| options.anonymous())?;
            exchange(&channel.context("no channel")?)
        }

        fn private(stage: &mut Stage) -> Result<()> {
            let options = options(stage);
            let channel = stage.observe(|| options.private())?;
            exchange(&channel.context("no channel")?)
        }

        fn open_descriptors(stage: &mut Stage) -> Result<()> {
            let options = options(stage);
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

        fn join_as_sender(stage: &mut Stage) -> Result<()> {
            let channel = opened(&stage.name())?;
            stage.observe(|| channel.sender())?;
            Ok(())
        }

        fn join_as_receiver(stage: &mut Stage) -> Result<()> {
            let channel = opened(&stage.name())?;
            stage.observe(|| channel.receiver())?;
            Ok(())
        }

        fn join_anonymous(stage: &mut Stage) -> Result<()> {
            let channel = options(stage).anonymous()?;
            let joined = stage.observe(|| channel.sender())?;
            drop(joined);
            exchange(&channel)
        }

        fn send(stage: &mut Stage) -> Result<()> {
            let mut tx = opened(&stage.name())?.sender()?;
            stage.alive = 1;
            if stage.observe(|| tx.send(&payload(FIRST)))?.is_some() {
                stage.was_sent(&[FIRST]);
            }
            Ok(())
        }

        fn send_batch(stage: &mut Stage) -> Result<()> {
            let mut tx = opened(&stage.name())?.sender()?;
            stage.alive = 1;
            let batch = [payload(FIRST), payload(FIRST + 1)];
            if stage.observe(|| tx.send_batch(&batch))?.is_some() {
                stage.was_sent(&[FIRST, FIRST + 1]);
            }
            Ok(())
        }

        fn reserve(stage: &mut Stage) -> Result<()> {
            let mut tx = opened(&stage.name())?.sender()?;
            stage.alive = 1;
            stage.observe(|| tx.reserve(LENGTH).map(drop))?;
            Ok(())
        }

        fn commit(stage: &mut Stage) -> Result<()> {
            let mut tx = opened(&stage.name())?.sender()?;
            stage.alive = 1;
            let mut grant = tx.reserve(LENGTH)?;
            grant.write_at(0, &payload(FIRST))?;
            if stage.observe_once(|| grant.commit(LENGTH))?.is_some() {
                stage.was_sent(&[FIRST]);
            }
            Ok(())
        }

        fn send_asleep(stage: &mut Stage) -> Result<()> {
            let mut tx = opened(&stage.name())?.sender()?;
            stage.alive = 1;
            tx.set_strategy(Strategy::Park);
            stage.observe(|| tx.send_timeout(&payload(FIRST), NAP))?;
            Ok(())
        }

        fn send_to_a_sleeper(stage: &mut Stage) -> Result<()> {
            let name = stage.name();
            // Who joins wakes those who sleep.
            let mut tx = opened(&name)?.sender()?;
            let sleeper = Forked::start(|| {
                let mut rx = opened(&name)?.receiver()?;
                rx.set_strategy(Strategy::Park);
                let number = number_of(&rx.recv_timeout(LONG)?.to_vec());
                ensure!(number == Some(FIRST), "message {number:?}");
                Ok(())
            })?;
            $crate::watch::until_participant(&name, "a sleeper", |one| one.counters.parks > 0)?;
            $crate::watch::until("a sleeper", || sleeper.is_asleep())?;
            stage.alive = 2;
            if stage.observe(|| tx.send(&payload(FIRST)))?.is_some() {
                stage.sent += 1;
            }
            finish(sleeper)
        }

        fn recv(stage: &mut Stage) -> Result<()> {
            let mut rx = opened(&stage.name())?.receiver()?;
            stage.alive = 1;
            let got = stage.observe(|| rx.recv().map(|message| message.to_vec()))?;
            stage.was_received(got.as_deref().and_then(number_of))
        }

        fn recv_batch(stage: &mut Stage) -> Result<()> {
            let mut rx = opened(&stage.name())?.receiver()?;
            stage.alive = 1;
            let got = stage.observe(|| rx.recv_batch(2).map(|batch| batch.get(0).map(|message| message.to_vec())))?;
            stage.was_received(got.flatten().as_deref().and_then(number_of))
        }

        fn ack(stage: &mut Stage) -> Result<()> {
            let mut rx = opened(&stage.name())?.receiver()?;
            stage.alive = 1;
            let message = rx.recv()?;
            let number = number_of(&message.to_vec());
            stage.observe_once(|| message.ack())?;
            stage.was_received(number)
        }

        fn nack(stage: &mut Stage) -> Result<()> {
            let mut rx = opened(&stage.name())?.receiver()?;
            stage.alive = 1;
            let message = rx.recv()?;
            stage.observe_once(|| message.nack())?;
            Ok(())
        }

        fn recv_asleep(stage: &mut Stage) -> Result<()> {
            let mut rx = opened(&stage.name())?.receiver()?;
            stage.alive = 1;
            rx.set_strategy(Strategy::Park);
            stage.observe(|| rx.recv_timeout(NAP).map(|message| message.to_vec()))?;
            Ok(())
        }

        fn recv_while_the_sender_dies(stage: &mut Stage) -> Result<()> {
            let name = stage.name();
            let mut rx = opened(&name)?.receiver()?;
            stage.alive = 1;
            rx.set_strategy(Strategy::Park);
            finish(Forked::start(|| Ok(std::mem::forget(opened(&name)?.sender()?)))?)?;
            stage.observe(|| rx.recv_timeout(SLICES).map(|message| message.to_vec()))?;
            Ok(())
        }

        fn inspect(stage: &mut Stage) -> Result<()> {
            let name = stage.name();
            let _rx = opened(&name)?.receiver()?;
            stage.alive = 1;
            let info = stage.observe(|| memlane::inspect(&name))?.context("nothing seen")?;
            ensure!(info.participants.iter().any(|one| one.alive != Some(false)), "who is alive seems to be dead");
            Ok(())
        }

        fn info(stage: &mut Stage) -> Result<()> {
            let channel = opened(&stage.name())?;
            let _rx = channel.receiver()?;
            stage.alive = 1;
            let mut info = None;
            stage.observe_ending(|| info = Some(channel.info()))?;
            let info = info.context("nothing seen")?;
            ensure!(info.participants.iter().any(|one| one.alive != Some(false)), "who is alive seems to be dead");
            Ok(())
        }

        fn list(stage: &mut Stage) -> Result<()> {
            let (options, name) = (options(stage), stage.use_a_name()?);
            options.create(name)?;
            let names = stage.observe(memlane::list)?.context("no list")?;
            ensure!(names == [name], "the names are {names:?}");
            stage.left = Some(Vec::new());
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
            let name = stage.name();
            let _rx = opened(&name)?.receiver()?;
            stage.alive = 1;
            stage.observe(|| memlane::remove(&name))?;
            Ok(())
        }

        fn remove_forced(stage: &mut Stage) -> Result<()> {
            let name = stage.name();
            let _rx = opened(&name)?.receiver()?;
            stage.alive = 1;
            if stage.observe(|| memlane::remove_forced(&name))?.is_some() {
                stage.left = None;
            }
            Ok(())
        }

        fn remove_damaged(stage: &mut Stage) -> Result<()> {
            let name = stage.name();
            stage.cannot_be_looked_at();
            if stage.observe(|| memlane::remove(&name))?.is_some() {
                stage.left = None;
            }
            Ok(())
        }

        fn remove_damaged_in_use(stage: &mut Stage) -> Result<()> {
            let name = stage.name();
            stage.cannot_be_looked_at();
            stage.flip_damage()?;
            let rx = opened(&name)?.receiver()?;
            stage.flip_damage()?;
            let removed = stage.observe(|| memlane::remove(&name))?;
            ensure!(removed.is_none(), "a channel was removed that is in use");
            drop(rx);
            stage.left = None;
            Ok(memlane::remove(&name)?)
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

        fn drop_anonymous(stage: &mut Stage) -> Result<()> {
            let channel = options(stage).anonymous()?;
            stage.observe_ending(|| drop(channel))
        }

        fn drop_and_remove(stage: &mut Stage) -> Result<()> {
            let channel = options(stage).remove_on_drop(true).create(&stage.name())?;
            stage.observe_ending(|| drop(channel))?;
            stage.left = stage.path.exists().then(Vec::new);
            Ok(())
        }

        /// A sender and a receiver who hold something, and will never give it back.
        fn die(name: &str) -> Result<()> {
            let channel = opened(name)?;
            let (tx, rx) = (Box::leak(Box::new(channel.sender()?)), Box::leak(Box::new(channel.receiver()?)));
            std::mem::forget(rx.recv()?);
            Box::leak(Box::new(tx.reserve(LENGTH)?));
            Ok(())
        }
    };
}
pub(crate) use acts;
