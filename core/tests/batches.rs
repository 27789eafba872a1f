//! What is particular to one kind when some messages of a batch are done with, and others not yet.

mod support;

use memlane::{AckAtError, OnDrop, QueueInfo, Role, TrySendError, mpmc, spsc};
use support::stage::everywhere;

#[test]
fn what_is_acknowledged_of_a_lanes_batch_is_room_and_counted_and_the_rest_is_not() {
    everywhere(|stage| {
        let (channel, mut tx, mut rx) = stage.small();
        // Of several lengths, so that what is neither header nor payload differs.
        let lengths = [1, 8, 300, 0, 13, 77];
        // Until a batch reaches over the end of the ring, where padding is.
        for round in 0..40 {
            tx.send_batch(lengths.map(|length| vec![round; length])).unwrap();
            let mut batch = rx.recv_batch(lengths.len()).unwrap();
            for done in 0..lengths.len() {
                batch.ack_first(1).unwrap();
                let info = channel.info();
                let counters = info.participants.iter().find(|one| one.role == Role::Receiver).unwrap().counters;
                let rounds = u64::from(round);
                let bytes =
                    rounds * lengths.iter().sum::<usize>() as u64 + lengths[..=done].iter().sum::<usize>() as u64;
                assert_eq!(counters.messages, rounds * lengths.len() as u64 + done as u64 + 1);
                assert_eq!(counters.bytes, bytes);
                if done == lengths.len() - 1 {
                    assert_eq!(info.lanes[0].consumed, info.lanes[0].committed);
                } else {
                    assert!(info.lanes[0].consumed < info.lanes[0].committed);
                }
            }
        }
    });
}

#[test]
fn sequence_numbers_stay_with_what_is_left_of_a_batch() {
    everywhere(|stage| {
        let (_, mut tx, mut rx) = stage.small();
        tx.send_batch(["0", "1", "2", "3", "4"]).unwrap();
        let mut batch = rx.recv_batch(5).unwrap();
        batch.ack_first(2).unwrap();
        assert_eq!(batch.iter().map(|message| message.sequence()).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(batch.get(3).unwrap().sequence(), 3);
        batch.nack().unwrap();
        assert_eq!(rx.recv().unwrap().sequence(), 2);
    });
}

#[test]
fn a_batch_of_a_lane_that_is_forgotten_comes_again_with_the_next_call() {
    let calls: [fn(&mut spsc::Receiver) -> Vec<u8>; 4] = [
        |rx| rx.recv().unwrap().to_vec(),
        |rx| rx.try_recv().unwrap().to_vec(),
        |rx| rx.recv_batch(1).unwrap().get(0).unwrap().to_vec(),
        |rx| {
            let mut buffer = [0];
            rx.recv_into(&mut buffer).unwrap();
            buffer.to_vec()
        },
    ];
    everywhere(|stage| {
        for call in calls {
            for taken in [3, 4] {
                let (_channel, mut tx, mut rx) = stage.small();
                tx.send_batch(["0", "1", "2", "3"]).unwrap();
                let mut batch = rx.recv_batch(taken).unwrap();
                batch.ack_first(1).unwrap();
                std::mem::forget(batch);
                assert_eq!([call(&mut rx), call(&mut rx), call(&mut rx)].concat(), b"123");
                assert!(rx.try_recv().is_err());
            }
        }
    });
}

fn queue(options: mpmc::Options) -> (mpmc::Channel, mpmc::Sender, mpmc::Receiver) {
    let channel = options.private().unwrap();
    let (tx, rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    (channel, tx, rx)
}

fn counts(channel: &mpmc::Channel) -> QueueInfo {
    channel.info().queue.unwrap()
}

#[test]
fn a_slot_of_a_batch_is_free_when_its_message_is_done_with() {
    let (channel, mut tx, mut rx) = queue(mpmc::Options::new().slots(4));
    tx.send_batch(["0", "1", "2", "3"]).unwrap();
    let mut batch = rx.recv_batch(4).unwrap();
    assert_eq!(tx.try_send(b"4"), Err(TrySendError::Full));
    batch.ack_at(2).unwrap();
    tx.try_send(b"4").unwrap();
    assert_eq!(tx.try_send(b"5"), Err(TrySendError::Full));
    batch.ack_first(2).unwrap();
    assert_eq!((batch.len(), batch.get(3).unwrap().to_vec()), (1, b"3".to_vec()));
    tx.try_send(b"5").unwrap();
    tx.try_send(b"6").unwrap();
    assert_eq!(tx.try_send(b"7"), Err(TrySendError::Full));
    // Its slot carries another message by now: the index still means the old one.
    assert_eq!(batch.ack_at(2), Err(AckAtError::NotLeft { index: 2, length: 4 }));
    assert_eq!(batch.ack_at(4), Err(AckAtError::NotLeft { index: 4, length: 4 }));
    assert_eq!(batch.nack_at(usize::MAX), Err(AckAtError::NotLeft { index: usize::MAX, length: 4 }));
    drop(batch);
    assert_eq!((counts(&channel).consumed, counts(&channel).free), (0, 1));
    assert_eq!(rx.messages().take(3).map(Result::unwrap).collect::<Vec<_>>().concat(), b"456");
}

#[test]
fn a_message_of_a_batch_that_is_given_back_too_often_is_a_dead_letter_and_one_handed_back_is_not() {
    let (channel, mut tx, mut rx) = queue(mpmc::Options::new().slots(4).delivery_limit(1));
    tx.send_batch(["0", "1", "2"]).unwrap();
    let mut batch = rx.recv_batch(3).unwrap();
    batch.nack_at(1).unwrap();
    batch.hand_back_at(2).unwrap();
    assert_eq!((batch.len(), counts(&channel).dead_letters), (1, 1));
    batch.ack().unwrap();
    let again = rx.recv_batch(3).unwrap();
    assert_eq!(again.len(), 1);
    let message = again.get(0).unwrap();
    assert_eq!((message.to_vec(), message.redelivered(), message.deliveries()), (b"2".to_vec(), true, 2));
}

#[test]
fn what_is_dropped_to_come_again_counts_as_a_delivery() {
    let (channel, mut tx, mut rx) = queue(mpmc::Options::new().delivery_limit(2));
    rx.on_drop(OnDrop::GiveBack);
    tx.send(b"job").unwrap();
    assert!(!rx.recv().unwrap().redelivered());
    assert!(rx.recv().unwrap().redelivered());
    assert_eq!(counts(&channel).dead_letters, 1, "nobody could deal with it");
    assert!(rx.try_recv().is_err());
}

#[test]
fn what_is_held_and_dropped_comes_again_if_its_receiver_said_so() {
    let (channel, mut tx, mut rx) = queue(mpmc::Options::new());
    tx.send(b"job").unwrap();
    rx.on_drop(OnDrop::GiveBack);
    let held = rx.recv().unwrap().hold();
    rx.on_drop(OnDrop::Acknowledge);
    drop(held);
    assert!(rx.recv().unwrap().redelivered());
    tx.send(b"job").unwrap();
    drop(rx.recv().unwrap().hold());
    assert_eq!(counts(&channel).free, counts(&channel).slots, "nothing comes again");
}

#[test]
fn a_message_tells_its_priority() {
    let (_channel, mut tx, mut rx) = queue(mpmc::Options::new().priorities(3));
    tx.send(b"least").unwrap();
    tx.set_priority(1).unwrap();
    tx.send_batch(["1", "1"]).unwrap();
    assert!(rx.recv_batch(3).unwrap().iter().all(|message| message.priority() == 1));
    let last = rx.recv().unwrap();
    assert_eq!(last.priority(), 2);
    last.nack().unwrap();
    assert_eq!(rx.recv().unwrap().priority(), 2, "it stays with it");
}
