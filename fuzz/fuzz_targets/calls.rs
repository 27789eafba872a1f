//! Calls on a channel, compared with a plain queue after every one: the models of `core/tests/lane_model` and
//! `core/tests/queue_model`, with calls that come from bytes.
//!
//! The first byte is the model's number, the next ones are the channel's options, the others one call each with its numbers; see
//! [`Bytes`].

#![no_main]

use libfuzzer_sys::fuzz_target;
use memlane::{Backend, FenceMode};
use support::stage::{Place, Stage};

/// What the models need of the tests' support: channels here have no names.
#[path = "../../core/tests/support"]
#[allow(dead_code, reason = "each user of the models uses some of it")]
mod support {
    pub mod model;
    pub mod stage;

    /// A folder that nobody needs.
    pub struct Scratch;

    impl Scratch {
        pub fn new() -> Self {
            Self
        }

        pub fn name(&self, channel: &str) -> String {
            unreachable!("{channel} is not named")
        }
    }
}

#[path = "../../core/tests/lane_model"]
#[allow(dead_code, reason = "some calls are for proptest alone")]
mod lane {
    pub mod run;
    pub mod step;
    pub(crate) use run::Run;
    pub(crate) use step::{Shape, Step};
}

#[path = "../../core/tests/queue_model"]
#[allow(dead_code, reason = "some calls are for proptest alone")]
mod queue {
    pub mod call;
    pub mod calls;
    pub mod plain;
    pub(crate) use call::{Call, End, HANDLES, Shape};
    pub(crate) use calls::Run;
}

/// Calls of one input. Each is at most a lap, so that an input takes milliseconds.
const CALLS_MAX: usize = 200;

/// Numbers from the input, zeros behind its end.
struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl Bytes<'_> {
    fn any(&mut self) -> usize {
        self.0.next().copied().unwrap_or(0).into()
    }

    fn below(&mut self, end: usize) -> usize {
        self.any() % end
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    /// A length: as it is up to 127, and beyond in steps up to more than any of these channels takes.
    fn length(&mut self) -> usize {
        match self.any() {
            short @ 0..128 => short,
            long => (long - 128) * 29 + self.any(),
        }
    }

    fn lengths(&mut self) -> Vec<usize> {
        (0..self.below(6)).map(|_| self.length()).collect()
    }

    fn place(&mut self) -> Place {
        if self.below(4) == 0 { Place::Anonymous } else { Place::Private }
    }

    fn backend(&mut self) -> Backend {
        if self.below(4) == 0 { Backend::Semaphore } else { Backend::Futex }
    }

    fn fence(&mut self) -> Option<FenceMode> {
        [None, Some(FenceMode::Asymmetric), Some(FenceMode::Symmetric)][self.below(3)]
    }
}

/// The models, by the number that is the first byte. A further one comes last: the seeds name the others by their numbers.
const MODELS: [fn(&mut Bytes<'_>); 2] = [on_a_lane, on_a_queue];

fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data.iter());
    MODELS[bytes.below(MODELS.len())](&mut bytes);
});

fn on_a_lane(bytes: &mut Bytes<'_>) {
    let (place, capacity) = (bytes.place(), 4096 << bytes.below(2));
    // Of payloads, and of records.
    const ALIGNMENTS: [(usize, usize); 8] =
        [(8, 8), (16, 16), (32, 32), (64, 64), (8, 64), (8, 128), (16, 64), (64, 128)];
    let (alignment, record_alignment) = ALIGNMENTS[bytes.below(8)];
    let shape = lane::Shape {
        place,
        capacity,
        alignment,
        record_alignment,
        max_message: bytes.flag().then(|| (bytes.below(17), bytes.below(9))),
        persistent: bytes.flag(),
        backend: bytes.backend(),
        fence: bytes.fence(),
    };
    let mut run = lane::Run::new(&Stage::new(shape.place), shape);
    for _ in 0..CALLS_MAX {
        if bytes.0.len() == 0 {
            break;
        }
        run.take(&step(bytes));
        run.check();
    }
}

fn step(bytes: &mut Bytes<'_>) -> lane::Step {
    use lane::Step;
    match bytes.below(19) {
        0 => Step::TrySend(bytes.length()),
        1 => Step::Send(bytes.length()),
        2 => Step::SendBatch(bytes.lengths()),
        3 => Step::Reserve(bytes.length(), bytes.flag().then(|| bytes.below(17))),
        4 => Step::TryRecv,
        5 => Step::RecvInto(bytes.length()),
        6 => Step::RecvExact(bytes.below(9)),
        7 => Step::TryRecvBatch(bytes.below(8)),
        8 => Step::HandBack,
        9 => Step::HandBackBatch(bytes.below(8)),
        10 => Step::Publish,
        11 => Step::RejoinSender,
        12 => Step::RejoinReceiver,
        13 => Step::DrainAndFill(bytes.flag()),
        14 => Step::WithoutSender(bytes.below(12)),
        15 => Step::WithoutReceiver(bytes.lengths()),
        16 => Step::Fill(bytes.length().max(8)),
        17 => Step::AckFirst(1 + bytes.below(7), bytes.below(6)),
        _ => Step::AimAtEnd(bytes.below(3) as i64 - 1, bytes.below(8) as u64),
    }
}

fn on_a_queue(bytes: &mut Bytes<'_>) {
    let shape = queue::Shape {
        place: bytes.place(),
        slots: [1, 2, 3, 5, 8, 63, 64, 65][bytes.below(8)],
        max_message: [0, 1, 19, 40, 47, 48, 49, 1008][bytes.below(8)],
        alignment: 8 << bytes.below(4),
        priorities: 1 + bytes.below(8),
        limit: bytes.below(4) as u16,
        discard: bytes.flag(),
        persistent: bytes.flag(),
        backend: bytes.backend(),
        fence: bytes.fence(),
        seats: [queue::HANDLES + bytes.below(3), queue::HANDLES + bytes.below(3)],
    };
    let mut run = queue::Run::new(shape.create(&support::Scratch::new()), &shape);
    for _ in 0..CALLS_MAX {
        if bytes.0.len() == 0 {
            break;
        }
        run.make(&call(bytes, 2));
    }
    run.close();
}

fn call(bytes: &mut Bytes<'_>, depth: usize) -> queue::Call {
    use queue::{Call, HANDLES};
    let (sender, receiver) = (bytes.below(HANDLES), bytes.below(HANDLES));
    match bytes.below(if depth == 0 { 12 } else { 14 }) {
        0 => Call::Send { sender, priority: bytes.below(8), length: bytes.length() },
        1 => Call::Batch { sender, count: 1 + bytes.below(70) },
        2 => Call::Reserve { sender, length: bytes.length(), commit: bytes.flag().then(|| bytes.below(60)) },
        3 => Call::Receive { receiver, end: end(bytes) },
        4 => Call::ReceiveBatch { receiver, max: 1 + bytes.below(70), end: end(bytes) },
        5 => Call::Leave { receiver },
        6 => Call::Fill { sender, but: bytes.below(2) },
        7 => Call::Drain { receiver },
        8 => Call::Laps { sender, receiver, laps: bytes.below(3), more: bytes.below(2) },
        9 => Call::WithoutSenders { receiver, looks: bytes.below(4) },
        10 => Call::WithoutReceivers { sender, sends: bytes.below(4) },
        11 => Call::TakeAllSeats,
        12 => {
            let (length, commit) = (bytes.length(), bytes.flag());
            Call::Lend { sender, length, commit, meanwhile: meanwhile(bytes, depth) }
        }
        _ => Call::Hold { receiver, end: end(bytes), meanwhile: meanwhile(bytes, depth) },
    }
}

fn meanwhile(bytes: &mut Bytes<'_>, depth: usize) -> Vec<queue::Call> {
    (0..bytes.below(8)).map(|_| call(bytes, depth - 1)).collect()
}

fn end(bytes: &mut Bytes<'_>) -> queue::End {
    [queue::End::Acknowledges, queue::End::Drops, queue::End::GivesBack][bytes.below(3)]
}
