//! What becomes of the messages of a batch, and of what is dropped.

use crate::case::Case;
use crate::kinds::Kind;
use crate::peer::Peer;
use crate::stage::{FEW, MAX_MESSAGE, create, ends, message, start};
use memlane::generic::{Channel, Receiver};
use memlane::{OnDrop, RecvError, TryRecvError};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

over_all! {
    a_batch_has_one_message_at_least
    the_first_messages_of_a_batch_are_acknowledged_before_the_others
    a_batch_that_is_forgotten_comes_again_but_for_what_was_acknowledged
    a_panic_gives_back_what_is_left_of_a_batch
    what_is_dropped_comes_again_if_its_receiver_says_so
    what_is_acknowledged_by_name_is_done_with_whatever_dropping_means
    what_is_copied_is_acknowledged_whatever_dropping_means
    the_iterators_of_a_receiver_end_where_they_say
}

over_processes! {
    what_a_killed_receiver_acknowledged_of_a_batch_does_not_come_again
}

/// A channel that holds these messages, and its receiver.
fn holding<K: Kind>(case: &Case, count: u32) -> (Channel<K>, Receiver<K>) {
    let channel = create::<K>(case);
    let (mut sender, receiver) = ends(&channel);
    sender.send_batch((0..count).map(message)).unwrap();
    (channel, receiver)
}

/// What a receiver still gets, in order.
fn rest<K: Kind>(receiver: &mut Receiver<K>) -> Vec<Vec<u8>> {
    receiver.messages().map(Result::unwrap).collect()
}

fn all_from(first: u32) -> Vec<Vec<u8>> {
    (first..FEW).map(message).collect()
}

fn a_batch_has_one_message_at_least<K: Kind>(case: &Case) {
    let (_channel, mut receiver) = holding::<K>(case, 2);
    assert_eq!(receiver.recv_batch(0).unwrap().len(), 1);
    assert_eq!(receiver.try_recv_batch(0).unwrap().len(), 1);
}

fn the_first_messages_of_a_batch_are_acknowledged_before_the_others<K: Kind>(case: &Case) {
    let (_channel, mut receiver) = holding::<K>(case, FEW);
    let mut batch = receiver.recv_batch(FEW as usize).unwrap();
    batch.ack_first(0).unwrap();
    assert_eq!(batch.len(), FEW as usize, "none");
    for count in [1, 2] {
        batch.ack_first(count).unwrap();
    }
    assert_eq!((batch.len(), batch.is_empty()), (FEW as usize - 3, false));
    for index in 0..FEW + 1 {
        let found = batch.get(index as usize).map(|one| one.to_vec());
        assert_eq!(found, (3..FEW).contains(&index).then(|| message(index)), "indices stay");
    }
    assert_eq!(batch.iter().len(), batch.len());
    assert_eq!(batch.iter().map(|one| one.to_vec()).collect::<Vec<_>>(), all_from(3));
    batch.nack().unwrap();

    let mut batch = receiver.recv_batch(FEW as usize).unwrap();
    assert_eq!(batch.iter().map(|one| one.to_vec()).collect::<Vec<_>>(), all_from(3), "what was left came again");
    batch.ack_first(usize::MAX).unwrap();
    assert!(batch.is_empty() && batch.get(0).is_none() && batch.iter().next().is_none());
    batch.ack_first(1).unwrap();
    batch.nack().unwrap();
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Disconnected);
}

fn a_batch_that_is_forgotten_comes_again_but_for_what_was_acknowledged<K: Kind>(case: &Case) {
    let (channel, mut receiver) = holding::<K>(case, FEW);
    let mut batch = receiver.recv_batch(FEW as usize - 1).unwrap();
    batch.ack_first(3).unwrap();
    std::mem::forget(batch);
    drop(receiver);
    let mut found = rest(&mut K::successor(&channel, 3));
    // A queue looks for what came back where it finds nothing else.
    found.sort();
    let mut expected = all_from(3);
    expected.sort();
    assert_eq!(found, expected);
}

fn a_panic_gives_back_what_is_left_of_a_batch<K: Kind>(case: &Case) {
    let (_channel, mut receiver) = holding::<K>(case, FEW);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let mut batch = receiver.recv_batch(FEW as usize).unwrap();
        batch.ack_first(3).unwrap();
        resume_unwind(Box::new("on purpose"));
    }));
    assert!(unwound.is_err());
    assert_eq!(rest(&mut receiver), all_from(3));
}

fn what_is_dropped_comes_again_if_its_receiver_says_so<K: Kind>(case: &Case) {
    let (_channel, mut receiver) = holding::<K>(case, 3);
    receiver.on_drop(OnDrop::GiveBack);
    drop(receiver.recv_batch(3).unwrap());
    for _ in 0..3 {
        drop(receiver.recv().unwrap());
    }
    let mut batch = receiver.recv_batch(3).unwrap();
    assert_eq!(batch.len(), 3, "all came again");
    batch.ack_first(2).unwrap();
    let left = batch.get(2).unwrap().to_vec();
    drop(batch);
    receiver.on_drop(OnDrop::Acknowledge);
    let last = receiver.recv().unwrap();
    assert_eq!(last.to_vec(), left, "what was left of the batch");
    drop(last);
    assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
}

fn what_is_acknowledged_by_name_is_done_with_whatever_dropping_means<K: Kind>(case: &Case) {
    let (_channel, mut receiver) = holding::<K>(case, 2);
    receiver.on_drop(OnDrop::GiveBack);
    receiver.recv().unwrap().ack().unwrap();
    receiver.recv_batch(1).unwrap().ack().unwrap();
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Disconnected);
}

fn what_is_copied_is_acknowledged_whatever_dropping_means<K: Kind>(case: &Case) {
    let (_channel, mut receiver) = holding::<K>(case, 4);
    receiver.on_drop(OnDrop::GiveBack);
    let mut buffer = [0; MAX_MESSAGE];
    assert_eq!(receiver.recv_into(&mut buffer), Ok(message(0).len()));
    assert_eq!(receiver.try_recv_into(&mut buffer), Ok(message(1).len()));
    assert_eq!(rest(&mut receiver), [message(2), message(3)]);
    assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
}

fn what_a_killed_receiver_acknowledged_of_a_batch_does_not_come_again<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    let peer = start(case, &channel, "acknowledges three of a batch and holds the others");
    peer.expect("joined");
    sender.send_batch((0..FEW).map(message)).unwrap();
    peer.expect("three are done with");
    drop(sender);
    let Peer::Process(mut child) = peer else { unreachable!("only processes are killed") };
    child.kill();
    let mut found = rest(&mut K::successor(&channel, 3));
    found.sort();
    let mut expected = all_from(3);
    expected.sort();
    assert_eq!(found, expected, "the rest, and only that");
}

fn the_iterators_of_a_receiver_end_where_they_say<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    sender.send_batch((0..2).map(message)).unwrap();
    assert_eq!(receiver.try_iter().map(Result::unwrap).collect::<Vec<_>>(), [message(0), message(1)]);
    assert!(receiver.try_iter().next().is_none(), "nothing is there now");
    sender.send_batch((0..2).map(message)).unwrap();
    receiver.recv().unwrap().hand_back();
    assert_eq!(receiver.len(), 2, "what it keeps for its next call counts");
    let mut drained = receiver.drain();
    sender.send_batch((2..FEW).map(message)).unwrap();
    assert_eq!(drained.by_ref().map(Result::unwrap).collect::<Vec<_>>(), [message(0), message(1)]);
    assert!(drained.next().is_none(), "what came later stays");
    drop(sender);
    let mut messages = receiver.messages();
    assert_eq!(messages.next_message().unwrap().unwrap().to_vec(), message(2));
    messages.next_message().unwrap().unwrap().nack().unwrap();
    let mut left: Vec<_> = (&mut receiver).into_iter().map(Result::unwrap).collect();
    left.sort();
    let mut expected = all_from(3);
    expected.sort();
    assert_eq!(left, expected, "what was given back came again");
    assert!(receiver.messages().next_message().is_none() && receiver.try_iter().next().is_none());
    assert!(receiver.drain().next().is_none() && receiver.into_iter().next().is_none());
}
