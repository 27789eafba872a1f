//! Random sequences of calls against a queue that is obviously right, over private and named channels.
//!
//! The queue predicts contents, order, sequence numbers and, by the documented layout (`docs/layout.md`), exactly when the
//! channel is full and what a successor gets.

mod support;

use memlane::spsc::{Batch, Channel, Message, Options, Receiver, Sender};
use memlane::{RecvError, TryRecvError, TrySendError};
use proptest::prelude::*;
use support::model::Model;
use support::stage::{Place, Stage};

/// One call.
#[derive(Debug, Clone)]
enum Step {
    TrySend(usize),
    /// `send`, where it does not have to wait.
    Send(usize),
    SendBatch(Vec<usize>),
    /// Reserve so much, write all of it, send this part of it (in sixteenths), or nothing.
    Reserve(usize, Option<usize>),
    TryRecv,
    RecvInto(usize),
    /// `recv_into` with a buffer that is longer than the message by this much, where it does not have to wait.
    RecvExact(usize),
    TryRecvBatch(usize),
    PanicWithMessage,
    PanicWithBatch(usize),
    HandBack,
    HandBackBatch(usize),
    Publish,
    RejoinSender,
    RejoinReceiver,
    DrainAndFill(bool),
}

/// The shape of a channel.
#[derive(Debug, Clone, Copy)]
struct Shape {
    place: Place,
    alignment: u32,
    max_message: Option<u64>,
}

struct Run {
    channel: Channel,
    sender: Option<Sender>,
    receiver: Option<Receiver>,
    model: Model,
    filler: u8,
}

impl Run {
    fn new(stage: &Stage, shape: Shape) -> Self {
        let mut options = Options::new().capacity(4096).payload_alignment(shape.alignment).persistent(true);
        if let Some(max) = shape.max_message {
            options = options.max_message(max);
        }
        let (channel, sender, receiver) = stage.pair(&options);
        let model = Model::new(channel.capacity(), shape.alignment.into());
        Self { channel, sender: Some(sender), receiver: Some(receiver), model, filler: 0 }
    }

    fn sender(&mut self) -> &mut Sender {
        self.sender.as_mut().unwrap()
    }

    fn receiver(&mut self) -> &mut Receiver {
        self.receiver.as_mut().unwrap()
    }

    fn message(&mut self, length: usize) -> Vec<u8> {
        self.filler = self.filler.wrapping_add(1);
        (0..length).map(|at| self.filler ^ at as u8).collect()
    }

    fn try_send(&mut self, length: usize) {
        let message = self.message(length);
        let max = self.sender().max_message();
        let outcome = self.sender().try_send(&message);
        if length > max {
            assert_eq!(outcome, Err(TrySendError::TooLarge { length, max }));
        } else if self.model.fits(length) {
            assert_eq!(outcome, Ok(()));
            self.model.commit(message, length);
        } else {
            assert_eq!(outcome, Err(TrySendError::Full));
        }
    }

    fn send(&mut self, length: usize) {
        if length <= self.sender().max_message() && self.model.fits(length) {
            let message = self.message(length);
            assert_eq!(self.sender().send(&message), Ok(()));
            self.model.commit(message, length);
        }
    }

    /// A batch of messages that fit, since one that does not would wait.
    fn send_batch(&mut self, lengths: &[usize]) {
        let max = self.sender().max_message();
        let mut batch = Vec::new();
        for &length in lengths {
            if length > max || !self.model.fits(length) {
                break;
            }
            let message = self.message(length);
            self.model.commit(message.clone(), length);
            batch.push(message);
        }
        assert_eq!(self.sender().send_batch(&batch), Ok(batch.len()));
    }

    fn reserve(&mut self, length: usize, part: Option<usize>) {
        let message = self.message(length);
        let max = self.sender().max_message();
        let fits = self.model.fits(length);
        let outcome = self.sender().try_reserve(length);
        let mut grant = match outcome {
            Ok(grant) => grant,
            Err(TrySendError::TooLarge { .. }) => return assert!(length > max),
            Err(error) => return assert!(error == TrySendError::Full && length <= max && !fits, "{error:?}"),
        };
        assert!(length <= max && fits);
        grant.write_at(0, &message).unwrap();
        if let Some(sixteenths) = part {
            let used = length * sixteenths / 16;
            grant.commit(used).unwrap();
            self.model.commit(message[..used].to_vec(), length);
        }
    }

    fn try_recv(&mut self) {
        let expected = self.model.look();
        let found = self.receiver().try_recv().map(|message| (message.sequence(), message.to_vec()));
        match (found, expected) {
            (Ok(found), Some(entry)) => {
                assert_eq!(found, (entry.sequence, entry.content));
                self.model.release();
            }
            (Err(TryRecvError::Empty), None) => self.model.publish(),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    fn recv_into(&mut self, room: usize) {
        let expected = self.model.look();
        let mut buffer = vec![0; room];
        match (self.receiver().try_recv_into(&mut buffer), expected) {
            (Ok(length), Some(entry)) => {
                assert_eq!(&buffer[..length], entry.content);
                self.model.release();
            }
            (Err(TryRecvError::BufferTooSmall { needed }), Some(entry)) => {
                assert!(needed == entry.content.len() && needed > room);
            }
            (Err(TryRecvError::Empty), None) => self.model.publish(),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    fn recv_exact(&mut self, spare: usize) {
        let Some(entry) = self.model.look() else { return };
        let mut buffer = vec![0; entry.content.len() + spare];
        assert_eq!(self.receiver().recv_into(&mut buffer), Ok(entry.content.len()));
        assert_eq!(buffer[..entry.content.len()], entry.content);
        let (before, consumed) = (self.model.published, self.channel.info().lanes[0].consumed);
        self.model.release();
        // A message that ends exactly where publishing is due may be published with the next one.
        if consumed == before && self.model.released - before == self.model.capacity / 8 {
            self.model.published = before;
        }
    }

    fn try_recv_batch(&mut self, max: usize) {
        let entries = self.model.queue.iter().take(max.max(1));
        let expected: Vec<_> = entries.map(|entry| (entry.sequence, entry.content.clone())).collect();
        let found = self.receiver().try_recv_batch(max);
        let found = found.map(|batch| batch.iter().map(|message| (message.sequence(), message.to_vec())).collect());
        assert_eq!(found, if expected.is_empty() { Err(TryRecvError::Empty) } else { Ok(expected.clone()) });
        expected.iter().for_each(|_| self.model.release());
        self.model.publish();
    }

    /// Takes something and unwinds with it in hand: nothing is released.
    fn panic_with(&mut self, take: impl FnOnce(&mut Receiver)) {
        let expected = self.model.look();
        let receiver = self.receiver();
        let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| take(receiver)));
        assert_eq!(unwound.is_err(), expected.is_some());
        if expected.is_none() {
            self.model.publish();
        }
    }

    /// Takes something and gives it back unread.
    fn hand_back(&mut self, take: impl FnOnce(&mut Receiver) -> Result<(), TryRecvError>) {
        let expected = self.model.look();
        assert_eq!(take(self.receiver()).is_ok(), expected.is_some());
        if expected.is_none() {
            self.model.publish();
        }
    }

    fn rejoin_receiver(&mut self) {
        self.receiver = None;
        self.model.publish();
        self.receiver = Some(self.channel.receiver().unwrap());
        self.model.look();
    }

    fn rejoin_sender(&mut self) {
        self.sender = None;
        let sender = self.channel.sender().unwrap();
        assert_eq!(sender.resumed_at(), self.model.sent);
        self.sender = Some(sender);
    }

    /// What anybody can see from outside is what the model says.
    fn check(&self) {
        let lane = self.channel.info().lanes[0];
        let (model, sender) = (&self.model, self.sender.as_ref().unwrap());
        assert_eq!((lane.messages, lane.committed, sender.sent()), (model.sent, model.committed, model.sent));
        assert_eq!(lane.consumed, model.published);
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::TrySend(length) => self.try_send(length),
            Step::Send(length) => self.send(length),
            Step::SendBatch(ref lengths) => self.send_batch(lengths),
            Step::Reserve(length, part) => self.reserve(length, part),
            Step::TryRecv => self.try_recv(),
            Step::RecvInto(room) => self.recv_into(room),
            Step::RecvExact(spare) => self.recv_exact(spare),
            Step::TryRecvBatch(max) => self.try_recv_batch(max),
            Step::PanicWithMessage => self.panic_with(|receiver| {
                if let Ok(_message) = receiver.try_recv() {
                    std::panic::resume_unwind(Box::new("on purpose"));
                }
            }),
            Step::PanicWithBatch(max) => self.panic_with(|receiver| {
                if let Ok(_batch) = receiver.try_recv_batch(max) {
                    std::panic::resume_unwind(Box::new("on purpose"));
                }
            }),
            Step::HandBack => self.hand_back(|receiver| receiver.try_recv().map(Message::hand_back)),
            Step::HandBackBatch(max) => self.hand_back(|receiver| receiver.try_recv_batch(max).map(Batch::hand_back)),
            Step::Publish => {
                self.receiver().publish_released();
                self.model.publish();
            }
            Step::RejoinSender => self.rejoin_sender(),
            Step::RejoinReceiver => self.rejoin_receiver(),
            Step::DrainAndFill(found_empty) => self.fullness_law(found_empty),
        }
    }

    /// A channel whose messages are all released takes one of the largest size, wherever it stands, though up to an
    /// eighth of the releases is not published. It takes one anyhow when its receiver has found it empty.
    fn fullness_law(&mut self, found_empty: bool) {
        while !self.model.queue.is_empty() {
            self.try_recv();
        }
        if found_empty {
            self.try_recv();
        }
        let max = self.sender().max_message();
        assert!(self.model.fits(max), "the layout promises room for it");
        self.try_send(max);
        assert_eq!(self.model.queue.len(), 1);
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Lengths around nothing, around whole records, around the largest (1784, 1776, 1760, 1728), and beyond.
    let length = || {
        prop_oneof![
            3 => 0usize..20,
            2 => (0usize..64).prop_map(|words| words * 8),
            2 => 0usize..600,
            3 => 1700usize..1790,
            1 => Just(4096usize),
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
        1 => Just(Step::Publish),
        1 => Just(Step::RejoinSender),
        1 => Just(Step::RejoinReceiver),
        1 => any::<bool>().prop_map(Step::DrainAndFill),
    ];
    proptest::collection::vec(step, 1..120)
}

fn shape() -> impl Strategy<Value = Shape> {
    let place = prop_oneof![Just(Place::Private), Just(Place::Named)];
    let alignment = prop_oneof![Just(8u32), Just(16), Just(32), Just(64)];
    let max_message = proptest::option::weighted(0.3, 0u64..=1728);
    (place, alignment, max_message).prop_map(|(place, alignment, max_message)| Shape { place, alignment, max_message })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

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
        shape in shape(), size in 0usize..1800, count in 0usize..300, exact in any::<bool>()
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
