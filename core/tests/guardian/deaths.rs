//! Deaths of one, several, all others at once, those on duty among them.

use crate::stage::{is_found_dead, sender, senders};
use crate::support::child::{Child, alone, fork, tell};
use crate::support::{Scratch, eventually};
use memlane::{Granted, Kind, ParticipantState, any, mpmc, mpsc, watch};
use std::collections::BTreeSet;

#[test]
fn a_death_is_found_though_nobody_waits_in_every_kind() {
    for kind in [Kind::Spsc, Kind::Mpmc, Kind::Mpsc, Kind::Broadcast] {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = any::Options::new(kind).watch_peers(true).create(&name).unwrap();
        let _receiver = channel.receiver().unwrap();
        assert_eq!(channel.peers_watched(), Granted::Yes);
        assert_eq!(channel.info().watched_by, [std::process::id()]);
        let mut child = sender(&name, false);
        child.kill();
        is_found_dead(child.id(), || channel.info());
    }
}

#[test]
fn a_death_is_found_in_a_channel_of_a_value() {
    let scratch = Scratch::new();
    let name = scratch.name("price");
    let channel = watch::Options::new().watch_peers(true).create(&name).unwrap();
    let _receiver = channel.receiver().unwrap();
    let mut child = Child::start("sets values", &[&name]);
    child.expect("joined");
    child.kill();
    is_found_dead(child.id(), || channel.info());
}

#[test]
fn a_death_is_found_in_an_anonymous_channel() {
    const TEST: &str = "deaths::a_death_is_found_in_an_anonymous_channel";
    alone(TEST, || {
        let channel = mpsc::Options::new().watch_peers(true).anonymous().unwrap();
        let _receiver = channel.receiver().unwrap();
        assert_eq!(channel.peers_watched(), Granted::Yes);
        let (file, locks) = channel.descriptors().unwrap();
        let [file, locks] = [file, locks].map(|descriptor| descriptor.try_clone_to_owned().unwrap());
        let joined = mpsc::Options::new().anonymous().unwrap();
        let mut told = joined.receiver().unwrap();
        let (told_file, told_locks) = joined.descriptors().unwrap();
        let [told_file, told_locks] =
            [told_file, told_locks].map(|descriptor| descriptor.try_clone_to_owned().unwrap());
        let child = fork(|| {
            let _sender = mpsc::Options::new().open_descriptors(file, locks).unwrap().sender().unwrap();
            let joined = mpsc::Options::new().open_descriptors(told_file, told_locks).unwrap();
            joined.sender().unwrap().send(b"joined").unwrap();
            loop {
                std::thread::park();
            }
        });
        drop(told.recv().unwrap());
        // SAFETY: a child of this process.
        unsafe { libc::kill(child, libc::SIGKILL) };
        is_found_dead(child as u32, || channel.info());
        // SAFETY: as above.
        unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
    });
}

#[test]
fn what_a_dead_receiver_held_comes_to_one_that_never_waits() {
    let scratch = Scratch::new();
    let name = scratch.name("work");
    let channel = mpmc::Options::new().watch_peers(true).create(&name).unwrap();
    let mut sender = channel.sender().unwrap();
    sender.send(b"held").unwrap();
    let mut child = Child::start("holds a message", &[&name]);
    child.expect("holds");
    let mut receiver = channel.receiver().unwrap();
    child.kill();
    let mut redelivered = None;
    eventually("it comes again", || {
        redelivered = receiver.try_recv().ok().map(|message| (message.to_vec(), message.redelivered()));
        redelivered.is_some()
    });
    assert_eq!(redelivered.unwrap(), (b"held".to_vec(), true));
}

#[test]
fn several_that_die_at_once_are_all_found() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = mpsc::Options::new().watch_peers(true).create(&name).unwrap();
    let _receiver = channel.receiver().unwrap();
    let mut children = senders(&name, true, 8);
    // Some are killed, and the others live on.
    let rest = children.split_off(5);
    children.iter().for_each(|child| child.signal(libc::SIGKILL));
    children.iter().for_each(|child| is_found_dead(child.id(), || channel.info()));
    let alive = channel.info().participants.iter().filter(|one| one.state == ParticipantState::Live).count();
    assert_eq!(alive, 1 + rest.len());
}

#[test]
fn the_last_one_finds_that_all_others_died_at_once() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    mpsc::Options::new().create(&name).unwrap();
    // These come first, so two of them are on duty, and this process is not.
    let children = senders(&name, true, 6);
    let channel = mpsc::Options::new().watch_peers(true).open(&name).unwrap();
    let mut receiver = channel.receiver().unwrap();
    assert!(!channel.info().watched_by.contains(&std::process::id()));
    children.iter().for_each(|child| child.signal(libc::SIGKILL));
    // Nobody is left that could call this one: the end of a slice does.
    assert_eq!(receiver.recv().unwrap_err(), memlane::RecvError::Disconnected);
    children.iter().for_each(|child| is_found_dead(child.id(), || channel.info()));
    eventually("it is on duty", || channel.info().watched_by == [std::process::id()]);
}

#[test]
fn others_take_the_places_of_those_on_duty_that_die_one_by_one() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = mpsc::Options::new().create(&name).unwrap();
    let _receiver = channel.receiver().unwrap();
    let mut children = senders(&name, true, 6);
    let on_duty = || channel.info().watched_by.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(on_duty(), children[..2].iter().map(Child::id).collect());
    while children.len() > 2 {
        let watched_by = on_duty();
        let index = children.iter().position(|child| watched_by.contains(&child.id())).unwrap();
        let mut child = children.swap_remove(index);
        child.kill();
        is_found_dead(child.id(), || channel.info());
        eventually("two are on duty again", || {
            on_duty().iter().filter(|&&pid| children.iter().any(|child| child.id() == pid)).count() == 2
        });
    }
}

#[test]
fn others_take_the_places_of_those_on_duty_that_leave() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = mpsc::Options::new().create(&name).unwrap();
    let _receiver = channel.receiver().unwrap();
    let mut children = senders(&name, true, 4);
    let mut first = children.remove(0);
    first.say("");
    first.finish();
    let rest: BTreeSet<_> = children.iter().map(Child::id).collect();
    eventually("two of the others are on duty", || {
        let on_duty: BTreeSet<_> = channel.info().watched_by.into_iter().collect();
        on_duty.len() == 2 && on_duty.is_subset(&rest)
    });
}

/// How many join and die, or leave: `MEMLANE_GUARDIAN_DEATHS`.
fn deaths() -> u32 {
    std::env::var("MEMLANE_GUARDIAN_DEATHS").ok().map_or(100, |count| count.parse().unwrap())
}

#[test]
fn however_many_join_and_die_each_death_is_found() {
    const TEST: &str = "deaths::however_many_join_and_die_each_death_is_found";
    alone(TEST, || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = mpsc::Options::new().watch_peers(true).create(&name).unwrap();
        let _receiver = channel.receiver().unwrap();
        for death in 0..deaths() {
            // A process without a guardian, so that this one has all the work.
            let child = fork(|| {
                let sender = mpsc::open(&name).unwrap().sender().unwrap();
                if death % 3 == 0 {
                    // In good order, which is an event, too.
                    drop(sender);
                } else {
                    std::mem::forget(sender);
                }
            });
            // SAFETY: a child of this process.
            unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
            if death % 3 != 0 {
                is_found_dead(child as u32, || channel.info());
            }
        }
        tell(format_args!("{} processes joined and ended", deaths()));
    });
}
