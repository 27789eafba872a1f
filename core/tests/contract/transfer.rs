//! What is sent arrives.

use crate::case::Case;
use crate::kinds::Kind;
use crate::stage::{FEW, MANY, MAX_MESSAGE, SHORT, create, ends, fill, message, start};
use crate::waiting::{parks_and_wakes, until_asleep};
use memlane::generic::Receiver;
use memlane::{GrantError, RecvError, Role, SendBatchError, SendError, SendTimeoutError, TryRecvError, TrySendError};
use std::io::Write;
use std::time::{Duration, Instant};

over_all! {
    everything_arrives_in_order_and_intact
    everything_arrives_at_the_other_side
    a_batch_arrives_whole
    a_batch_that_ends_early_goes_on_where_it_stopped
    receivers_are_told_of_what_a_batch_sent_before_it_failed
    a_grant_is_sent_when_it_is_committed
    a_grant_is_written_as_a_stream
    a_message_is_at_most_as_long_as_agreed
    a_buffer_that_is_too_small_leaves_the_message
}

fn everything_arrives_in_order_and_intact<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut receiver = channel.receiver().unwrap();
    let mut peer = start(case, &channel, "sends as many as it is told");
    peer.expect("joined");
    peer.say(&MANY.to_string());
    for number in 0..MANY {
        assert_eq!(receiver.recv().unwrap().to_vec(), message(number));
    }
    peer.expect("sent");
    peer.finish();
    assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
}

fn everything_arrives_at_the_other_side<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    let peer = start(case, &channel, "receives until the end");
    peer.expect("joined");
    (0..MANY).for_each(|number| sender.send(&message(number)).unwrap());
    drop(sender);
    peer.expect(MANY);
    peer.finish();
}

fn a_batch_arrives_whole<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    let peer = start(case, &channel, "receives until the end");
    peer.expect("joined");
    assert_eq!(sender.send_batch((0..MANY).map(message)), Ok(MANY as usize));
    assert_eq!(sender.send_batch(Vec::<Vec<u8>>::new()), Ok(0));
    drop(sender);
    peer.expect(MANY);
    peer.finish();

    let (mut sender, mut receiver) = ends(&channel);
    sender.send_batch((0..FEW).map(message)).unwrap();
    let mut received = Vec::new();
    while received.len() < FEW as usize {
        let batch = receiver.recv_batch(FEW as usize).unwrap();
        received.extend(batch.iter().map(|one| one.to_vec()));
    }
    assert_eq!(received, (0..FEW).map(message).collect::<Vec<_>>());
    assert_eq!(receiver.try_recv_batch(1).unwrap_err(), TryRecvError::Empty);
}

fn a_batch_that_ends_early_goes_on_where_it_stopped<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    let messages: Vec<_> = (0..MANY).map(message).collect();
    let (mut sent, mut received) = (0, 0);
    let mut drain = |receiver: &mut Receiver<K>| {
        while let Ok(found) = receiver.try_recv() {
            assert_eq!(found.to_vec(), messages[received]);
            received += 1;
        }
        received
    };
    for turn in 0.. {
        let rest = &messages[sent..];
        let outcome = match turn % 3 {
            0 => sender.try_send_batch(rest).map_err(|stop| stop.sent),
            1 => sender.send_batch_timeout(rest, Duration::ZERO).map_err(|stop| stop.sent),
            _ => sender.send_batch_deadline(rest, Instant::now() + SHORT).map_err(|stop| stop.sent),
        };
        sent += outcome.unwrap_or_else(|some| some);
        assert_eq!(drain(&mut receiver), sent, "what was sent is there, and nothing else");
        match outcome {
            Ok(_) => break,
            Err(some) => assert!(some > 0, "there was room"),
        }
    }
    assert_eq!(sent, messages.len());
    assert_eq!(sender.try_send_batch([[0; 0]; 0]), Ok(0));
    fill(&mut sender);
    assert_eq!(sender.try_send_batch([[0; MAX_MESSAGE]]), Err(SendBatchError { sent: 0, error: TrySendError::Full }));
    drop(receiver);
    let error = sender.send_batch_timeout([[0; MAX_MESSAGE]], SHORT).unwrap_err();
    assert_eq!((error.sent, error.error), (0, SendTimeoutError::Disconnected));
}

fn receivers_are_told_of_what_a_batch_sent_before_it_failed<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    let peer = start(case, &channel, "sleeps for every message");
    peer.expect("joined");
    for length in 1..4 {
        let (parks, _) = parks_and_wakes(&channel, Role::Receiver);
        until_asleep(&channel, Role::Receiver, parks);
        let error = sender.try_send_batch([vec![0; length], vec![0; MAX_MESSAGE + 1]]).unwrap_err();
        let too_large = TrySendError::TooLarge { length: MAX_MESSAGE + 1, max: MAX_MESSAGE };
        assert_eq!((error.sent, error.error), (1, too_large));
        peer.expect(length);
        assert_eq!(parks_and_wakes(&channel, Role::Sender).1, length as u64, "it was woken");
    }
    drop(sender);
    peer.finish();
}

fn a_grant_is_sent_when_it_is_committed<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    let mut peer = start(case, &channel, "receives one whenever it is told");
    peer.expect("joined");
    drop(sender.reserve(MAX_MESSAGE).unwrap());
    let mut grant = sender.reserve(MAX_MESSAGE).unwrap();
    grant.write_at(0, b"head").unwrap();
    grant.write_at(4, b"tail").unwrap();
    let beyond = GrantError::OutOfBounds { length: MAX_MESSAGE, end: MAX_MESSAGE + 1 };
    assert_eq!(grant.write_at(MAX_MESSAGE, b"!"), Err(beyond));
    grant.commit(8).unwrap();
    peer.say("next");
    peer.expect(8);
    assert_eq!(sender.try_reserve(8).unwrap().commit(9), Err(GrantError::OutOfBounds { length: 8, end: 9 }));
    sender.reserve_timeout(8, SHORT).unwrap().commit(0).unwrap();
    peer.say("next");
    peer.expect(0);
    peer.finish();
}

fn a_grant_is_written_as_a_stream<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    let mut grant = sender.reserve(8).unwrap();
    let seven = grant.len() - 1;
    write!(grant, "abc{seven}").unwrap();
    grant.write_at(0, b"A").unwrap();
    assert_eq!((grant.written(), grant.write(b"efghij").unwrap(), grant.write(b"j").unwrap()), (4, 4, 0));
    assert_eq!(grant.write_all(b"j").unwrap_err().kind(), std::io::ErrorKind::WriteZero);
    grant.commit_written().unwrap();
    assert_eq!(receiver.recv().unwrap().to_vec(), b"Abc7efgh");
    let mut grant = sender.reserve(8).unwrap();
    grant.write_at(0, b"unseen").unwrap();
    grant.flush().unwrap();
    grant.commit_written().unwrap();
    assert_eq!(receiver.recv().unwrap().len(), 0, "nothing was written as a stream");
}

fn a_message_is_at_most_as_long_as_agreed<K: Kind>(case: &Case) {
    let (length, max) = (MAX_MESSAGE + 1, MAX_MESSAGE);
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    let mut peer = start(case, &channel, "receives one whenever it is told");
    peer.expect("joined");
    assert_eq!((channel.max_message(), sender.max_message()), (max, max));
    let (longest, longer) = (vec![7; max], vec![7; length]);
    assert_eq!(sender.send(&longer), Err(SendError::TooLarge { length, max }));
    assert_eq!(sender.try_send(&longer), Err(TrySendError::TooLarge { length, max }));
    assert_eq!(sender.reserve(length).unwrap_err(), SendError::TooLarge { length, max });
    let error = sender.send_batch([&longest, &longer]).unwrap_err();
    assert_eq!((error.sent, error.error), (1, SendError::TooLarge { length, max }));
    sender.send(b"").unwrap();
    for length in [max, 0] {
        peer.say("next");
        peer.expect(length);
    }
    peer.finish();
}

fn a_buffer_that_is_too_small_leaves_the_message<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut receiver = channel.receiver().unwrap();
    let mut peer = start(case, &channel, "sends as many as it is told");
    peer.expect("joined");
    peer.say("3");
    peer.expect("sent");
    let needed = message(1).len();
    let mut buffer = [0; MAX_MESSAGE];
    assert_eq!(receiver.recv_into(&mut buffer), Ok(message(0).len()));
    assert_eq!(receiver.recv_into(&mut buffer[..needed - 1]), Err(RecvError::BufferTooSmall { needed }));
    assert_eq!(receiver.try_recv_into(&mut buffer[..0]), Err(TryRecvError::BufferTooSmall { needed }));
    assert_eq!(receiver.recv_into(&mut buffer[..needed]), Ok(needed));
    assert_eq!(buffer[..needed], message(1));
    assert_eq!(receiver.recv().unwrap().to_vec(), message(2), "and nothing came in between");
    peer.finish();
}
