//! The end of a queue is known to those who come by way of others, and comes after what others hold.
//!
//! What all kinds have in common is in `contract/endings.rs`.

mod support;

use memlane::{RecvError, SendError, TryRecvError, mpmc};
use support::Watchdog;

#[test]
fn a_clone_knows_which_peers_the_original_has_seen() {
    let _watchdog = Watchdog::new();
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
    let _watchdog = Watchdog::new();
    let channel = mpmc::Options::new().slots(4).private().unwrap();
    channel.sender().unwrap().send(b"job").unwrap();
    // It never saw a sender, but a message.
    let mut rx = channel.receiver().unwrap();
    drop(rx.recv().unwrap());
    assert_eq!(rx.try_clone().unwrap().recv().unwrap_err(), RecvError::Disconnected);
}

#[test]
fn a_closed_queue_ends_after_what_others_hold_was_dealt_with() {
    let _watchdog = Watchdog::new();
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
