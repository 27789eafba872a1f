//! Batches that stay in place: taken by one call, finished as a whole or message by message.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;

fn ack(batch: &mut Batch) -> Status {
    // SAFETY: the pointer is valid.
    unsafe { memlane_batch_ack(batch) }
}

fn nack(batch: &mut Batch) -> Status {
    // SAFETY: the pointer is valid.
    unsafe { memlane_batch_nack(batch) }
}

fn ack_first(batch: &Batch, count: usize) -> Status {
    // SAFETY: the pointer is valid.
    unsafe { memlane_batch_ack_first(batch, count) }
}

fn ack_at(batch: &Batch, index: usize) -> Status {
    // SAFETY: the pointer is valid.
    unsafe { memlane_batch_ack_at(batch, index) }
}

fn nack_at(batch: &Batch, index: usize) -> Status {
    // SAFETY: the pointer is valid.
    unsafe { memlane_batch_nack_at(batch, index) }
}

fn texts(messages: &[BatchMessage]) -> Vec<Vec<u8>> {
    messages.iter().map(batch_bytes).collect()
}

#[test]
fn a_batch_shows_every_message_where_it_is() {
    for kind in kinds() {
        let (_channel, tx, rx) = pair(kind);
        assert_eq!(send_batch(tx, &[b"one", b"", b"three"], 0), (MEMLANE_OK, 3));
        let (mut batch, messages) = take_batch(rx, 8);
        assert_eq!((batch.count, texts(&messages)), (3, vec![b"one".to_vec(), vec![], b"three".to_vec()]));
        assert!(messages.iter().all(|message| message.data.addr().is_multiple_of(8)));
        let numbered = messages[2].info.sequence == 2 && messages[2].info.deliveries == 0;
        let counted = messages[2].info.sequence == MEMLANE_UNKNOWN && messages[2].info.deliveries == 1;
        assert!(numbered || counted, "{:?}", messages[2].info);
        ok(ack(&mut batch));
        assert_eq!((batch.count, batch.number), (0, 0), "it is cleared");
        fails(ack(&mut batch), MEMLANE_INVALID_HANDLE, "not an open");
        assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY));
    }
}

#[test]
fn a_batch_that_is_given_back_comes_again_in_order() {
    for kind in kinds() {
        let (_channel, tx, rx) = pair(kind);
        assert_eq!(send_batch(tx, &[b"one", b"two"], 0), (MEMLANE_OK, 2));
        let (mut batch, _) = take_batch(rx, 1);
        assert_eq!(batch.count, 1, "no more than there is room for");
        ok(nack(&mut batch));
        let (mut batch, messages) = take_batch(rx, 8);
        let mut again = texts(&messages);
        again.sort();
        assert_eq!(again, [b"one", b"two"]);
        ok(ack(&mut batch));
    }
}

#[test]
fn a_receiver_has_one_thing_at_a_time() {
    for kind in kinds() {
        let (_channel, tx, rx) = pair(kind);
        assert_eq!(send_batch(tx, &[b"one", b"two"], 0), (MEMLANE_OK, 2));
        let (mut batch, _) = take_batch(rx, 1);
        fails(try_take(rx, 0).0, MEMLANE_HELD, "holds a message or a batch");
        fails(try_take_batch(rx, 1, 0).0, MEMLANE_HELD, "holds a message or a batch");
        assert_eq!(recv(rx, 0), Err(MEMLANE_HELD));
        let stale = Batch { number: batch.number + 1, ..batch };
        fails(ack(&mut { stale }), MEMLANE_INVALID_HANDLE, "not an open batch");
        // What stands for a batch stands for no message, and the other way round.
        let mut forged = Message { receiver: rx, number: batch.number, ..empty_message() };
        fails(c_calls::ack(&mut forged), MEMLANE_INVALID_HANDLE, "not an open message");
        ok(ack(&mut batch));
        let mut message = take(rx);
        let mut forged = Batch { receiver: rx, number: message.number, ..batch };
        fails(nack(&mut forged), MEMLANE_INVALID_HANDLE, "not an open batch");
        ok(c_calls::ack(&mut message));
    }
}

#[test]
fn a_batch_goes_back_with_its_receiver() {
    for kind in kinds_that_hand_over() {
        let (channel, tx, rx) = pair(kind);
        assert_eq!(send_batch(tx, &[b"one", b"two"], 0), (MEMLANE_OK, 2));
        let (mut batch, _) = take_batch(rx, 2);
        ok(memlane_receiver_close(rx));
        fails(ack(&mut batch), MEMLANE_INVALID_HANDLE, "");
        let next = receiver(channel);
        let (mut batch, messages) = take_batch(next, 2);
        assert_eq!((batch.count, texts(&messages)), (2, vec![b"one".to_vec(), b"two".to_vec()]));
        ok(ack(&mut batch));
    }
}

#[test]
fn a_batch_of_nothing_is_none() {
    for kind in kinds() {
        let (_channel, _tx, rx) = pair(kind);
        assert_eq!(try_take_batch(rx, 4, 0).0, MEMLANE_EMPTY);
        assert_eq!(try_take_batch(rx, 4, 1000).0, MEMLANE_TIMEOUT);
        fails(try_take_batch(rx, 0, 0).0, MEMLANE_INVALID_ARGUMENT, "max is 0");
    }
}

#[test]
fn the_first_messages_of_a_batch_are_done_with_alone() {
    for kind in kinds() {
        let (_channel, tx, rx) = pair(kind);
        assert_eq!(send_batch(tx, &[b"one", b"two", b"three", b"four"], 0), (MEMLANE_OK, 4));
        let (mut batch, messages) = take_batch(rx, 8);
        ok(ack_first(&batch, 2));
        ok(ack_first(&batch, 1));
        assert_eq!((batch.count, batch_bytes(&messages[3])), (4, b"four".to_vec()), "what is left stays where it is");
        ok(nack(&mut batch));
        fails(ack_first(&batch, 1), MEMLANE_INVALID_HANDLE, "not an open");
        let (mut batch, messages) = take_batch(rx, 8);
        assert_eq!(texts(&messages), [b"four"], "kind {kind}");
        ok(ack_first(&batch, usize::MAX));
        assert_eq!(recv(rx, 0), Err(MEMLANE_HELD), "the batch is open, though nothing is left of it");
        ok(ack(&mut batch));
        assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY));
    }
}

#[test]
fn any_message_of_a_queues_batch_is_done_with_alone() {
    let (_channel, tx, rx) = pair(MEMLANE_MPMC);
    assert_eq!(send_batch(tx, &[b"one", b"two", b"three"], 0), (MEMLANE_OK, 3));
    let (mut batch, _) = take_batch(rx, 8);
    ok(ack_at(&batch, 1));
    fails(ack_at(&batch, 1), MEMLANE_OUT_OF_BOUNDS, "no message is left at index 1 of a batch that began with 3");
    fails(nack_at(&batch, 3), MEMLANE_OUT_OF_BOUNDS, "at index 3");
    fails(ack_at(&batch, usize::MAX), MEMLANE_OUT_OF_BOUNDS, "");
    ok(nack_at(&batch, 0));
    ok(ack(&mut batch));
    fails(ack_at(&batch, 2), MEMLANE_INVALID_HANDLE, "not an open");
    let (mut batch, messages) = take_batch(rx, 8);
    assert_eq!((texts(&messages), messages[0].info.deliveries), (vec![b"one".to_vec()], 2));
    ok(ack(&mut batch));
}

#[test]
fn a_lane_is_done_with_its_messages_in_order() {
    for kind in kinds().filter(|&kind| kind != MEMLANE_MPMC) {
        let (_channel, tx, rx) = pair(kind);
        assert_eq!(send_batch(tx, &[b"one", b"two"], 0), (MEMLANE_OK, 2));
        let (mut batch, messages) = take_batch(rx, 8);
        fails(ack_at(&batch, 0), MEMLANE_IN_ORDER, "releases messages in order: acknowledge the first ones");
        fails(nack_at(&batch, 1), MEMLANE_IN_ORDER, "releases messages in order");
        assert_eq!(texts(&messages), [b"one", b"two"], "nothing changed");
        ok(ack(&mut batch));
    }
}

#[test]
fn a_message_names_its_sender_where_its_kind_knows_it() {
    for kind in kinds() {
        let (_channel, tx, rx) = pair(kind);
        let known =
            if matches!(kind, MEMLANE_MPSC | MEMLANE_BROADCAST) { sender_stats(tx).row } else { MEMLANE_UNKNOWN };
        assert_eq!(send_batch(tx, &[b"one", b"two"], 0), (MEMLANE_OK, 2));
        let mut message = take(rx);
        assert_eq!(message.info.sender, known, "kind {kind}");
        ok(c_calls::ack(&mut message));
        let (mut batch, messages) = take_batch(rx, 8);
        assert_eq!(messages[0].info.sender, known);
        ok(ack(&mut batch));
    }
}
