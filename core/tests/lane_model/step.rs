//! One call on a lane, and the options of its channel. Drawn by proptest, and by the fuzz target `calls` from bytes.

use crate::support::stage::{Place, trust};
use memlane::spsc::Options;
use memlane::{Backend, FenceMode};

/// One call.
#[derive(Debug, Clone)]
pub(crate) enum Step {
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
    /// A batch of so many, the first so many of which are acknowledged; what is left comes again.
    AckFirst(usize, usize),
    Publish,
    RejoinSender,
    RejoinReceiver,
    DrainAndFill(bool),
    /// No sender for so many receives.
    WithoutSender(usize),
    /// No receiver while these are sent.
    WithoutReceiver(Vec<usize>),
    /// Messages of this length until none fits.
    Fill(usize),
    /// A record that ends so many alignments behind the ring's end, with so many bytes of padding.
    AimAtEnd(i64, u64),
}

/// The options of a channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub place: Place,
    pub capacity: usize,
    /// Of payloads, and of records, which are aligned to no less.
    pub alignment: usize,
    pub record_alignment: usize,
    /// Of the largest that the ring allows, so many sixteenths and so many bytes less.
    pub max_message: Option<(usize, usize)>,
    pub persistent: bool,
    pub backend: Backend,
    pub fence: Option<FenceMode>,
}

impl Shape {
    /// By `docs/layout.md`: header and payload fill 7/16 of the ring at most.
    pub fn max_message(&self) -> usize {
        let largest = self.capacity / 16 * 7 / self.record_alignment * self.record_alignment;
        let largest = largest - self.alignment;
        let (sixteenths, less) = self.max_message.unwrap_or((16, 0));
        (largest * sixteenths / 16).saturating_sub(less)
    }

    pub fn options(&self) -> Options {
        let mut options = Options::new().capacity(self.capacity).payload_alignment(self.alignment);
        // Unless they are what follows from the payloads' alignment.
        if self.record_alignment != self.alignment {
            options = options.record_alignment(self.record_alignment);
        }
        options = options.persistent(self.persistent).backend(self.backend).trust_peers(trust());
        if let Some(mode) = self.fence {
            options = options.fence(mode);
        }
        if self.max_message.is_some() {
            options = options.max_message(self.max_message());
        }
        options
    }
}
