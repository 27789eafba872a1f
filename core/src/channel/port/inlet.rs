//! What a receiver's port does.

use crate::channel::end::Seated;
use crate::channel::places::Places;
use crate::error::{AckAtError, AckError, Corruption, RecvError};
use crate::liveness::Settle;
use crate::region::TrustPeers;
use crate::wait::Taken;
use std::collections::TryReserveError;
use std::fmt::Debug;

/// What became of a copy into the caller's buffer.
#[derive(Debug)]
pub(crate) enum Exact<T> {
    /// The next message filled the buffer exactly; it is copied and done with.
    Copied,
    /// The next message was taken, and has another length.
    Other(T),
    /// The fast way does not tell: there is no message, or it takes the slow one.
    Undecided,
}

/// Why a receiver that has a seat gets no port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPort {
    /// What it found contradicts itself.
    Corrupted(Corruption),
    /// The sender wrote too fast for it, many times.
    Busy,
    /// The message of this number, which it was to begin with, was never sent.
    NotThere {
        number: u64,
        /// How many messages were sent.
        sent: u64,
    },
    /// It was to begin with a number, and each of so many senders may have a message of that.
    SeveralSenders(u32),
}

impl From<Corruption> for NoPort {
    fn from(reason: Corruption) -> Self {
        Self::Corrupted(reason)
    }
}

/// What is known of a message besides its bytes. `None`: it is not known in this kind.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    /// How many messages its lane carried before it.
    pub(crate) sequence: Option<u64>,
    /// The row of its sender's seat.
    pub(crate) sender: Option<u32>,
    /// Whether it was delivered before.
    pub(crate) redelivered: Option<bool>,
    /// How often it was delivered, this time included.
    pub(crate) deliveries: Option<u16>,
    /// The priority that its sender gave it; 0 is the most urgent.
    pub(crate) priority: Option<u8>,
}

/// Where a receiver takes messages.
pub(crate) trait Inlet: Sized + Debug + Send + 'static {
    /// A message that was taken.
    type Item: Copy + Debug + Send;
    /// One message of a batch, in as little room as it needs.
    type Place: Copy + Debug + Send;
    /// Where a batch began.
    type Mark: Copy + Debug + Send;
    /// Where a message's bytes are, and what is known of it.
    type Entry: Copy + Debug + Send;
    /// The memory that they are in: by value, so that it stays in registers from one message of a batch to the next.
    type Bytes<'a>: Copy + Debug
    where
        Self: 'a;

    /// Finishes or undoes what dead participants held.
    const SETTLE: Settle;

    /// Whether [`Inlet::copy_exact`] takes nothing in a forked child.
    const STOPS_IN_A_CHILD: bool = false;

    /// Whether a call that waits looks for a moment before it does anything else, and then takes the fast way again.
    const LOOKS_AHEAD: bool;

    /// The port of a receiver that has just taken its seat.
    ///
    /// # Errors
    /// See [`NoPort`].
    fn join(end: &Seated) -> Result<Self, NoPort>;

    /// The port of a receiver that has just taken over the seat that another one offered, and goes on where that one stopped.
    ///
    /// # Errors
    /// See [`NoPort`].
    fn take_over(end: &Seated) -> Result<Self, NoPort> {
        Self::join(end)
    }

    /// Whether messages that it handed out to be held are not finished yet.
    fn holds_some(&mut self) -> bool {
        false
    }

    /// Largest message in bytes.
    fn max_message(&self) -> usize;

    /// Bytes that fit, about.
    fn capacity(&self) -> u64;

    /// Whether there is anything to take, or that may come back, which proves that there was a sender. Asked once, at the start; where
    /// a sender is alive, nobody needs the answer.
    fn holds_messages(&mut self, end: &Seated) -> Result<bool, Corruption>;

    /// The next message, where it is at hand.
    fn take_fast(&mut self, end: &mut Seated) -> Result<Option<Self::Item>, RecvError>;

    /// Copies the next message into the buffer, where it is at hand and fills that exactly, and finishes it.
    fn copy_exact(&mut self, end: &mut Seated, buffer: &mut [u8]) -> Result<Exact<Self::Item>, RecvError>;

    /// The next message. `None`: none now.
    fn take(&mut self, end: &mut Seated) -> Result<Option<Self::Item>, RecvError>;

    /// Whether `take` would probably succeed: cheap enough for the tightest loop.
    fn has_message_hint(&self) -> bool;

    /// Whether `take` would find something, or fail. What there is stays: where only taking it tells, it is kept for the next `take`.
    fn has_message(&mut self, _: &mut Seated) -> bool {
        self.has_message_hint()
    }

    /// Nothing is there, or the caller is about to sleep: tells the peers what was put off.
    #[inline(always)]
    fn found_nothing(&mut self, _: &mut Seated) {}

    /// Participants came or went: begins to look for what may have come back from the dead.
    fn search(&mut self) {}

    /// Looks whether something is gone that was committed, now that nothing seems to be there.
    fn audit(&self) -> Result<(), Corruption> {
        Ok(())
    }

    /// Whether nothing can come back that others hold.
    fn is_drained(&mut self) -> bool {
        true
    }

    /// After the channel was closed: whether others hold what may come back.
    fn awaits_others(&mut self) -> bool {
        false
    }

    /// What makes it certain that the message that is awaited never comes back.
    fn awaits_in_vain(&mut self, _: &Seated) -> Option<Corruption> {
        None
    }

    /// The receiver was told that a closed channel is drained: nothing comes from now on, unless it held messages that may come
    /// again.
    fn end(&mut self);

    /// What went through so far.
    fn taken(&self, end: &Seated) -> Taken;

    /// Where the bytes of a message that was taken are.
    fn entry(&self, item: &Self::Item) -> Self::Entry;

    /// Where the bytes of a message of a batch are.
    fn entry_of(mark: &Self::Mark, place: Self::Place, index: usize) -> Self::Entry;

    /// A message's length in bytes.
    fn length(entry: &Self::Entry) -> usize;

    /// What is known of a message besides its bytes.
    fn known(bytes: Self::Bytes<'_>, entry: &Self::Entry) -> Known;

    /// The memory that messages are in.
    fn bytes(&self) -> Self::Bytes<'_>;

    /// Copies the first bytes of a message, as many as the buffer has.
    fn read(bytes: Self::Bytes<'_>, entry: &Self::Entry, buffer: &mut [u8]);

    /// Appends a copy of a message.
    ///
    /// # Errors
    /// There is no memory for it; nothing was appended.
    fn append(bytes: Self::Bytes<'_>, entry: &Self::Entry, vector: &mut Vec<u8>) -> Result<(), TryReserveError>;

    /// A message's bytes in place.
    fn borrow<'a>(bytes: Self::Bytes<'a>, entry: &Self::Entry, trust: TrustPeers) -> &'a [u8]
    where
        Self: 'a;

    /// The message is done with.
    fn finish(&mut self, end: &mut Seated, item: Self::Item) -> Result<(), AckError>;

    /// The message comes again, to any receiver.
    fn give_back(&mut self, end: &mut Seated, item: Self::Item) -> Result<(), AckError>;

    /// The message comes again, to this receiver's next call.
    fn keep(&mut self, item: Self::Item);

    /// The caller gets a message in hand, and may forget it.
    #[inline(always)]
    fn lend(&mut self) {}

    /// The caller is done with a message that it had in hand.
    #[inline(always)]
    fn take_back(&mut self) {}

    /// How many messages were sent that this receiver has not passed, where its port knows that alone.
    fn behind(&self) -> Option<u64> {
        None
    }

    /// How many messages it [keeps](Inlet::keep) that are not in the channel meanwhile.
    fn kept(&self) -> usize {
        0
    }

    /// Takes up to `max` messages at once, `first` included. They are the port's [batch](Inlet::batch) until it is ended.
    fn collect(&mut self, end: &mut Seated, first: Self::Item, max: usize) -> Result<Self::Mark, RecvError>;

    /// The messages of the current batch.
    fn batch(&self) -> &Places<Self::Place>;

    /// Whether the message in this place, which stands in the rest of the batch, is left: not so where one message alone was
    /// finished.
    #[inline(always)]
    fn is_left(_: &Self::Place) -> bool {
        true
    }

    /// The first `count` messages that are left are done with, or as many as there are.
    fn finish_first(&mut self, end: &mut Seated, mark: &Self::Mark, count: usize) -> Result<(), AckError>;

    /// The message at `index` of the batch is done with, wherever messages need not be released in order.
    fn finish_at(&mut self, _: &mut Seated, _: usize) -> Result<(), AckAtError> {
        Err(AckAtError::InOrder)
    }

    /// The message at `index` of the batch comes again, to any receiver, wherever messages need not be released in order.
    fn give_back_at(&mut self, _: &mut Seated, _: usize) -> Result<(), AckAtError> {
        Err(AckAtError::InOrder)
    }

    /// The message at `index` of the batch comes again, unread, wherever messages need not be released in order: it is not given up
    /// for it.
    fn hand_back_at(&mut self, _: &mut Seated, _: usize) -> Result<(), AckAtError> {
        Err(AckAtError::InOrder)
    }

    /// All messages of the batch that are left are done with. The batch is over.
    fn finish_batch(&mut self, end: &mut Seated) -> Result<(), AckError>;

    /// All messages of the batch that are left come again. The batch is over.
    fn give_back_batch(&mut self, end: &mut Seated) -> Result<(), AckError>;

    /// All messages of the batch that are left come again, unread: none is given up for it. The batch is over.
    fn hand_back_batch(&mut self, end: &mut Seated);

    /// The receiver leaves, or is laid aside.
    fn leave(&mut self, end: &mut Seated);
}
