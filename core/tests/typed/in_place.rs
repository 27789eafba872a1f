//! References to values where they were sent.

use crate::stage::{Order, Small, everywhere, over_carriers, trust};
use memlane::typed::{Schema, Unreadable};
use memlane::zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};
use memlane::{mpmc, spsc};

over_carriers! {
    values_and_slices_are_lent_where_they_are
}

fn values_and_slices_are_lent_where_they_are<K: Small>() {
    everywhere::<K>(|stage, options| {
        let channel = stage.channel(&options.of::<Order>());
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        for id in 0..500 {
            tx.send(&Order::of(id)).unwrap();
            let message = rx.recv_message().unwrap();
            assert_eq!(*message.in_place(trust()).unwrap(), Order::of(id));
        }
    });
    everywhere::<K>(|stage, options| {
        let channel = stage.channel(&options.max_message(160).of::<[u128]>());
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        for length in (0..=10).cycle().take(100) {
            tx.send(&[7; 10][..length]).unwrap();
            let message = rx.recv_message().unwrap();
            assert_eq!(message.in_place(trust()).unwrap(), &[7; 10][..length]);
        }
    });
}

/// A struct that starts at a line.
#[derive(Schema, FromBytes, IntoBytes, Immutable, KnownLayout, Debug, PartialEq)]
#[repr(C, align(64))]
struct Line([u64; 8]);

#[derive(Schema, FromBytes, IntoBytes, Immutable, KnownLayout, Debug, PartialEq)]
#[repr(C, align(128))]
struct TwoLines([u64; 16]);

#[test]
fn a_typed_creator_aligns_messages_as_their_type_needs() {
    let channel = mpmc::Options::new().of::<Line>().private().unwrap();
    assert_eq!(channel.untyped().info().payload_alignment, 64);
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    for value in 0..100 {
        tx.send(&Line([value; 8])).unwrap();
        assert_eq!(rx.recv_message().unwrap().in_place(trust()).unwrap(), &Line([value; 8]));
    }
}

#[test]
fn a_message_that_stands_elsewhere_is_copied_or_refused() {
    // As a creator in another language may have chosen.
    let channel = spsc::Options::new().payload_alignment(8).of::<Line>().private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send(&Line([7; 8])).unwrap();
    let message = rx.recv_message().unwrap();
    assert!(matches!(message.in_place(trust()), Err(Unreadable::Misaligned { alignment: 64 })));
    assert_eq!(message.value().unwrap(), Line([7; 8]));
    // More than a channel can promise.
    let channel = spsc::Options::new().of::<TwoLines>().private().unwrap();
    assert_eq!(channel.untyped().info().payload_alignment, 64);
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send(&TwoLines([7; 16])).unwrap();
    assert_eq!(rx.recv().unwrap(), TwoLines([7; 16]));
}
