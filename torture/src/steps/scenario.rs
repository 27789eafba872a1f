//! What a process is stepped through: each operation in each state of the channel, and what may come of it.
//!
//! A state can be somebody else, too: a rival that stands still inside an operation of its own. Where it may stand, and what it
//! has done there, is found by stepping it alone, so [`Scenario::all`] has no rivals, and [`Scenario::around`] is told.

use crate::numbered::payload;
use crate::subject::{Facts, Store};
use memlane::Role;
use std::fmt;
use std::ops::Range;

/// What the stepped process does between its marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    JoinSending,
    JoinReceiving,
    Send,
    SendBatch,
    Commit,
    Abort,
    Receive,
    ReceiveInto,
    ReceiveBatch,
    Acknowledge,
    GiveBack,
    ParkReceiving,
    ParkSending,
    Wake,
    LeaveSending,
    LeaveReceiving,
}

/// How the channel stands when the operation starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Empty,
    One,
    Full,
    /// One message, behind which a lane's ring needs padding, and a queue's cells end.
    Wrap,
    /// Two messages; another participant holds the first, and one a loan.
    Held,
    /// Four messages behind which a lane's ring needs padding, and a queue's cells end: for a rival, with room for all.
    Several,
    /// The sender overwrites, and has done so: two laps and some.
    Lapped,
    /// As `Several`, where a rival stands still in this operation, after so many instructions of it.
    Rival {
        act: Operation,
        after: u64,
    },
}

/// An operation in a state.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub facts: Facts,
    pub operation: Operation,
    pub state: State,
}

/// What may come of a scenario.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The numbers of the messages that are in the channel before, in order.
    pub queued: Vec<u64>,
    /// Of these, the first few that somebody takes who dies.
    pub taken: usize,
    /// Whether somebody who dies may take what the operation sends: who is woken by it.
    pub own_may_be_taken: bool,
    /// Of the taken ones, those that the operation may finish with.
    pub finished: Vec<u64>,
    /// Whether these are gone for certain when the operation has ended. A lane's single messages are not: their release is
    /// published later.
    pub finished_for_certain: bool,
    /// The numbers of the messages that the operation sends, in order.
    pub own: Vec<u64>,
}

/// The first of the numbers that operations send.
pub const OWN: u64 = 1_000;

/// The first of the numbers that a rival sends: behind what is there before.
pub const RIVAL: u64 = 900;

/// The number of what is to find no room, or is not to be committed.
pub const EXTRA: u64 = 1_999;

/// What a rival stands still in: sends, and all of receiving, in two parts and at once.
pub const RIVAL_ACTS: [Operation; 6] = [
    Operation::Send,
    Operation::SendBatch,
    Operation::Commit,
    Operation::Receive,
    Operation::Acknowledge,
    Operation::ReceiveBatch,
];

/// What goes on around a rival: whatever touches the words that it touches.
const AROUND_RIVALS: [Operation; 11] = [
    Operation::JoinSending,
    Operation::JoinReceiving,
    Operation::Send,
    Operation::SendBatch,
    Operation::Commit,
    Operation::Receive,
    Operation::ReceiveBatch,
    Operation::Acknowledge,
    Operation::GiveBack,
    Operation::LeaveSending,
    Operation::LeaveReceiving,
];

pub const ALL_OPERATIONS: [Operation; 16] = [
    Operation::JoinSending,
    Operation::JoinReceiving,
    Operation::Send,
    Operation::SendBatch,
    Operation::Commit,
    Operation::Abort,
    Operation::Receive,
    Operation::ReceiveInto,
    Operation::ReceiveBatch,
    Operation::Acknowledge,
    Operation::GiveBack,
    Operation::ParkReceiving,
    Operation::ParkSending,
    Operation::Wake,
    Operation::LeaveSending,
    Operation::LeaveReceiving,
];

impl Scenario {
    /// All of a kind.
    pub fn all(facts: Facts) -> Vec<Self> {
        let states = [State::Empty, State::One, State::Full, State::Wrap, State::Held, State::Lapped];
        let all = ALL_OPERATIONS
            .into_iter()
            .flat_map(|operation| states.into_iter().map(move |state| Self { facts, operation, state }));
        all.filter(|one| facts.has(one.operation) && one.makes_sense()).collect()
    }

    /// What a rival does, by itself.
    pub fn of_rival(facts: Facts, act: Operation) -> Self {
        Self { facts, operation: act, state: State::Several }
    }

    /// All of a kind around a rival that stands there. Where one alone can have the rival's role, that is the other end.
    pub fn around(facts: Facts, act: Operation, after: u64) -> Vec<Self> {
        let state = State::Rival { act, after };
        let all = AROUND_RIVALS.into_iter().map(|operation| Self { facts, operation, state });
        let rival = Self::of_rival(facts, act);
        let is_shared = if rival.is_sending() { facts.many_senders } else { facts.many_receivers };
        all.filter(|one| is_shared || one.is_sending() != rival.is_sending()).collect()
    }

    fn makes_sense(&self) -> bool {
        use Operation::{
            Abort, Acknowledge, Commit, GiveBack, ParkReceiving, ParkSending, Receive, ReceiveBatch, ReceiveInto, Send,
            SendBatch, Wake,
        };
        let needs_room = matches!(self.operation, SendBatch | Commit | Abort);
        let needs_message = matches!(self.operation, Receive | ReceiveInto | ReceiveBatch | Acknowledge | GiveBack);
        match self.state {
            State::Held if !self.facts.is_shared() => false,
            State::Lapped if self.facts.store != Store::Fan => false,
            // What others overwrite meanwhile would come too late to a batch.
            State::Lapped => {
                !matches!(self.operation, Wake | ParkReceiving | ParkSending)
                    && (!needs_message || self.operation == Receive)
            }
            // Of a value there is one.
            State::Full if self.facts.store == Store::Value => false,
            // A receiver that is to sleep first would take what there is.
            _ if self.operation == Wake => self.state == State::Empty,
            _ if self.operation == ParkReceiving => self.state == State::Empty,
            _ if self.operation == ParkSending => self.state == State::Full,
            State::Empty => !needs_message,
            State::Full => !needs_room || self.operation == Send,
            // Two messages and a loan: room for one more.
            State::Held => self.operation != SendBatch,
            State::One | State::Wrap | State::Several | State::Rival { .. } => true,
        }
    }

    /// How many messages the operation sends if it ends.
    pub fn sends(&self) -> u64 {
        match self.operation {
            // It finds no room.
            Operation::Send if self.state == State::Full => 0,
            Operation::Send | Operation::Commit | Operation::Wake => 1,
            Operation::SendBatch => 3,
            _ => 0,
        }
    }

    /// The numbers of these, in order.
    pub fn own(&self) -> Range<u64> {
        let first = if self.state == State::Several { RIVAL } else { OWN };
        first..first + self.sends()
    }

    /// The payloads of what it sends.
    pub fn own_payloads(&self) -> Vec<Vec<u8>> {
        self.own().map(payload).collect()
    }

    /// Whether it is a sender that operates.
    pub fn is_sending(&self) -> bool {
        use Operation::{Abort, Commit, JoinSending, LeaveSending, ParkSending, Send, SendBatch, Wake};
        matches!(self.operation, JoinSending | Send | SendBatch | Commit | Abort | ParkSending | Wake | LeaveSending)
    }

    /// The role of the one that operates.
    pub fn role(&self) -> Role {
        if self.is_sending() { Role::Sender } else { Role::Receiver }
    }

    /// Whether somebody comes or goes by it.
    pub fn joins_or_leaves(&self) -> bool {
        use Operation::{JoinReceiving, JoinSending, LeaveReceiving, LeaveSending};
        matches!(self.operation, JoinSending | JoinReceiving | LeaveSending | LeaveReceiving)
    }

    /// Whether it waits for a message as long as there is none.
    pub fn waits_for_a_message(&self) -> bool {
        matches!(self.operation, Operation::Receive | Operation::ReceiveInto | Operation::ReceiveBatch)
    }

    /// Whether it says after a while that there is no room, or no message.
    pub fn may_find_nothing(&self) -> bool {
        let finds_no_room = self.operation == Operation::Send && self.state == State::Full;
        finds_no_room || matches!(self.operation, Operation::ParkReceiving | Operation::ParkSending)
    }

    /// How many slots of a queue it and who stands still with it hold at a moment, at most.
    pub fn slots_held_max(&self) -> u64 {
        let others = if self.state == State::Held { 2 } else { 0 };
        others
            + match self.operation {
                Operation::SendBatch => 3,
                Operation::ReceiveBatch => 2,
                _ if self.joins_or_leaves() => 0,
                _ => 1,
            }
    }

    /// What may come of it, if these messages are in the channel before, and others hold the first few.
    pub fn expectation(&self, queued: Vec<u64>, held: usize) -> Expectation {
        match self.facts.store {
            Store::Value => return self.expected_value(queued),
            Store::Fan => return self.expected_of_all(queued),
            Store::Lanes | Store::Slots => {}
        }
        let (takes, finishes) = match self.operation {
            Operation::Receive | Operation::GiveBack => (1, false),
            Operation::ReceiveInto | Operation::Acknowledge => (1, true),
            Operation::ReceiveBatch => (2, true),
            _ => (0, false),
        };
        let taken = (held + takes).min(queued.len());
        let finished = if finishes { queued[held..taken].to_vec() } else { Vec::new() };
        Expectation {
            taken,
            own_may_be_taken: self.operation == Operation::Wake,
            finished,
            finished_for_certain: self.facts.store == Store::Slots || self.operation == Operation::ReceiveBatch,
            own: self.own().collect(),
            queued,
        }
    }
}

/// Of a kind that holds a value.
impl Scenario {
    /// The value that is there stays, or the operation's takes its place.
    fn expected_value(&self, queued: Vec<u64>) -> Expectation {
        let finished = if self.sends() > 0 { queued.clone() } else { Vec::new() };
        let own = self.own().collect();
        Expectation { queued, taken: 0, own_may_be_taken: false, finished, finished_for_certain: true, own }
    }
}

/// Of a kind whose messages are for all receivers.
impl Scenario {
    /// What was read stays. A sender that goes on overwrites some of the oldest ones, where nobody has yet to read them.
    fn expected_of_all(&self, queued: Vec<u64>) -> Expectation {
        /// What is overwritten at once, the largest part of the ring, and the records of a batch.
        const OVERWRITTEN: usize = 8;
        let is_overwritten = self.is_sending() && matches!(self.state, State::Wrap | State::Lapped);
        let oldest = if is_overwritten { OVERWRITTEN.min(queued.len()) } else { 0 };
        let finished = queued[..oldest].to_vec();
        let own = self.own().collect();
        Expectation { queued, taken: 0, own_may_be_taken: false, finished, finished_for_certain: false, own }
    }
}

impl Facts {
    /// Whether the kind has this operation.
    fn has(&self, operation: Operation) -> bool {
        use Operation::{Abort, Acknowledge, Commit, GiveBack, ParkSending, ReceiveBatch, SendBatch};
        let of_messages =
            matches!(operation, Abort | Acknowledge | Commit | GiveBack | ParkSending | ReceiveBatch | SendBatch);
        self.store != Store::Value || !of_messages
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::JoinSending => "join as sender",
            Self::JoinReceiving => "join as receiver",
            Self::Send => "send",
            Self::SendBatch => "send_batch of 3",
            Self::Commit => "reserve, commit",
            Self::Abort => "reserve, drop",
            Self::Receive => "recv",
            Self::ReceiveInto => "recv_into",
            Self::ReceiveBatch => "recv_batch of 2",
            Self::Acknowledge => "drop a message",
            Self::GiveBack => "nack a message",
            Self::ParkReceiving => "recv, sleeping",
            Self::ParkSending => "send, sleeping",
            Self::Wake => "send, waking",
            Self::LeaveSending => "leave as sender",
            Self::LeaveReceiving => "leave as receiver",
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Empty => "empty",
            Self::One => "one message",
            Self::Full => "full",
            Self::Wrap => "about to wrap",
            Self::Held => "others hold",
            Self::Several => "four messages",
            Self::Lapped => "lapped",
            Self::Rival { act, after } => return write!(f, "rival in {act} after {after}"),
        })
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, {}", self.facts.kind.name(), self.operation, self.state)
    }
}
