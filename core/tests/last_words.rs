//! The end of a channel is known to those who come by way of others, and where it is final nothing follows it.

mod support;

use memlane::{RecvError, SendError, TryRecvError, mpmc, spsc};
use support::peer::Peer;
use support::{Scratch, eventually};

#[test]
fn a_clone_knows_which_peers_the_original_has_seen() {
    let channel = mpmc::Options::new().slots(4).private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send(b"job").unwrap();
    drop(tx);
    let mut worker = rx.try_clone().unwrap();
    assert_eq!(worker.recv().unwrap().to_vec(), b"job");
    assert_eq!(worker.recv().unwrap_err(), RecvError::Disconnected);
    assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
    assert_eq!(rx.try_clone().unwrap().recv().unwrap_err(), RecvError::Disconnected, "a clone of one that was told");
    let mut other = channel.receiver().unwrap();
    assert_eq!(
        other.try_recv().unwrap_err(),
        TryRecvError::Empty,
        "one that comes by itself waits for the next sender"
    );

    let mut tx = channel.sender().unwrap();
    drop((rx, worker, other));
    assert_eq!(tx.send(b"job"), Err(SendError::Disconnected));
    assert_eq!(tx.try_clone().unwrap().send(b"job"), Err(SendError::Disconnected));
}

#[test]
fn a_clone_knows_that_there_were_messages() {
    let channel = mpmc::Options::new().slots(4).private().unwrap();
    channel.sender().unwrap().send(b"job").unwrap();
    // It never saw a sender, but a message.
    let mut rx = channel.receiver().unwrap();
    drop(rx.recv().unwrap());
    assert_eq!(rx.try_clone().unwrap().recv().unwrap_err(), RecvError::Disconnected);
}

/// A sender that is stopped between its look and its commit, which then comes after the end: the word that makes a message
/// exist is taken back, and comes again after that.
fn commits_after_the_end(peer: &Peer, at: u64, tell: impl FnOnce()) {
    let committed = peer.word(at);
    assert_ne!(committed, 0);
    peer.fill(at..at + 8, |_| 0);
    tell();
    peer.fill(at..at + 8, |_| committed);
}

#[test]
fn nothing_comes_after_a_receiver_was_told_that_a_closed_channel_is_drained() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = spsc::Options::new().capacity(4096).create(&name).unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send(b"too late").unwrap();
    let peer = Peer::of(&name);
    commits_after_the_end(&peer, peer.part("data_at"), || {
        channel.close();
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Disconnected);
    });
    for _ in 0..2 {
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Disconnected);
        assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
        assert_eq!(rx.recv_into(&mut [0; 8]), Err(RecvError::Disconnected));
        assert_eq!(rx.recv_batch(8).unwrap_err(), RecvError::Disconnected);
    }

    let name = scratch.name("jobs");
    let channel = mpmc::Options::new().slots(4).create(&name).unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send(b"too late").unwrap();
    let peer = Peer::of(&name);
    commits_after_the_end(&peer, peer.part("cells_at"), || {
        channel.close();
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Disconnected);
    });
    for _ in 0..2 {
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Disconnected);
        assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
        assert_eq!(rx.recv_into(&mut [0; 8]), Err(RecvError::Disconnected));
        assert_eq!(rx.recv_batch(8).unwrap_err(), RecvError::Disconnected);
    }
}

#[test]
fn a_closed_queue_ends_after_what_others_hold_was_dealt_with() {
    let channel = mpmc::Options::new().slots(4).private().unwrap();
    let (mut tx, mut rx, mut other) =
        (channel.sender().unwrap(), channel.receiver().unwrap(), channel.receiver().unwrap());
    tx.send(b"job").unwrap();
    let held = other.recv().unwrap();
    channel.close();
    assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty, "it may come back");
    held.nack().unwrap();
    assert!(rx.recv().unwrap().redelivered());
    assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
    assert_eq!(other.recv().unwrap_err(), RecvError::Disconnected);
}

/// What becomes of senders whose channel's file is removed by other means than [`memlane::remove`]: of one that leaves, of one
/// whose receivers leave, and of one that is busy.
macro_rules! removed_by_others {
    ($options:expr) => {
        let scratch = Scratch::new();
        let options = $options;
        let join = |name: &str| {
            let channel = options.create(&scratch.name(name)).unwrap();
            (channel.sender().unwrap(), channel.receiver().unwrap())
        };
        let remove = |name: &str| std::fs::remove_file(scratch.name(name)).unwrap();

        let (mut tx, rx) = join("left in good order");
        tx.send(b"x").unwrap();
        assert_eq!(tx.close(), Ok(()));
        drop(rx);

        let (mut tx, _rx) = join("left");
        tx.send(b"into the orphan").unwrap();
        remove("left");
        assert_eq!(tx.close(), Err(SendError::Removed));

        let (mut tx, rx) = join("abandoned");
        remove("abandoned");
        drop(rx);
        assert_eq!(tx.send(b"x"), Err(SendError::Removed), "that is why they left");

        let (mut tx, mut rx) = join("busy");
        remove("busy");
        eventually("a busy sender is told", || {
            let sent = tx.send(b"x");
            if sent.is_ok() {
                drop(rx.recv().unwrap());
            }
            sent == Err(SendError::Removed)
        });
    };
}

#[test]
fn a_sender_learns_that_the_file_was_removed_by_other_means() {
    removed_by_others!(spsc::Options::new().capacity(4096));
    removed_by_others!(mpmc::Options::new().slots(4));
}
