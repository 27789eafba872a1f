//! Random sequences of calls on an `mpmc` channel agree with plain queues: what comes, in which order, how often it was
//! delivered, and when the channel is full.

use memlane::mpmc::{Channel, Options, Receiver, Sender};
use memlane::{TryRecvError, TrySendError};
use proptest::prelude::*;
use std::collections::VecDeque;

/// One call, by one of several handles.
#[derive(Debug, Clone)]
enum Call {
    Send { sender: usize, priority: usize, length: usize },
    Batch { sender: usize, count: usize },
    Reserve { sender: usize, length: usize, commit: Option<usize> },
    Receive { receiver: usize, end: End },
    ReceiveBatch { receiver: usize, max: usize, end: End },
    Leave { receiver: usize },
}

/// What a receiver does with what it got.
#[derive(Debug, Clone, Copy)]
enum End {
    Acknowledges,
    GivesBack,
}

const MAX_MESSAGE: usize = 40;

fn call() -> impl Strategy<Value = Call> {
    let end = prop_oneof![3 => Just(End::Acknowledges), 1 => Just(End::GivesBack)];
    let handle = 0..3usize;
    prop_oneof![
        6 => (handle.clone(), 0..8usize, 0..=MAX_MESSAGE + 1)
            .prop_map(|(sender, priority, length)| Call::Send { sender, priority, length }),
        1 => (handle.clone(), 1..6usize).prop_map(|(sender, count)| Call::Batch { sender, count }),
        2 => (handle.clone(), 0..=MAX_MESSAGE, proptest::option::of(0..=MAX_MESSAGE))
            .prop_map(|(sender, length, commit)| Call::Reserve { sender, length, commit }),
        6 => (handle.clone(), end.clone()).prop_map(|(receiver, end)| Call::Receive { receiver, end }),
        2 => (handle.clone(), 1..6usize, end)
            .prop_map(|(receiver, max, end)| Call::ReceiveBatch { receiver, max, end }),
        1 => handle.prop_map(|receiver| Call::Leave { receiver }),
    ]
}

/// The plain queues, the most urgent first: each message with how often it was delivered.
#[derive(Debug)]
struct Model {
    queues: Vec<VecDeque<(Vec<u8>, u16)>>,
    slots: usize,
    limit: u16,
    dead_letters: u64,
}

impl Model {
    fn used(&self) -> usize {
        self.queues.iter().map(VecDeque::len).sum()
    }

    /// What the next receive gets, up to `max` of one priority, this delivery counted.
    fn take(&mut self, max: usize) -> (usize, Vec<(Vec<u8>, u16)>) {
        let Some(priority) = self.queues.iter().position(|queue| !queue.is_empty()) else { return (0, Vec::new()) };
        let queue = &mut self.queues[priority];
        let taken = queue.drain(..max.min(queue.len())).map(|(bytes, deliveries)| (bytes, deliveries + 1));
        (priority, taken.collect())
    }

    fn give_back(&mut self, priority: usize, messages: Vec<(Vec<u8>, u16)>) {
        for (bytes, deliveries) in messages {
            if self.limit != 0 && deliveries >= self.limit {
                self.dead_letters += 1;
            } else {
                self.queues[priority].push_back((bytes, deliveries));
            }
        }
    }
}

struct Stage {
    channel: Channel,
    senders: Vec<Sender>,
    receivers: Vec<Receiver>,
    model: Model,
    number: u8,
}

impl Stage {
    fn new(slots: usize, priorities: usize, limit: u16) -> Self {
        let options = Options::new().slots(slots as u32).priorities(priorities as u16).delivery_limit(limit);
        let channel = options.max_message(MAX_MESSAGE as u64).private().unwrap();
        Self {
            senders: (0..3).map(|_| channel.sender().unwrap()).collect(),
            receivers: (0..3).map(|_| channel.receiver().unwrap()).collect(),
            channel,
            model: Model { queues: vec![VecDeque::new(); priorities], slots, limit, dead_letters: 0 },
            number: 0,
        }
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        self.number = self.number.wrapping_add(1);
        vec![self.number; length]
    }

    fn make(&mut self, call: Call) {
        let full = self.model.used() == self.model.slots;
        match call {
            Call::Send { sender, priority, length } => {
                let bytes = self.bytes(length);
                let priorities = self.model.queues.len();
                let sender = &mut self.senders[sender];
                assert_eq!(sender.set_priority(priority as u8).is_ok(), priority < priorities);
                let priority = if priority < priorities { priority } else { priorities - 1 };
                sender.set_priority(priority as u8).unwrap();
                let sent = sender.try_send(&bytes);
                sender.set_priority(priorities as u8 - 1).unwrap();
                match sent {
                    Ok(()) => self.model.queues[priority].push_back((bytes, 0)),
                    Err(TrySendError::TooLarge { length: found, max }) => {
                        assert_eq!((found, max), (length, MAX_MESSAGE));
                        assert!(length > MAX_MESSAGE);
                        return;
                    }
                    Err(error) => {
                        assert_eq!(error, TrySendError::Full);
                        assert!(full);
                        return;
                    }
                }
                assert!(!full && length <= MAX_MESSAGE);
            }
            Call::Batch { sender, count } => {
                let count = count.min(self.model.slots - self.model.used());
                let batch: Vec<_> = (0..count).map(|length| self.bytes(length)).collect();
                assert_eq!(self.senders[sender].send_batch(&batch), Ok(count));
                self.model.queues.last_mut().unwrap().extend(batch.into_iter().map(|bytes| (bytes, 0)));
            }
            Call::Reserve { sender, length, commit } => {
                let bytes = self.bytes(length);
                let least_urgent = self.model.queues.last_mut().unwrap();
                match self.senders[sender].try_reserve(length) {
                    Ok(mut grant) => {
                        assert!(!full);
                        grant.write_at(0, &bytes).unwrap();
                        let Some(used) = commit.filter(|&used| used <= length) else { return };
                        grant.commit(used).unwrap();
                        least_urgent.push_back((bytes[..used].to_vec(), 0));
                    }
                    Err(error) => {
                        assert_eq!(error, TrySendError::Full);
                        assert!(full);
                    }
                }
            }
            Call::Receive { receiver, end } => {
                let (priority, expected) = self.model.take(1);
                match self.receivers[receiver].try_recv() {
                    Ok(message) => {
                        assert_eq!(vec![(message.to_vec(), message.deliveries())], expected);
                        assert_eq!(message.redelivered(), message.deliveries() > 1);
                        match end {
                            End::Acknowledges => message.ack().unwrap(),
                            End::GivesBack => {
                                message.nack().unwrap();
                                self.model.give_back(priority, expected);
                            }
                        }
                    }
                    Err(error) => {
                        assert_eq!(error, TryRecvError::Empty);
                        assert_eq!(expected, []);
                    }
                }
            }
            Call::ReceiveBatch { receiver, max, end } => {
                let (priority, expected) = self.model.take(max);
                match self.receivers[receiver].try_recv_batch(max) {
                    Ok(batch) => {
                        let got: Vec<_> =
                            batch.iter().map(|message| (message.to_vec(), message.deliveries())).collect();
                        assert_eq!(got, expected);
                        match end {
                            End::Acknowledges => batch.ack().unwrap(),
                            End::GivesBack => {
                                batch.nack().unwrap();
                                self.model.give_back(priority, expected);
                            }
                        }
                    }
                    Err(error) => {
                        assert_eq!(error, TryRecvError::Empty);
                        assert_eq!(expected, []);
                    }
                }
            }
            Call::Leave { receiver } => {
                // It forgets what it got: that comes again behind all others.
                let (priority, expected) = self.model.take(1);
                if let Ok(message) = self.receivers[receiver].try_recv() {
                    std::mem::forget(message);
                }
                self.receivers[receiver] = self.channel.receiver().unwrap();
                self.model.give_back(priority, expected);
            }
        }
        let info = self.channel.info().queue.unwrap();
        let queued: Vec<_> = self.model.queues.iter().map(|queue| queue.len() as u64).collect();
        assert_eq!((info.queued, info.free), (queued, (self.model.slots - self.model.used()) as u64));
        assert_eq!(info.dead_letters, self.model.dead_letters);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn calls_agree_with_plain_queues(
        slots in prop_oneof![1..9usize, Just(63), Just(64), Just(65)],
        priorities in 1..=8usize,
        limit in 0..4u16,
        calls in proptest::collection::vec(call(), 1..300),
    ) {
        let mut stage = Stage::new(slots, priorities, limit);
        for call in calls {
            stage.make(call);
        }
    }
}
