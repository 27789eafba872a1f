//! Batches that stay in place: taken by one call, finished as a whole.

mod c_calls;

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
    for kind in kinds() {
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
