//! What handles tell of their channel: how full it is, and who takes part.

use crate::case::Case;
use crate::deaths::kill;
use crate::kinds::Kind;
use crate::stage::{FEW, SHORT, create, ends, fill, longest, message, options_for, start};
use crate::support::eventually;
use crate::waiting::until_asleep;
use memlane::generic::{Channel, Receiver, Sender};
use memlane::{Role, Strategy, WaitForPeerError};
use std::time::{Duration, Instant};

over_all! {
    handles_count_what_waits_to_be_received
    a_channel_is_full_when_its_largest_message_finds_no_room
    handles_know_who_takes_part
    handles_know_whether_they_have_the_same_channel
    a_handle_knows_when_the_others_have_left
    waiting_for_a_peer_ends_when_one_joins
    waiting_for_a_peer_ends_at_its_deadline_and_with_the_channel
}

over_processes! {
    a_peer_that_died_is_none
}

fn lengths<K: Kind>(channel: &Channel<K>, sender: &Sender<K>, receiver: &Receiver<K>) -> [usize; 3] {
    let lengths = [channel.len(), sender.len(), receiver.len()];
    let is_empty = [channel.is_empty(), sender.is_empty(), receiver.is_empty()];
    assert_eq!(is_empty, lengths.map(|length| length == 0));
    lengths
}

fn rooms<K: Kind>(channel: &Channel<K>, sender: &Sender<K>, receiver: &Receiver<K>) -> [usize; 3] {
    [channel.room(), sender.room(), receiver.room()]
}

fn handles_count_what_waits_to_be_received<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    let all = rooms(&channel, &sender, &receiver);
    // Several times round the channel.
    for turn in 0..40 {
        assert_eq!(lengths(&channel, &sender, &receiver), [0; 3]);
        for number in 0..FEW {
            sender.send(&message(turn * FEW + number)).unwrap();
            assert_eq!(lengths(&channel, &sender, &receiver), [number as usize + 1; 3]);
            assert!(rooms(&channel, &sender, &receiver).iter().all(|&room| room < all[0]));
        }
        for number in 0..FEW {
            receiver.recv().unwrap().ack().unwrap();
            assert_eq!(lengths(&channel, &sender, &receiver), [(FEW - number) as usize - 1; 3]);
        }
        let capacities = [channel.capacity(), sender.capacity(), receiver.capacity()];
        assert!(capacities.iter().all(|&capacity| capacity == capacities[0] && all[0] <= capacity));
        assert_eq!(rooms(&channel, &sender, &receiver), all, "everything came back");
    }
}

fn a_channel_is_full_when_its_largest_message_finds_no_room<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    // Of whatever length the messages are that fill it.
    for turn in 0..60 {
        let mut sent = 0;
        loop {
            let full = [channel.is_full(), sender.is_full(), receiver.is_full()];
            let found_room = sender.try_reserve(sender.max_message()).is_ok();
            assert_eq!(full, [!found_room; 3], "turn {turn}, {sent} messages");
            if sender.try_send(&message(turn + 7 * sent)).is_err() {
                break;
            }
            sent += 1;
        }
        assert_eq!(lengths(&channel, &sender, &receiver), [sent as usize; 3]);
        for number in 0..sent {
            assert_eq!(receiver.recv().unwrap().to_vec(), message(turn + 7 * number));
        }
    }
    let filled = fill(&mut sender);
    assert!(channel.is_full() && receiver.len() == filled as usize);
    assert_eq!(receiver.recv().unwrap().to_vec(), longest(0));
}

fn handles_know_who_takes_part<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let seats = [Role::Sender, Role::Receiver].map(|role| channel.free_seats(role));
    let alive = || (channel.peers().senders, channel.peers().receivers);
    assert_eq!(alive(), (0, 0));
    let mut receiver = channel.receiver().unwrap();
    let mut peer = start(case, &channel, "sends as many as it is told");
    peer.expect("joined");
    assert_eq!((alive(), receiver.peers()), ((1, 1), channel.peers()));
    let left = [Role::Sender, Role::Receiver].map(|role| channel.free_seats(role));
    assert_eq!(left, seats.map(|seats| seats - 1));
    peer.say("1");
    peer.expect("sent");
    assert_eq!(receiver.recv().unwrap().to_vec(), message(0));
    peer.finish();
    assert_eq!((alive(), channel.free_seats(Role::Sender)), ((0, 1), seats[0]));
    let sender = channel.sender().unwrap();
    drop(receiver);
    assert_eq!((sender.peers().senders, sender.peers().receivers), (1, 0));
}

fn handles_know_whether_they_have_the_same_channel<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let another = options_for::<K>(case).private().unwrap();
    let (sender, receiver) = ends(&channel);
    let (other_sender, other_receiver) = ends(&another);
    assert!(channel.same_channel(&channel.clone()) && !channel.same_channel(&another));
    assert!(sender.same_channel(&sender) && !sender.same_channel(&other_sender));
    assert!(receiver.same_channel(&receiver) && !receiver.same_channel(&other_receiver));
}

fn a_handle_knows_when_the_others_have_left<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    assert!(!sender.is_disconnected() && !receiver.is_disconnected());
    drop(receiver);
    assert!(sender.is_disconnected());
    receiver = channel.receiver().unwrap();
    assert!(!sender.is_disconnected(), "another one came");
    sender.send(b"the last one").unwrap();
    drop(sender);
    assert!(receiver.is_disconnected());
    assert_eq!(receiver.recv().unwrap().to_vec(), b"the last one");
    sender = channel.sender().unwrap();
    assert!(!receiver.is_disconnected());
    channel.close();
    assert!(sender.is_disconnected() && receiver.is_disconnected());

    let channel = options_for::<K>(case).persistent(true).private().unwrap();
    let (sender, receiver) = ends(&channel);
    drop(receiver);
    assert!(!sender.is_disconnected(), "it never disconnects");
}

fn waiting_for_a_peer_ends_when_one_joins<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    for strategy in [Strategy::Park, Strategy::Adaptive, Strategy::SpinThenYield] {
        let mut receiver = channel.receiver().unwrap();
        receiver.set_strategy(strategy);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(move || (receiver.wait_for_peer(Duration::MAX), receiver));
            if strategy == Strategy::Park {
                until_asleep(&channel, Role::Receiver, 0);
            }
            let mut peer = start(case, &channel, "sends as many as it is told");
            peer.expect("joined");
            let (outcome, mut receiver) = waiting.join().unwrap();
            assert_eq!((outcome, receiver.wait_for_peer(Duration::ZERO)), (Ok(()), Ok(())));
            peer.say("1");
            peer.expect("sent");
            assert_eq!(receiver.recv().unwrap().to_vec(), message(0), "nothing was taken meanwhile");
            peer.finish();
        });
    }
}

fn waiting_for_a_peer_ends_at_its_deadline_and_with_the_channel<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    let deadline = Instant::now() + SHORT;
    assert_eq!(sender.wait_for_peer_deadline(deadline), Err(WaitForPeerError::Timeout));
    assert!(Instant::now() >= deadline);
    assert_eq!(sender.wait_for_peer(Duration::ZERO), Err(WaitForPeerError::Timeout));
    drop(channel.receiver().unwrap());
    assert_eq!(sender.wait_for_peer(SHORT), Err(WaitForPeerError::Timeout), "it has left");
    sender.set_strategy(Strategy::Park);
    let parks = channel.info().participants.iter().map(|one| one.counters.parks).sum();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| sender.wait_for_peer(Duration::MAX));
        until_asleep(&channel, Role::Sender, parks);
        channel.close();
        assert_eq!(waiting.join().unwrap(), Err(WaitForPeerError::Disconnected));
    });
}

fn a_peer_that_died_is_none<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    let free = channel.free_seats(Role::Receiver);
    let peer = start(case, &channel, "receives one whenever it is told");
    peer.expect("joined");
    assert_eq!(sender.wait_for_peer(Duration::ZERO), Ok(()));
    kill(peer);
    eventually("the kernel says that it died", || channel.peers().receivers == 0);
    assert_eq!(channel.free_seats(Role::Receiver), free, "its seat can be taken");
    assert_eq!(sender.wait_for_peer(Duration::ZERO), Err(WaitForPeerError::Timeout));
    assert_eq!(sender.wait_for_peer(SHORT), Err(WaitForPeerError::Timeout));
    let _receiver = channel.receiver().unwrap();
    assert_eq!(sender.wait_for_peer(Duration::MAX), Ok(()));
}
