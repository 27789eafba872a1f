//! No thread, descriptor or wake-up too many, and nothing left in a child.

use crate::stage::{guardian_of, is_found_dead, sender, senders, sleeps_of, threads_and_descriptors};
use crate::support::child::{Child, alone, fork, join};
use crate::support::{Scratch, eventually};
use memlane::{Granted, RecvTimeoutError, any, mpsc, spsc};
use std::time::Duration;

#[test]
fn a_process_has_one_thread_and_one_descriptor_for_all_channels_and_none_behind_the_last() {
    const TEST: &str = "costs::a_process_has_one_thread_and_one_descriptor_for_all_channels_and_none_behind_the_last";
    alone(TEST, || {
        let scratch = Scratch::new();
        let (threads, descriptors) = threads_and_descriptors();
        for _ in 0..20 {
            let open = |index| spsc::Options::new().watch_peers(true).create(&scratch.name(&format!("prices{index}")));
            let channels: Vec<_> = (0..10).map(|index| open(index).unwrap()).collect();
            assert_eq!(threads_and_descriptors(), (threads, descriptors), "opening a channel starts nothing");
            let mut ends: Vec<_> =
                channels.iter().map(|channel| (channel.sender().unwrap(), channel.receiver().unwrap())).collect();
            assert_eq!(threads_and_descriptors(), (threads + 1, descriptors + 1));
            ends.truncate(3);
            assert_eq!(threads_and_descriptors(), (threads + 1, descriptors + 1));
            drop(ends);
            eventually("all is as before", || threads_and_descriptors() == (threads, descriptors));
            for channel in channels {
                channel.remove().expect("no life is left in it");
            }
        }
    });
}

#[test]
fn a_process_that_does_not_ask_for_it_has_no_guardian() {
    let scratch = Scratch::new();
    let child = sender_of(&scratch, false);
    assert_eq!(guardian_of(child.id()), None);
    let child = sender_of(&scratch, true);
    assert!(guardian_of(child.id()).is_some());
}

fn sender_of(scratch: &Scratch, watches: bool) -> Child {
    let name = scratch.name(&format!("prices{watches}"));
    mpsc::Options::new().create(&name).unwrap();
    sender(&name, watches)
}

#[test]
fn a_death_wakes_two_guardians_and_one_more_where_it_was_on_duty() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = mpsc::Options::new().create(&name).unwrap();
    let _receiver = channel.receiver().unwrap();
    let mut children = senders(&name, true, 8);
    // Whose guardians have gone to sleep more often than before.
    let awoken = |children: &[Child], before: &[u64]| {
        children.iter().zip(before).filter(|(child, before)| sleeps_of(child.id()) != **before).count()
    };
    let is_asleep = |child: &Child| {
        std::fs::read_to_string(guardian_of(child.id()).unwrap().join("stat")).unwrap().contains(") S ")
    };
    for (dies, wakes) in [(7, 2), (0, 2)] {
        eventually("all sleep", || children.iter().all(is_asleep));
        let mut dying = children.remove(dies);
        let before: Vec<_> = children.iter().map(|child| sleeps_of(child.id())).collect();
        dying.kill();
        is_found_dead(dying.id(), || channel.info());
        let rest: Vec<_> = children.iter().map(Child::id).collect();
        eventually("two are on duty", || {
            channel.info().watched_by.iter().filter(|pid| rest.contains(pid)).count() == 2
        });
        eventually("all sleep", || children.iter().all(is_asleep));
        assert_eq!(awoken(&children, &before), wakes, "of {} others", children.len());
    }
}

#[test]
fn a_guardian_of_an_idle_process_never_wakes_up() {
    const TEST: &str = "costs::a_guardian_of_an_idle_process_never_wakes_up";
    alone(TEST, || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = mpsc::Options::new().create(&name).unwrap();
        let mut receiver = channel.receiver().unwrap();
        let children = senders(&name, true, 3);
        let counts = || children.iter().map(|child| sleeps_of(child.id())).collect::<Vec<_>>();
        // Slices end here meanwhile, which look at the duties.
        let mut sleeps_through_a_slice = || {
            let before = counts();
            assert_eq!(receiver.recv_timeout(Duration::from_millis(110)).unwrap_err(), RecvTimeoutError::Timeout);
            counts() == before
        };
        eventually("they sleep through three slices", || (0..3).all(|_| sleeps_through_a_slice()));
    });
}

#[test]
fn a_forked_child_has_no_guardian_until_it_starts_its_own() {
    const TEST: &str = "costs::a_forked_child_has_no_guardian_until_it_starts_its_own";
    alone(TEST, || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let options = any::Options::new(memlane::Kind::Mpsc).watch_peers(true);
        let channel = options.create(&name).unwrap();
        let mut inherited = Some(channel.sender().unwrap());
        assert_eq!(channel.info().watched_by, [std::process::id()]);
        join(fork(|| {
            assert_eq!(guardian_of(std::process::id()), None);
            drop(inherited.take());
            let again = options.open(&name).unwrap();
            let own = again.sender().unwrap();
            assert_eq!(again.peers_watched(), Granted::Yes);
            assert!(guardian_of(std::process::id()).is_some());
            assert_eq!(again.info().watched_by.len(), 2);
            drop(own);
            eventually("its thread is gone", || guardian_of(std::process::id()).is_none());
        }));
        assert_eq!(channel.info().watched_by, [std::process::id()], "the parent's watches on");
        let mut child = sender(&name, false);
        child.kill();
        is_found_dead(child.id(), || channel.info());
        drop(inherited);
        eventually("the thread is gone", || guardian_of(std::process::id()).is_none());
    });
}

#[test]
fn a_program_that_closes_all_its_descriptors_still_learns_of_deaths() {
    const TEST: &str = "costs::a_program_that_closes_all_its_descriptors_still_learns_of_deaths";
    alone(TEST, || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = mpsc::Options::new().watch_peers(true).create(&name).unwrap();
        let receiver = channel.receiver().unwrap();
        let mut child = sender(&name, false);
        let pipes: Vec<i32> = descriptors_that_are_pipes_of_ours();
        assert!(!pipes.is_empty());
        for pipe in pipes {
            // SAFETY: this test closes what the library has opened, which is what it is about.
            unsafe { libc::close(pipe) };
        }
        child.kill();
        is_found_dead(child.id(), || channel.info());
        drop(receiver);
        eventually("the thread ends all the same", || guardian_of(std::process::id()).is_none());
    });
}

/// The alarm's descriptor: the pipe that nothing else here has written to or read from.
fn descriptors_that_are_pipes_of_ours() -> Vec<i32> {
    let number = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().to_str()?.parse().ok();
    let numbers: Vec<i32> = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(number).collect();
    let is_alarm = |fd: &i32| {
        // SAFETY: asks for the flags of a descriptor.
        let flags = unsafe { libc::fcntl(*fd, libc::F_GETFL) };
        let target = std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap_or_default();
        *fd > 2
            && flags & libc::O_NONBLOCK != 0
            && flags & libc::O_ACCMODE == libc::O_WRONLY
            && target.to_string_lossy().starts_with("pipe:")
    };
    numbers.into_iter().filter(is_alarm).collect()
}
