//! Random sequences of calls against a value that is obviously right, over channels of every place and shape.

mod support;

use memlane::watch::{Channel, Options, Receiver, Sender};
use memlane::{Backend, FenceMode, GetError, RecvTimeoutError, SendError};
use proptest::prelude::*;
use std::time::Duration;
use support::Scratch;
use support::stage::{Place, trust};

/// How many receivers there are.
const RECEIVERS: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Set(usize),
    SetMany(u8),
    Get(usize),
    GetInto(usize, usize),
    Changed(usize),
    WaitFor(usize, u8),
    RejoinSender,
    RejoinReceiver(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = || 0..RECEIVERS;
    let length = || prop_oneof![3 => 0usize..40, 2 => 240usize..280, 1 => 0usize..5000];
    let step = prop_oneof![
        6 => length().prop_map(Step::Set),
        2 => (1u8..40).prop_map(Step::SetMany),
        4 => one().prop_map(Step::Get),
        4 => (one(), length()).prop_map(|(one, length)| Step::GetInto(one, length)),
        4 => one().prop_map(Step::Changed),
        2 => (one(), any::<u8>()).prop_map(|(one, first)| Step::WaitFor(one, first)),
        1 => Just(Step::RejoinSender),
        1 => one().prop_map(Step::RejoinReceiver),
    ];
    proptest::collection::vec(step, 1..100)
}

/// What each receiver has returned, and what there is.
struct Run {
    channel: Channel,
    sender: Option<Sender>,
    receivers: Vec<(Receiver, u64)>,
    value: Vec<u8>,
    version: u64,
    max: usize,
}

impl Run {
    fn new(channel: Channel) -> Self {
        let sender = Some(channel.sender().unwrap());
        let receivers = (0..RECEIVERS).map(|_| (channel.receiver().unwrap(), 0)).collect();
        Self { max: channel.max_message(), channel, sender, receivers, value: Vec::new(), version: 0 }
    }

    fn set(&mut self, length: usize) {
        let value: Vec<u8> = (0..length).map(|at| (at as u64 * 7 + self.version) as u8).collect();
        let set = self.sender.as_mut().unwrap().set(&value);
        if length > self.max {
            return assert_eq!(set, Err(SendError::TooLarge { length, max: self.max }));
        }
        self.version += 1;
        self.value = value;
        assert_eq!(set, Ok(self.version));
    }

    fn take(&mut self, step: &Step) {
        let (value, version) = (self.value.clone(), self.version);
        let is_there = version > 0;
        match *step {
            Step::Set(length) => self.set(length),
            Step::SetMany(count) => (0..count).for_each(|number| self.set(number.into())),
            Step::Get(one) => {
                let (receiver, seen) = &mut self.receivers[one];
                let wanted = if is_there { Ok(value) } else { Err(GetError::NoValue) };
                assert_eq!(receiver.try_get(), wanted);
                assert_eq!(receiver.get(), wanted);
                *seen = version;
            }
            Step::GetInto(one, length) => {
                let (receiver, seen) = &mut self.receivers[one];
                let mut buffer = vec![0xee; length];
                match receiver.get_into(&mut buffer) {
                    Ok(copied) => {
                        assert!(
                            is_there && buffer[..copied] == value && buffer[copied..].iter().all(|&byte| byte == 0xee)
                        );
                        *seen = version;
                    }
                    Err(GetError::NoValue) => assert!(!is_there),
                    other => {
                        assert!(other == Err(GetError::BufferTooSmall { needed: value.len() }) && length < value.len())
                    }
                }
            }
            Step::Changed(one) => {
                let (receiver, seen) = &mut self.receivers[one];
                let wanted = if version > *seen { Ok(value) } else { Err(RecvTimeoutError::Timeout) };
                assert_eq!(receiver.changed_timeout(Duration::ZERO), wanted);
                *seen = version;
            }
            Step::WaitFor(one, first) => {
                let (receiver, seen) = &mut self.receivers[one];
                let accept = |value: &[u8]| value.first().is_some_and(|&byte| byte >= first);
                let wanted = if is_there && accept(&value) { Ok(value) } else { Err(RecvTimeoutError::Timeout) };
                assert_eq!(receiver.wait_for_timeout(accept, Duration::ZERO), wanted);
                *seen = version;
            }
            // A receiver that is there would be told that the sender has gone; each of them looks before, and then there is another.
            Step::RejoinSender => {
                self.sender = None;
                self.sender = Some(self.channel.sender().unwrap());
            }
            Step::RejoinReceiver(one) => {
                self.receivers.remove(one);
                self.receivers.push((self.channel.receiver().unwrap(), 0));
            }
        }
    }

    fn check(&self) {
        assert_eq!(self.sender.as_ref().unwrap().version(), self.version);
        for (receiver, seen) in &self.receivers {
            assert_eq!((receiver.version(), receiver.has_changed()), (*seen, *seen != self.version));
        }
        let info = self.channel.info().value.unwrap();
        assert_eq!((info.version, info.length), (self.version, self.value.len() as u64));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_channel_is_a_value(
        place in prop_oneof![2 => Just(Place::Private), 1 => Just(Place::Named), 1 => Just(Place::Anonymous)],
        max in prop_oneof![Just(100usize), Just(4096), Just(5000), Just(70_000)],
        alignment in prop_oneof![Just(8usize), Just(16), Just(64)],
        backend in prop_oneof![Just(Backend::Futex), Just(Backend::Semaphore)],
        fence in prop_oneof![Just(None), Just(Some(FenceMode::Symmetric))],
        steps in steps(),
    ) {
        let options = Options::new().max_message(max).payload_alignment(alignment).max_receivers(RECEIVERS).backend(backend);
        let options = if place == Place::Private { options } else { options.trust_peers(trust()) };
        let options = fence.map_or(options.clone(), |fence| options.fence(fence));
        let scratch = Scratch::new();
        let mut run = Run::new(match place {
            Place::Named => options.create(&scratch.name("value")).unwrap(),
            Place::Anonymous => options.anonymous().unwrap(),
            Place::Private => options.private().unwrap(),
        });
        for step in &steps {
            run.take(step);
            run.check();
        }
    }
}
