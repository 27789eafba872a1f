//! The messages that a receiver gets before the next one in the rings.

use crate::region::SlotsView;
use crate::ring::slots::{Delivery, Queue, Search};

/// What comes before the next message in the rings: a message that this receiver already has, messages that dead receivers held,
/// or the end.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Whether there may be something here. The fast path looks at nothing else.
    is_anything: bool,
    /// The message that did not fit into the caller's buffer, or was handed back.
    kept: Option<Delivery>,
    /// How far the receiver has looked for what dead receivers held.
    search: Search,
    /// The receiver was told that the closed channel is drained: nothing comes any more.
    ended: bool,
}

/// What comes before the rings' next message.
#[derive(Debug)]
pub(super) enum Next {
    /// This message, which was looked at when it was taken.
    Kept(Delivery),
    /// This message, which a dead receiver held.
    Returned(Delivery),
    /// Nothing, for good.
    End,
}

impl Ahead {
    /// Whether there is nothing here, so that the next message is in the rings.
    #[inline(always)]
    pub(super) fn is_nothing(&self) -> bool {
        !self.is_anything
    }

    /// Keeps a message that is this receiver's: the next one to be received.
    pub(super) fn keep(&mut self, delivery: Delivery) {
        self.kept = Some(delivery);
        self.is_anything = true;
    }

    /// How many messages are kept.
    pub(super) fn kept(&self) -> usize {
        self.kept.iter().count()
    }

    /// The message that was kept, for a receiver that leaves.
    pub(super) fn take_kept(&mut self) -> Option<Delivery> {
        self.kept.take()
    }

    /// Ends the receiver: it gets nothing more.
    pub(super) fn end(&mut self) {
        (self.ended, self.is_anything) = (true, true);
    }

    /// Begins to look for what dead receivers held, if there may be more than it has seen.
    pub(super) fn search(&mut self, queue: &Queue<SlotsView>) {
        queue.search_if_returned(&mut self.search);
        self.is_anything |= self.search.is_on();
    }

    /// Whether it is looking for what dead receivers held.
    pub(super) fn is_searching(&self) -> bool {
        self.search.is_on()
    }

    /// Takes what comes next from here. `None`: the next message is in the rings.
    #[cold]
    pub(super) fn take(&mut self, queue: &Queue<SlotsView>) -> Option<Next> {
        let next = if let Some(kept) = self.kept.take() {
            Some(Next::Kept(kept))
        } else if self.ended {
            Some(Next::End)
        } else {
            queue.take_returned(&mut self.search).map(Next::Returned)
        };
        self.is_anything = self.ended || self.search.is_on();
        next
    }
}
