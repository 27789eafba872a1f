//! Random sequences of calls against a queue that is obviously right, over channels of every place and shape.
//!
//! The queue predicts contents, order, sequence numbers and, by the documented layout (`docs/layout.md`), exactly when the
//! channel is full and what a successor gets.

mod run;
mod step;
#[path = "../support/mod.rs"]
mod support;

use memlane::{Backend, FenceMode, RecvError};
use proptest::prelude::*;
use run::Run;
use step::{Shape, Step};
use support::stage::{Place, Stage};

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Lengths around nothing, around whole records, around the largest (from 1784 and 3576 down to 1728
    // and 3520), and beyond.
    let length = || {
        prop_oneof![
            3 => 0usize..20,
            2 => (0usize..64).prop_map(|words| words * 8),
            2 => 0usize..600,
            2 => 1700usize..1790,
            2 => 3500usize..3590,
            1 => Just(8192usize),
        ]
    };
    let step = prop_oneof![
        8 => length().prop_map(Step::TrySend),
        8 => length().prop_map(Step::Send),
        3 => proptest::collection::vec(length(), 0..6).prop_map(Step::SendBatch),
        4 => (length(), proptest::option::weighted(0.8, 0usize..=16)).prop_map(|(length, part)| Step::Reserve(length, part)),
        8 => Just(Step::TryRecv),
        2 => length().prop_map(Step::RecvInto),
        8 => prop_oneof![4 => Just(0), 1 => 1usize..9].prop_map(Step::RecvExact),
        3 => (0usize..8).prop_map(Step::TryRecvBatch),
        1 => Just(Step::PanicWithMessage),
        1 => (0usize..8).prop_map(Step::PanicWithBatch),
        1 => Just(Step::HandBack),
        1 => (0usize..8).prop_map(Step::HandBackBatch),
        3 => (1usize..8, 0usize..6).prop_map(|(max, count)| Step::AckFirst(max, count)),
        1 => Just(Step::Publish),
        1 => Just(Step::RejoinSender),
        1 => Just(Step::RejoinReceiver),
        1 => any::<bool>().prop_map(Step::DrainAndFill),
        1 => (0usize..12).prop_map(Step::WithoutSender),
        1 => proptest::collection::vec(length(), 0..4).prop_map(Step::WithoutReceiver),
        1 => prop_oneof![0usize..600, 0usize..3600].prop_map(Step::Fill),
        4 => (-1i64..=1, 0u64..8).prop_map(|(beyond, short)| Step::AimAtEnd(beyond, short)),
    ];
    proptest::collection::vec(step, 1..120)
}

fn shape() -> impl Strategy<Value = Shape> {
    let place = prop_oneof![2 => Just(Place::Private), 1 => Just(Place::Named), 1 => Just(Place::Anonymous)];
    let capacity = prop_oneof![2 => Just(4096), 1 => Just(8192), 1 => Just(32768)];
    // Of payloads, and of records.
    let alignments = prop_oneof![
        4 => prop_oneof![Just(8), Just(16), Just(32), Just(64)].prop_map(|alignment| (alignment, alignment)),
        2 => prop_oneof![Just((8, 64)), Just((8, 128))],
        1 => prop_oneof![Just((8, 16)), Just((16, 64)), Just((32, 128)), Just((64, 128))],
    ];
    let max_message = proptest::option::weighted(0.4, prop_oneof![Just((16, 0)), (0..=16usize, 0..9usize)]);
    let backend = prop_oneof![Just(Backend::Futex), Just(Backend::Semaphore)];
    let fence = prop_oneof![Just(None), Just(Some(FenceMode::Asymmetric)), Just(Some(FenceMode::Symmetric))];
    (place, capacity, alignments, max_message, any::<bool>(), backend, fence).prop_map(
        |(place, capacity, (alignment, record_alignment), max_message, persistent, backend, fence)| Shape {
            place,
            capacity,
            alignment,
            record_alignment,
            max_message,
            persistent,
            backend,
            fence,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_channel_is_a_queue(shape in shape(), steps in steps()) {
        let stage = Stage::new(shape.place);
        let mut run = Run::new(&stage, shape);
        for step in &steps {
            run.take(step);
            run.check();
        }
        // Whatever is left arrives, and then the end of the channel.
        run.channel.close();
        let mut receiver = run.receiver.take().unwrap();
        for entry in run.model.queue {
            let message = receiver.recv().unwrap();
            prop_assert_eq!((message.sequence(), message.to_vec()), (entry.sequence, entry.content));
        }
        prop_assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
    }

    /// The law by itself, for every position in the ring: messages of one size bring the lane there, in an empty channel.
    #[test]
    fn an_empty_channel_takes_its_largest_message(
        shape in shape(), size in 0usize..3600, count in 0usize..300, exact in any::<bool>()
    ) {
        let stage = Stage::new(shape.place);
        let mut run = Run::new(&stage, shape);
        let size = size.min(run.sender().max_message());
        for _ in 0..count {
            run.send(size);
            if exact { run.recv_exact(0) } else { run.try_recv() }
        }
        run.fullness_law(false);
        run.fullness_law(true);
    }
}
