//! What a message is finished with that was taken from its receiver's hands.
//!
//! Such a message stays the receiver's by its slot's word, which names the receiver's row, and is finished by any thread, while
//! the receiver goes on. All messages of one receiver share one [`Holding`], and with it the receiver's seat.
//!
//! What holds:
//! - *A delivery is in one hand.* Only its holder changes its slot's word, as if it were the receiver; so the load and the store
//!   of an acknowledgement suffice, in whatever thread.
//! - *No new edge is needed.* The receiver passed the message's cell before it handed the message over, and handing it to another
//!   thread orders the one before the other. So the Release of the word covers it: ack→alloc and pass→take hold as they are.
//! - *Nothing here is one thread's own*: the slots' words and the counters change by atomics, and waking takes no row.

use super::memory::queue;
use crate::channel::end::Tenancy;
use crate::error::{AckError, Corruption};
use crate::liveness::HeldTally;
use crate::region::{Signals, SlotWords, SlotsView};
use crate::ring::slots::{Delivery, GivenBack, Queue};
use crate::sync::AtomicU32;
use crate::sync::Ordering::Relaxed;
use crate::wait::eventcount;
use std::sync::Arc;

/// What the messages that one receiver handed out share.
#[derive(Debug)]
pub(crate) struct Holding {
    queue: Queue<SlotsView>,
    signals: Signals,
    tally: HeldTally,
    /// Dropped last: the receiver's seat.
    tenancy: Arc<Tenancy>,
}

impl Holding {
    pub(super) fn new(tenancy: &Arc<Tenancy>) -> Self {
        let (region, seat) = (tenancy.region(), tenancy.seat());
        Self {
            queue: queue(region, seat.row()),
            // Without a row: it never sleeps.
            signals: Signals::of(region, None),
            tally: seat.held_tally(),
            tenancy: Arc::clone(tenancy),
        }
    }

    /// The seat of the receiver that handed the messages out.
    pub(in crate::channel) fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    /// Where their bytes are.
    #[inline]
    pub(in crate::channel) fn bytes(&self) -> SlotWords<'_> {
        self.queue.memory().words()
    }

    /// The message is done with.
    pub(in crate::channel) fn finish(&self, delivery: Delivery) -> Result<(), AckError> {
        self.tenancy.check_held()?;
        self.queue.acknowledge(delivery).map_err(|reason| self.corrupted(reason))?;
        self.tally.message(delivery.header.length().into());
        self.notify_one(&self.bytes().control().space);
        Ok(())
    }

    /// The message comes again, to any receiver, unless it was delivered too often.
    pub(in crate::channel) fn give_back(&self, delivery: Delivery) -> Result<(), AckError> {
        self.tenancy.check_held()?;
        let region = self.tenancy.region();
        let limit = region.facts().redelivery.limit;
        match self.queue.give_back(delivery, limit).map_err(|reason| self.corrupted(reason))? {
            GivenBack::Queued => self.notify_one(&region.control().data),
            GivenBack::GivenUp => {
                let control = self.bytes().control();
                control.dead_letters.fetch_add(1, Relaxed);
                self.notify_one(&control.space);
            }
        }
        Ok(())
    }

    #[cold]
    fn corrupted(&self, reason: Corruption) -> AckError {
        AckError::Corrupted(self.tenancy.poison(reason))
    }

    fn notify_one(&self, word: &AtomicU32) {
        if eventcount::notify_some(&self.signals, word, 1) {
            self.tally.wake();
        }
    }
}
