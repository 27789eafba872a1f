//! Where the system refuses part of what a guardian needs, slices find the dead, and the handle says why.

use crate::stage::{guardian_of, is_found_dead, sender};
use crate::support::child::alone;
use crate::support::{Scratch, eventually, space};
use memlane::{Granted, RecvError, mpsc};

#[test]
fn where_the_user_has_too_many_inotify_instances_slices_find_the_dead() {
    const TEST: &str = "refusals::where_the_user_has_too_many_inotify_instances_slices_find_the_dead";
    alone(TEST, || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let mut child = {
            mpsc::Options::new().create(&name).unwrap();
            sender(&name, false)
        };
        space::refuse_call(libc::SYS_inotify_init1, libc::EMFILE);
        let channel = mpsc::Options::new().watch_peers(true).open(&name).unwrap();
        let mut receiver = channel.receiver().unwrap();
        let Granted::No(why) = channel.peers_watched() else { panic!("{:?}", channel.peers_watched()) };
        assert!(why.contains("fs.inotify.max_user_instances"), "{why}");
        assert_eq!(channel.info().watched_by, [] as [u32; 0], "nobody else believes that it is watched");
        eventually("a thread that can do nothing ends", || guardian_of(std::process::id()).is_none());
        child.kill();
        assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
        drop(receiver);
        channel.remove().unwrap();
    });
}

#[test]
fn where_the_system_cannot_sleep_on_several_words_guardians_watch_without_a_duty() {
    const TEST: &str = "refusals::where_the_system_cannot_sleep_on_several_words_guardians_watch_without_a_duty";
    alone(TEST, || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        mpsc::Options::new().create(&name).unwrap();
        let mut others = [sender(&name, true), sender(&name, true)];
        let mut dying = sender(&name, false);
        space::refuse_call(libc::SYS_futex_waitv, libc::ENOSYS);
        let channel = mpsc::Options::new().watch_peers(true).open(&name).unwrap();
        let receiver = channel.receiver().unwrap();
        assert_eq!(channel.peers_watched(), Granted::Yes);
        // Those on duty do nothing.
        others.iter().for_each(|other| other.stop());
        dying.kill();
        is_found_dead(dying.id(), || channel.info());
        others.iter_mut().for_each(|other| other.kill());
        others.iter().for_each(|other| is_found_dead(other.id(), || channel.info()));
        drop(receiver);
        eventually("the thread is gone", || guardian_of(std::process::id()).is_none());
    });
}

#[test]
fn where_there_are_no_private_tables_of_descriptors_slices_find_the_dead() {
    const TEST: &str = "refusals::where_there_are_no_private_tables_of_descriptors_slices_find_the_dead";
    alone(TEST, || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let mut child = {
            mpsc::Options::new().create(&name).unwrap();
            sender(&name, false)
        };
        space::refuse_call(libc::SYS_close_range, libc::ENOSYS);
        let channel = mpsc::Options::new().watch_peers(true).open(&name).unwrap();
        let mut receiver = channel.receiver().unwrap();
        assert!(matches!(channel.peers_watched(), Granted::No(_)));
        child.kill();
        assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
    });
}
