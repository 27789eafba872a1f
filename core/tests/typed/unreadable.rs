//! Messages that are no values: each is a typed error, nothing is lost, and the channel goes on.

use crate::stage::{Order, Place, Small, Stage, everywhere, over_carriers};
use crate::support::stage::trust;
use memlane::generic::Options;
use memlane::spsc;
use memlane::typed::{Receiver, RecvError, Unreadable};
use std::time::{Duration, Instant};

over_carriers! {
    a_message_of_another_length_stays_until_it_is_taken_as_bytes
    many_values_end_in_front_of_a_message_that_is_none
}

/// What handles of bytes do, whatever carries the channel.
pub trait Bytes: Small {
    fn send(sender: &mut Self::Sender, bytes: &[u8]);
    fn take(receiver: &mut Self::Receiver) -> Vec<u8>;
    fn left(receiver: &Self::Receiver) -> usize;
}

macro_rules! bytes_of {
    ($($carrier:ty),*) => {
        $(
            impl Bytes for $carrier {
                fn send(sender: &mut Self::Sender, bytes: &[u8]) {
                    sender.send(bytes).unwrap();
                }

                fn take(receiver: &mut Self::Receiver) -> Vec<u8> {
                    receiver.try_recv().unwrap().to_vec()
                }

                fn left(receiver: &Self::Receiver) -> usize {
                    receiver.len()
                }
            }
        )*
    };
}

bytes_of!(
    memlane::generic::Spsc,
    memlane::generic::Mpmc,
    memlane::generic::Mpsc,
    memlane::generic::Broadcast,
    memlane::any::Any
);

fn is_wrong<E>(error: &RecvError<E>, bytes: usize) -> bool {
    matches!(error, RecvError::Unreadable(Unreadable::WrongLength { length, size: 24, .. }) if *length == bytes)
}

/// Fails in every way of receiving, and is still there.
fn fails_in_every_way<K: Bytes>(rx: &mut Receiver<Order, K>, bytes: usize) {
    let (short, deadline, mut many) = (Duration::from_secs(1), Instant::now() + Duration::from_secs(1), Vec::new());
    let ways: [fn(&mut Receiver<Order, K>) -> RecvError; 3] =
        [|rx| rx.recv().unwrap_err(), |rx| rx.recv().unwrap_err(), |rx| rx.recv_many(&mut Vec::new(), 9).unwrap_err()];
    for way in ways {
        assert_eq!(K::left(rx.untyped()), 1, "it is still there");
        assert!(is_wrong(&way(rx), bytes));
    }
    assert!(is_wrong(&rx.try_recv().unwrap_err(), bytes));
    assert!(is_wrong(&rx.recv_timeout(short).unwrap_err(), bytes));
    assert!(is_wrong(&rx.recv_deadline(deadline).unwrap_err(), bytes));
    assert!(is_wrong(&rx.recv_many_timeout(&mut many, 9, short).unwrap_err(), bytes));
    assert_eq!(K::left(rx.untyped()), 1, "it is still there");
    let mut values = rx.values();
    assert!(is_wrong(&values.next().unwrap().unwrap_err(), bytes));
    assert!(values.next().is_none(), "an error comes once, then it has ended");
    let message = rx.try_recv_message().unwrap();
    assert!(matches!(message.value(), Err(Unreadable::WrongLength { length, .. }) if length == bytes));
    assert!(matches!(message.in_place(trust()), Err(Unreadable::WrongLength { length, .. }) if length == bytes));
    message.hand_back();
    assert_eq!(K::left(rx.untyped()), 1, "it is still there");
}

fn a_message_of_another_length_stays_until_it_is_taken_as_bytes<K: Bytes>() {
    everywhere::<K>(|stage, options| {
        let channel = stage.channel(&options.max_message(200).of::<Order>());
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        for length in [0, 1, 23, 25, 48, 200] {
            let wrong = vec![length as u8; length];
            tx.send(&Order::of(1)).unwrap();
            assert_eq!(rx.recv().unwrap(), Order::of(1));
            K::send(tx.untyped_mut(), &wrong);
            fails_in_every_way(&mut rx, length);
            assert_eq!(K::take(rx.untyped_mut()), wrong);
            tx.send(&Order::of(2)).unwrap();
            assert_eq!(rx.recv().unwrap(), Order::of(2));
        }
    });
}

fn many_values_end_in_front_of_a_message_that_is_none<K: Bytes>() {
    everywhere::<K>(|stage, options| {
        let channel = stage.channel(&options.of::<Order>());
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch([Order::of(0), Order::of(1)]).unwrap();
        K::send(tx.untyped_mut(), b"no order");
        tx.send(&Order::of(2)).unwrap();
        let mut got = vec![Order::of(9)];
        while got.len() < 3 {
            rx.recv_many(&mut got, 64).unwrap();
        }
        assert_eq!(got, [Order::of(9), Order::of(0), Order::of(1)]);
        // A queue hands back what it took behind the others; a lane keeps its order.
        let mut rest = Vec::new();
        for _ in 0..2 {
            match rx.try_recv() {
                Ok(order) => rest.push(order.id.to_string()),
                Err(error) => {
                    assert!(is_wrong(&error, 8), "{error}");
                    rest.push(String::from_utf8(K::take(rx.untyped_mut())).unwrap());
                }
            }
        }
        rest.sort();
        assert_eq!(rest, ["2", "no order"], "nothing is lost");
        assert!(rx.try_recv().is_err());
    });
}

#[test]
fn a_slice_takes_whole_elements_only() {
    let stage = Stage::new(Place::Private);
    let channel = stage.channel(&Options::<memlane::generic::Spsc>::new().of::<[[u16; 3]]>());
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    for length in 0..40 {
        tx.untyped_mut().send(&[7; 40][..length]).unwrap();
        if length % 6 == 0 {
            assert_eq!(rx.recv().unwrap().len(), length / 6);
            continue;
        }
        let wanted = format!("the message has {length} bytes; [[u16; 3]] takes multiples of 6");
        match rx.try_recv() {
            Err(RecvError::Unreadable(reason @ Unreadable::NoMultiple { size: 6, .. })) => {
                assert_eq!(reason.to_string(), wanted);
            }
            other => panic!("{other:?}"),
        }
        assert!(
            matches!(rx.recv_message().unwrap().in_place(trust()), Err(Unreadable::NoMultiple { .. })),
            "acknowledged"
        );
    }
}

/// A channel that is poisoned says so as an untyped one does.
#[test]
fn corruption_is_still_corruption() {
    let channel = spsc::Options::new().of::<u64>().private().unwrap();
    let mut rx = channel.receiver().unwrap();
    channel.untyped().close();
    assert!(matches!(rx.recv(), Err(RecvError::Channel(memlane::RecvError::Disconnected))));
}
