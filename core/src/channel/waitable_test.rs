//! Tests of what can be waited for: what each kind of handle is ready for. A file of its own, for it needs the kinds.

use super::kind::ChannelKind;
use super::receiver::Receiver;
use super::sender::Sender;
use super::waitable::{Awaited, Waitable, Waited};
use super::{broadcast, event, mpmc, mpsc, pipe, rpc, semaphore, spsc, watch};
use crate::error::RecvError;
use crate::region::{Sleep, View};
use crate::sync::AtomicU32;
use crate::wait::Waiter;
use std::io::{Read, Write};

fn is_ready(handle: &mut impl Waitable) -> bool {
    let handle = handle.awaited();
    let first = handle.is_ready();
    assert_eq!(handle.is_ready(), first, "a look changes nothing");
    first
}

/// Ready for its message and for the end, and for nothing else.
fn is_ready_for_what_comes<K: ChannelKind>(mut tx: Sender<K>, mut rx: Receiver<K>) {
    assert!(!is_ready(&mut rx), "nothing came");
    for number in 0..3u8 {
        tx.send(&[number]).unwrap();
        assert!(is_ready(&mut rx));
        assert_eq!(rx.recv().unwrap().to_vec(), [number]);
        assert!(!is_ready(&mut rx), "that was all");
    }
    tx.send(b"last").unwrap();
    drop(tx);
    assert!(is_ready(&mut rx));
    assert_eq!(rx.recv().unwrap().to_vec(), b"last");
    for _ in 0..2 {
        assert!(is_ready(&mut rx), "the end stays");
        assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
    }
}

#[test]
fn receivers_of_every_kind_are_ready_for_a_message_and_for_the_end() {
    let channel = spsc::Options::new().private().unwrap();
    is_ready_for_what_comes(channel.sender().unwrap(), channel.receiver().unwrap());
    let channel = mpsc::Options::new().private().unwrap();
    is_ready_for_what_comes(channel.sender().unwrap(), channel.receiver().unwrap());
    let channel = mpmc::Options::new().private().unwrap();
    is_ready_for_what_comes(channel.sender().unwrap(), channel.receiver().unwrap());
    for policy in [broadcast::Policy::Block, broadcast::Policy::Overwrite, broadcast::Policy::Evict] {
        let channel = broadcast::Options::new().policy(policy).private().unwrap();
        is_ready_for_what_comes(channel.sender().unwrap(), channel.receiver().unwrap());
    }
}

#[test]
fn a_server_is_ready_for_a_call_and_a_call_for_its_answer() {
    let channel = rpc::Options::new().private().unwrap();
    let (client, mut server) = (channel.client().unwrap(), channel.server().unwrap());
    let patience = std::time::Duration::from_secs(60);
    drop(client.start(b"given up", patience).unwrap());
    assert!(!is_ready(&mut server), "nobody waits for that");
    let mut pending = client.start(b"", patience).unwrap();
    assert!(is_ready(&mut server) && !is_ready(&mut pending));
    assert!(pending.awaited().woken_at().is_some());
    let call = server.next().unwrap();
    assert!(!is_ready(&mut pending), "it is under way");
    call.respond(b"1").unwrap();
    assert!(!is_ready(&mut server));
    for _ in 0..2 {
        assert!(is_ready(&mut pending));
    }
    assert_eq!(pending.try_get().unwrap(), Some(b"1".to_vec()));
    let mut pending = client.start(b"", patience).unwrap();
    channel.close();
    assert!(is_ready(&mut server) && is_ready(&mut pending));
    assert!(server.next().is_err() && pending.wait().is_err());
}

#[test]
fn a_closed_channel_is_ready_before_and_after_its_end_was_told() {
    let channel = spsc::Options::new().private().unwrap();
    let (_tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    channel.close();
    assert!(is_ready(&mut rx));
    assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
    assert!(is_ready(&mut rx));
}

#[test]
fn each_lane_of_many_counts() {
    let channel = mpsc::Options::new().max_senders(40).private().unwrap();
    let mut senders: Vec<_> = (0..40).map(|_| channel.sender().unwrap()).collect();
    let mut rx = channel.receiver().unwrap();
    for (number, tx) in senders.iter_mut().enumerate() {
        assert!(!is_ready(&mut rx));
        tx.send(&[number as u8]).unwrap();
        assert!(is_ready(&mut rx), "lane {number}");
        assert_eq!(rx.recv().unwrap().to_vec(), [number as u8]);
    }
}

#[test]
fn a_loss_is_left_for_the_call_to_tell() {
    let channel = broadcast::Options::new().policy(broadcast::Policy::Overwrite).capacity(4096).private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    (0..1000).for_each(|_| tx.send(b"overwritten").unwrap());
    assert!(is_ready(&mut rx));
    assert!(matches!(rx.recv(), Err(RecvError::Lagged { lost: 1.. })));
    assert!(is_ready(&mut rx), "and some are left");
}

#[test]
fn what_another_receiver_held_makes_ready_and_is_not_counted_by_a_look() {
    let channel = mpmc::Options::new().private().unwrap();
    let (mut tx, mut rx, mut dies) =
        (channel.sender().unwrap(), channel.receiver().unwrap(), channel.receiver().unwrap());
    tx.send(b"job").unwrap();
    std::mem::forget(dies.recv().unwrap());
    assert!(!is_ready(&mut rx), "the other one has it");
    drop(dies);
    assert!(is_ready(&mut rx));
    assert_eq!(rx.len(), 1);
    let message = rx.try_recv().unwrap();
    assert_eq!((message.to_vec(), message.deliveries()), (b"job".to_vec(), 2));
    message.ack().unwrap();
    assert!(!is_ready(&mut rx));
}

/// Ready while there is room for the longest message.
fn is_ready_for_room<K: ChannelKind>(mut tx: Sender<K>, mut rx: Receiver<K>) {
    let longest = vec![0; tx.max_message()];
    let mut sent = 0;
    while is_ready(&mut tx) {
        tx.try_send(&longest).unwrap();
        sent += 1;
    }
    assert!(tx.try_send(&longest).is_err(), "after {sent}");
    assert!(!is_ready(&mut tx));
    let batch = rx.recv_batch(usize::MAX).unwrap();
    assert_eq!(batch.len(), sent, "a look sends nothing");
    batch.ack().unwrap();
    assert!(is_ready(&mut tx));
    rx.leave();
    assert!(is_ready(&mut tx), "nobody receives any more");
}

#[test]
fn a_sender_is_ready_while_there_is_room_for_the_longest_message() {
    let channel = spsc::Options::new().capacity(4096).private().unwrap();
    is_ready_for_room(channel.sender().unwrap(), channel.receiver().unwrap());
    let channel = mpmc::Options::new().slots(4).private().unwrap();
    is_ready_for_room(channel.sender().unwrap(), channel.receiver().unwrap());
    let channel = broadcast::Options::new().capacity(4096).private().unwrap();
    is_ready_for_room(channel.sender().unwrap(), channel.receiver().unwrap());
}

#[test]
fn a_watch_is_ready_for_a_value_that_was_not_seen() {
    let channel = watch::Options::new().private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    assert!(!is_ready(&mut rx));
    tx.set(b"one").unwrap();
    assert!(is_ready(&mut rx));
    rx.get().unwrap();
    assert!(!is_ready(&mut rx));
    drop(tx);
    assert!(is_ready(&mut rx));
}

#[test]
fn a_pipe_is_ready_while_a_byte_of_a_record_is_left() {
    let (mut writer, mut reader) = pipe::pair().unwrap();
    assert!(!is_ready(&mut reader));
    writer.write_all(b"two").unwrap();
    for byte in *b"two" {
        assert!(is_ready(&mut reader));
        let mut buffer = [0];
        reader.read_exact(&mut buffer).unwrap();
        assert_eq!(buffer, [byte]);
    }
    assert!(!is_ready(&mut reader));
}

#[test]
fn what_reads_without_a_seat_is_looked_at_and_has_no_word() {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let name = |name| folder.path().join(name).display().to_string();
    let mut latest = watch::Options::new().create(&name("latest")).unwrap().sender().unwrap();
    let mut feed = broadcast::Options::new().create(&name("feed")).unwrap().sender().unwrap();
    let mut rx = (watch::open_read_only(&name("latest")).unwrap(), broadcast::open_read_only(&name("feed")).unwrap());
    assert!(rx.0.woken_at().is_none() && rx.1.woken_at().is_none());
    assert_eq!((is_ready(&mut rx.0), is_ready(&mut rx.1)), (false, false));
    latest.set(b"value").unwrap();
    feed.send(b"message").unwrap();
    assert_eq!((is_ready(&mut rx.0), is_ready(&mut rx.1)), (true, true));
    assert_eq!((rx.0.get().unwrap(), rx.1.try_recv().unwrap()), (b"value".to_vec(), b"message".to_vec()));
    assert_eq!((is_ready(&mut rx.0), is_ready(&mut rx.1)), (false, false));
    drop((latest, feed));
    assert_eq!((is_ready(&mut rx.0), is_ready(&mut rx.1)), (true, true));
}

#[test]
fn the_word_stays_without_the_handle() {
    let channel = spsc::Options::new().private().unwrap();
    let rx = channel.receiver().unwrap();
    let (stays, address) = (rx.end.wake_word(rx.end.data()).unwrap(), std::ptr::from_ref(rx.end.data()));
    drop(rx);
    assert!(std::ptr::eq(stays.word(), address) && matches!(stays.signals().sleep(), Sleep::Futex(_)));
    let elsewhere = AtomicU32::new(0);
    let other = spsc::Options::new().private().unwrap().receiver().unwrap();
    assert!(View::of_word(other.end.region(), &elsewhere).is_none());
    assert!(View::of_word(other.end.region(), stays.word()).is_none());
}

#[test]
fn a_semaphore_is_ready_for_a_permit_for_which_there_is_a_place() {
    let channel = semaphore::Options::new().permits(1).max_held(1).private().unwrap();
    let (mut one, mut other) = (channel.semaphore().unwrap(), channel.semaphore().unwrap());
    assert!(is_ready(&mut one));
    let permit = other.acquire().unwrap();
    assert!(!is_ready(&mut one));
    one.add_permits(1).unwrap();
    assert!(!is_ready(&mut one), "only one can be held");
    permit.forget().unwrap();
    assert!(is_ready(&mut one));
    drop(other.acquire().unwrap());
    assert!(is_ready(&mut one), "it stands free in its place");
    let _permit = one.acquire().unwrap();
    assert!(!is_ready(&mut one));
    channel.close();
    assert!(is_ready(&mut one), "the end");
}

#[test]
fn an_event_is_ready_for_a_set_that_was_not_seen() {
    let channel = event::Options::new().private().unwrap();
    let (mut one, mut other) = (channel.event().unwrap(), channel.event().unwrap());
    assert!(!is_ready(&mut one));
    other.set(1).unwrap();
    assert!(is_ready(&mut one));
    one.wait().unwrap();
    assert!(!is_ready(&mut one) && one.bits() == 1, "it has seen it, whether the bit is set or not");
    channel.close();
    assert!(is_ready(&mut one), "the end");
}
