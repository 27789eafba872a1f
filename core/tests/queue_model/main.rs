//! Random sequences of calls on an `mpmc` channel agree with plain queues: what comes, in which order, how often it was
//! delivered, when the channel is full, and when it has ended; over channels of every place and shape, with several
//! handles, some of which hold a message or a loan while the others go on.

mod call;
mod calls;
mod plain;
#[path = "../support/mod.rs"]
mod support;

use call::{Call, End, HANDLES, Shape};
use calls::Run;
use memlane::{Backend, FenceMode};
use proptest::prelude::*;
use support::Scratch;
use support::stage::Place;

fn call() -> impl Strategy<Value = Call> {
    let end = || prop_oneof![2 => Just(End::Acknowledges), 1 => Just(End::Drops), 1 => Just(End::GivesBack)];
    let handle = || 0..HANDLES;
    let length = || prop_oneof![3 => 0..60usize, 1 => any::<u16>().prop_map(usize::from)];
    let size = || prop_oneof![6 => 1..6usize, 1 => 60..70usize];
    let leaf = prop_oneof![
        12 => (handle(), 0..8usize, length())
            .prop_map(|(sender, priority, length)| Call::Send { sender, priority, length }),
        4 => (handle(), size()).prop_map(|(sender, count)| Call::Batch { sender, count }),
        4 => (handle(), length(), proptest::option::of(0..60usize))
            .prop_map(|(sender, length, commit)| Call::Reserve { sender, length, commit }),
        12 => (handle(), end()).prop_map(|(receiver, end)| Call::Receive { receiver, end }),
        4 => (handle(), size(), end()).prop_map(|(receiver, max, end)| Call::ReceiveBatch { receiver, max, end }),
        4 => (handle(), size(), 0..4usize, any::<u8>())
            .prop_map(|(receiver, max, first, back)| Call::SettleBatch { receiver, max, first, back }),
        2 => handle().prop_map(|receiver| Call::Leave { receiver }),
        2 => (handle(), 0..2usize).prop_map(|(sender, but)| Call::Fill { sender, but }),
        2 => handle().prop_map(|receiver| Call::Drain { receiver }),
        1 => (handle(), handle(), 0..3usize, 0..2usize)
            .prop_map(|(sender, receiver, laps, more)| Call::Laps { sender, receiver, laps, more }),
        1 => (handle(), 0..4usize).prop_map(|(receiver, looks)| Call::WithoutSenders { receiver, looks }),
        1 => (handle(), 0..4usize).prop_map(|(sender, sends)| Call::WithoutReceivers { sender, sends }),
        1 => Just(Call::TakeAllSeats),
    ];
    leaf.prop_recursive(2, 16, 8, move |inner| {
        let meanwhile = || proptest::collection::vec(inner.clone(), 0..8);
        prop_oneof![
            (handle(), length(), any::<bool>(), meanwhile())
                .prop_map(|(sender, length, commit, meanwhile)| Call::Lend { sender, length, commit, meanwhile }),
            (handle(), end(), meanwhile()).prop_map(|(receiver, end, meanwhile)| Call::Hold {
                receiver,
                end,
                meanwhile
            }),
        ]
    })
}

fn shape() -> impl Strategy<Value = Shape> {
    let place = prop_oneof![2 => Just(Place::Private), 1 => Just(Place::Named), 1 => Just(Place::Anonymous)];
    let slots = prop_oneof![Just(1usize), Just(2), 3..9usize, Just(63), Just(64), Just(65)];
    // Around whole lines, which slots are made of.
    let max_message = prop_oneof![0..20usize, Just(40), Just(47), Just(48), Just(49), Just(1008), Just(4096)];
    let alignment = prop_oneof![Just(8), Just(16), Just(32), Just(64)];
    let backend = prop_oneof![Just(Backend::Futex), Just(Backend::Semaphore)];
    let fence = prop_oneof![Just(None), Just(Some(FenceMode::Asymmetric)), Just(Some(FenceMode::Symmetric))];
    let shape = (place, slots, max_message, alignment);
    let rules = (1..=8usize, 0..4u16, any::<bool>(), any::<bool>());
    let seats = [HANDLES..HANDLES + 3, HANDLES..HANDLES + 3];
    (shape, rules, backend, fence, seats).prop_map(
        |((place, slots, max_message, alignment), (priorities, limit, discard, persistent), backend, fence, seats)| {
            Shape {
                place,
                slots,
                max_message,
                alignment,
                priorities,
                limit,
                discard,
                persistent,
                backend,
                fence,
                seats,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_agree_with_plain_queues(shape in shape(), calls in proptest::collection::vec(call(), 1..150)) {
        let scratch = Scratch::new();
        let mut run = Run::new(shape.create(&scratch), &shape);
        for call in &calls {
            run.make(call);
        }
        run.close();
    }
}
