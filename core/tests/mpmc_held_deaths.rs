//! Held messages of an `mpmc` receiver whose process dies or forks, or whose channel is damaged.

mod support;

use memlane::mpmc::{Channel, HeldMessage, Options, Receiver};
use memlane::{AckError, Backend, Corruption, RecvError, RecvTimeoutError, SendError, TryRecvError};
use std::fs::File;
use std::os::unix::fs::FileExt;
use support::child::{self, Child, Part, alone, fork, join};
use support::{PATIENCE, Scratch, layout};

fn small() -> Options {
    Options::new().slots(4).max_message(100)
}

fn free(channel: &Channel) -> u64 {
    channel.info().queue.unwrap().free
}

/// The next message, to be held.
fn hold(receiver: &mut Receiver) -> HeldMessage {
    receiver.recv().unwrap().hold()
}

/// Where the slots begin in a channel's file.
fn data_at(file: &File) -> u64 {
    let mut number = [0; 8];
    file.read_exact_at(&mut number, layout::field("HeaderBlock", "data_at").offset as u64).unwrap();
    u64::from_le_bytes(number)
}

const PARTS: [(&str, Part); 1] = [("holds three messages of a queue", holds_three)];

#[test]
fn child_part() {
    child::play(&PARTS);
}

fn holds_three(arguments: &[String]) {
    let mut rx = Options::new().trust_peers(support::stage::trust()).open(&arguments[0]).unwrap().receiver().unwrap();
    let held = [hold(&mut rx), hold(&mut rx), hold(&mut rx)];
    let [one, two, three] = held;
    two.ack().unwrap();
    drop(rx);
    child::tell("holds two");
    let _held = (one, three);
    child::stay();
}

#[test]
fn what_a_killed_process_held_comes_again_marked_and_each_once() {
    for backend in [Backend::Futex, Backend::Semaphore] {
        let scratch = Scratch::new();
        let name = scratch.name("jobs");
        let options = || small().backend(backend).trust_peers(support::stage::trust());
        let channel = options().create(&name).unwrap();
        let mut tx = channel.sender().unwrap();
        tx.send_batch(["1", "2", "3", "4"]).unwrap();
        let mut child = Child::start("holds three messages of a queue", &[&name]);
        child.expect("holds two");
        let mut rx = channel.receiver().unwrap();
        assert_eq!(rx.recv().unwrap().to_vec(), b"4");
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty, "held by a process that lives");
        child.kill();
        let mut again: Vec<_> = (0..2)
            .map(|_| {
                let message = rx.recv_timeout(PATIENCE).unwrap();
                assert!(message.redelivered());
                message.to_vec()
            })
            .collect();
        again.sort();
        assert_eq!(again, [b"1", b"3"]);
        assert_eq!(free(&channel), 4);
    }
}

#[test]
fn a_forked_childs_is_the_parents() {
    alone("a_forked_childs_is_the_parents", || {
        let scratch = Scratch::new();
        let channel = small().create(&scratch.name("jobs")).unwrap();
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["1", "2", "3"]).unwrap();
        let held = [(); 3].map(|()| hold(&mut rx));
        drop(rx);
        let before = channel.info();
        let mut inherited = Some(held);
        join(fork(|| {
            let [one, two, three] = inherited.take().unwrap();
            assert_eq!(one.ack(), Err(AckError::Forked));
            assert_eq!(two.nack(), Err(AckError::Forked));
            drop(three);
        }));
        assert_eq!(channel.info(), before, "it left no trace");
        inherited.unwrap().into_iter().for_each(|one| one.ack().unwrap());
        assert_eq!(free(&channel), 4);
        assert_eq!(tx.send(b"4"), Err(SendError::Disconnected));
    });
}

#[test]
fn a_word_that_a_peer_wrote_is_corruption_for_all_that_are_held() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let channel = small().create(&name).unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send_batch(["1", "2", "3"]).unwrap();
    let [one, two, three] = std::array::from_fn(|_| hold(&mut rx));
    let file = File::options().read(true).write(true).open(&name).unwrap();
    // The first slot that the first sender takes is the first one.
    file.write_all_at(&[0xee; 8], data_at(&file)).unwrap();
    assert_eq!(one.ack(), Err(AckError::Corrupted(Corruption::SlotState)));
    assert_eq!(two.nack(), Err(AckError::Corrupted(Corruption::SlotState)), "it is known");
    drop(three);
    assert_eq!(rx.recv().unwrap_err(), RecvError::Corrupted(Corruption::SlotState));
}

#[test]
fn nothing_is_touched_of_a_file_that_was_seen_to_be_cut_short() {
    alone("nothing_is_touched_of_a_file_that_was_seen_to_be_cut_short", || {
        for remains in ["the words", "nothing"] {
            let scratch = Scratch::new();
            let name = scratch.name("jobs");
            let channel = small().create(&name).unwrap();
            let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
            tx.send_batch(["1", "2", "3"]).unwrap();
            let [one, two, three] = std::array::from_fn(|_| hold(&mut rx));
            let other = channel.receiver().unwrap();
            let file = File::options().read(true).write(true).open(&name).unwrap();
            file.set_len(data_at(&file)).unwrap();
            let cut_short = Corruption::FileLength;
            assert_eq!(rx.recv_timeout(PATIENCE).unwrap_err(), RecvTimeoutError::Corrupted(cut_short));
            if remains == "nothing" {
                file.set_len(0).unwrap();
            }
            assert_eq!(one.ack(), Err(AckError::Corrupted(cut_short)), "{remains}");
            assert_eq!(two.nack(), Err(AckError::Corrupted(cut_short)), "{remains}");
            drop(three);
            if remains == "nothing" {
                // Leaving writes to the rows, which are gone.
                std::mem::forget((rx, other, tx, channel));
            }
        }
    });
}
