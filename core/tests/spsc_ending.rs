//! How a channel ends, over named, anonymous and private channels: who is disconnected when, and what `close` does.

mod support;

use memlane::spsc::{Channel, Options, Receiver, Sender};
use memlane::{
    ChannelStatus, GrantError, JoinError, OpenError, RecvError, RecvTimeoutError, SendError, SendTimeoutError,
    TryRecvError, TrySendError,
};
use std::time::Duration;
use support::stage::everywhere;
use support::{Scratch, assert_same, eventually};

/// Long enough to look for the dead and at the rows again.
const A_WHILE: Duration = Duration::from_millis(130);

fn next(receiver: &mut Receiver) -> Vec<u8> {
    receiver.recv().unwrap().to_vec()
}

#[track_caller]
fn assert_receiver_is_disconnected(receiver: &mut Receiver) {
    for _ in 0..2 {
        assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Disconnected);
        assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
        assert_eq!(receiver.recv_timeout(Duration::MAX).unwrap_err(), RecvTimeoutError::Disconnected);
        assert_eq!(receiver.recv_into(&mut [0; 8]), Err(RecvError::Disconnected));
        assert_eq!(receiver.recv_batch(8).unwrap_err(), RecvError::Disconnected);
        assert_eq!(receiver.messages().next(), None);
    }
}

#[track_caller]
fn assert_receiver_waits(receiver: &mut Receiver) {
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Empty);
    assert_eq!(receiver.recv_timeout(A_WHILE).unwrap_err(), RecvTimeoutError::Timeout);
}

#[track_caller]
fn assert_sender_is_disconnected(sender: &mut Sender) {
    for _ in 0..2 {
        assert_eq!(sender.try_send(b"x"), Err(TrySendError::Disconnected));
        assert_eq!(sender.send(b"x"), Err(SendError::Disconnected));
        assert_eq!(sender.send_timeout(b"x", Duration::MAX), Err(SendTimeoutError::Disconnected));
        assert_eq!(sender.reserve(1).unwrap_err(), SendError::Disconnected);
        assert_eq!(sender.send_batch([b"x"]).unwrap_err().error, SendError::Disconnected);
    }
}

fn small() -> Options {
    Options::new().capacity(4096)
}

#[test]
fn a_receiver_without_a_sender_waits_for_the_first_one() {
    everywhere(|stage| {
        let channel = stage.channel(&small());
        let mut receiver = channel.receiver().unwrap();
        assert_receiver_waits(&mut receiver);
        let mut sender = channel.sender().unwrap();
        assert_receiver_waits(&mut receiver);
        sender.send(b"hello").unwrap();
        assert_eq!(next(&mut receiver), b"hello");
    });
}

#[test]
fn a_receiver_drains_what_a_sender_left_and_is_then_disconnected() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.small();
        sender.send(b"one").unwrap();
        sender.send(b"two").unwrap();
        sender.leave().unwrap();
        assert_eq!((next(&mut receiver), next(&mut receiver)), (b"one".to_vec(), b"two".to_vec()));
        assert_receiver_is_disconnected(&mut receiver);
        let mut sender = channel.sender().unwrap();
        assert_receiver_waits(&mut receiver);
        sender.send(b"a successor's").unwrap();
        assert_eq!(next(&mut receiver), b"a successor's");
        drop(sender);
        assert_receiver_is_disconnected(&mut receiver);
    });
}

#[test]
fn a_sender_that_came_and_went_without_a_message_counts() {
    everywhere(|stage| {
        let channel = stage.channel(&small());
        let mut receiver = channel.receiver().unwrap();
        drop(channel.sender().unwrap());
        assert_receiver_is_disconnected(&mut receiver);
    });
}

#[test]
fn a_sender_from_before_counts_only_by_what_it_left() {
    everywhere(|stage| {
        let channel = stage.channel(&small());
        let mut sender = channel.sender().unwrap();
        sender.send(b"left").unwrap();
        drop(sender);
        let mut receiver = channel.receiver().unwrap();
        assert_eq!(next(&mut receiver), b"left");
        assert_receiver_is_disconnected(&mut receiver);
        drop(receiver);
        let mut receiver = channel.receiver().unwrap();
        assert_receiver_waits(&mut receiver);
    });
}

#[test]
fn a_blocked_receiver_learns_that_the_sender_left() {
    everywhere(|stage| {
        let (channel, sender, mut receiver) = stage.small();
        std::thread::scope(|scope| {
            let blocked = scope.spawn(move || receiver.recv().map(|_| ()));
            eventually("it sleeps", || channel.info().participants[1].counters.parks > 0);
            drop(sender);
            assert_eq!(blocked.join().unwrap(), Err(RecvError::Disconnected));
        });
    });
}

#[test]
fn a_sender_without_a_receiver_fills_the_channel_and_waits() {
    everywhere(|stage| {
        let channel = stage.channel(&small());
        let mut sender = channel.sender().unwrap();
        while sender.try_send(&[0; 504]).is_ok() {}
        assert_eq!(sender.send_timeout(&[0; 504], A_WHILE), Err(SendTimeoutError::Timeout));
        let mut receiver = channel.receiver().unwrap();
        assert_eq!(receiver.recv_batch(100).unwrap().len(), 7);
        sender.send(b"x").unwrap();
    });
}

#[test]
fn a_sender_is_disconnected_when_its_receivers_have_left() {
    everywhere(|stage| {
        let (channel, mut sender, receiver) = stage.small();
        receiver.leave();
        assert_sender_is_disconnected(&mut sender);
        let mut receiver = channel.receiver().unwrap();
        sender.send(b"a successor takes it").unwrap();
        assert_eq!(next(&mut receiver), b"a successor takes it");
        drop(receiver);
        assert_sender_is_disconnected(&mut sender);
        drop(sender);
        let mut sender = channel.sender().unwrap();
        sender.send(b"those who left before do not count").unwrap();
    });
}

#[test]
fn a_blocked_sender_learns_that_the_receiver_left() {
    everywhere(|stage| {
        let (channel, mut sender, receiver) = stage.small();
        while sender.try_send(&[0; 504]).is_ok() {}
        std::thread::scope(|scope| {
            let blocked = scope.spawn(move || sender.send(&[0; 504]));
            eventually("it sleeps", || channel.info().participants[0].counters.parks > 0);
            drop(receiver);
            assert_eq!(blocked.join().unwrap(), Err(SendError::Disconnected));
        });
    });
}

#[test]
fn a_persistent_channel_never_disconnects() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.pair(&small().persistent(true));
        for _ in 0..2 {
            sender.send(b"one").unwrap();
            drop(sender);
            assert_eq!(next(&mut receiver), b"one");
            assert_receiver_waits(&mut receiver);
            sender = channel.sender().unwrap();
            drop(receiver);
            sender.send(b"two").unwrap();
            receiver = channel.receiver().unwrap();
            assert_eq!(next(&mut receiver), b"two");
        }
        assert!(channel.info().persistent);
        channel.close();
        assert_sender_is_disconnected(&mut sender);
        assert_receiver_is_disconnected(&mut receiver);
    });
}

#[test]
fn closing_ends_the_channel_for_good() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.small();
        let label = channel.info().name;
        sender.send(b"one").unwrap();
        sender.send(b"two").unwrap();
        channel.close();
        channel.close();
        assert_eq!(channel.info().status, ChannelStatus::Closed);
        assert_sender_is_disconnected(&mut sender);
        assert_eq!((next(&mut receiver), next(&mut receiver)), (b"one".to_vec(), b"two".to_vec()));
        assert_receiver_is_disconnected(&mut receiver);
        drop((sender, receiver));
        assert_same(&channel.sender().unwrap_err(), &JoinError::Closed { channel: label.clone() }, "sender");
        assert_same(&channel.receiver().unwrap_err(), &JoinError::Closed { channel: label }, "receiver");
    });
}

#[test]
fn a_message_in_hand_survives_closing() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.small();
        sender.send(b"one").unwrap();
        let mut grant = sender.reserve(3).unwrap();
        let message = receiver.recv().unwrap();
        channel.close();
        assert_eq!(message.to_vec(), b"one");
        drop(message);
        grant.write_at(0, b"two").unwrap();
        assert_eq!(grant.commit(3), Err(GrantError::Disconnected), "nobody need wait for it");
        assert_receiver_is_disconnected(&mut receiver);
    });
}

fn close_while<R: Send>(channel: &Channel, row: usize, blocked: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| {
        let blocked = scope.spawn(blocked);
        eventually("it sleeps", || channel.info().participants[row].counters.parks > 0);
        channel.close();
        blocked.join().unwrap()
    })
}

#[test]
fn closing_wakes_who_is_blocked() {
    everywhere(|stage| {
        let (channel, _sender, mut receiver) = stage.small();
        assert_eq!(close_while(&channel, 1, || receiver.recv().map(|_| ())), Err(RecvError::Disconnected));
        let (channel, mut sender, _receiver) = stage.small();
        while sender.try_send(&[0; 504]).is_ok() {}
        assert_eq!(close_while(&channel, 0, || sender.send(&[0; 504])), Err(SendError::Disconnected));
    });
}

#[test]
fn another_handle_of_a_closed_channel_knows() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let one = small().create(&name).unwrap();
    let two = memlane::spsc::open(&name).unwrap();
    let mut sender = one.sender().unwrap();
    two.close();
    assert_sender_is_disconnected(&mut sender);
    assert!(matches!(one.receiver(), Err(JoinError::Closed { .. })));
    assert!(matches!(memlane::spsc::open(&name), Err(OpenError::Closed { .. })));
    let again = small().open_or_create(&name);
    assert!(matches!(again, Err(OpenError::Closed { .. })), "closed is not stale: {again:?}");
}
