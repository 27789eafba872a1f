//! A seat as several owners share it: a handle, and the messages that it handed out to be held on their own.
//!
//! ```text
//! Seated ─────────┐
//! held message ───┼─ Arc ─► Tenancy ─ the seat: its row says Live
//! held message ───┘            └ dropped with the last of them: gives back what was forgotten, leaves
//! ```
//!
//! What holds:
//! - *The row says `Live` until the last owner is gone.* So a slot that names the row has an owner that is there, whether that is
//!   a handle or a held message, and no other participant settles it.
//! - *What was forgotten is given back by the last owner alone.* Before that, a slot in Consumed may be a held message's.
//! - *A forked child touches nothing, and nobody touches slots that may lie behind the end of a truncated file.*

use crate::channel::shared::Shared;
use crate::error::{AckError, Corruption};
use crate::layout::Status;
use crate::liveness::{self, Change, Seat, Settle, Watch};
use crate::region::Region;
use crate::sync::AtomicU32;
use crate::sync::Ordering::Relaxed;
use std::sync::Arc;

/// A seat, and how it is left.
#[derive(Debug)]
pub(crate) struct Tenancy {
    settle: Settle,
    /// 1 once its handle saw that the file was cut short: what is touched next may lie behind its new end, and that is SIGBUS.
    is_cut_short: AtomicU32,
    /// 1 once its handle left loans or messages behind that the caller had forgotten.
    has_leftovers: AtomicU32,
    seat: Seat,
    /// Dropped behind the seat: what keeps the guardian watching. Never read.
    _watch: Option<Arc<Watch>>,
    /// Dropped last: it may remove the channel.
    shared: Arc<Shared>,
}

impl Tenancy {
    pub(super) fn new(seat: Seat, settle: Settle, shared: &Arc<Shared>) -> Self {
        Self {
            settle,
            is_cut_short: AtomicU32::new(0),
            has_leftovers: AtomicU32::new(0),
            seat,
            _watch: shared.watch(settle),
            shared: Arc::clone(shared),
        }
    }

    pub(crate) fn seat(&self) -> &Seat {
        &self.seat
    }

    pub(in crate::channel) fn region(&self) -> &Arc<Region> {
        &self.shared.region
    }

    /// Finishes or undoes what dead participants held.
    pub(super) fn settle(&self) -> Settle {
        self.settle
    }

    /// The file was seen to be cut short.
    pub(super) fn note_cut_short(&self) {
        // Relaxed: a thread that does not see it yet is as one that came a moment earlier.
        self.is_cut_short.store(1, Relaxed);
    }

    /// Its handle leaves loans or messages behind that the caller has forgotten.
    pub(in crate::channel) fn note_leftovers(&self) {
        // Relaxed: the last owner reads it, after the counts of the `Arc` have ordered all that the others did.
        self.has_leftovers.store(1, Relaxed);
    }

    /// Gives back what this participant still holds and has forgotten, so that it holds nothing.
    ///
    /// # Errors
    /// The words contradict each other.
    pub(super) fn settle_leftovers(&self) -> Result<(), Corruption> {
        if self.has_leftovers.swap(0, Relaxed) == 0 { Ok(()) } else { self.seat.settle(self.settle) }
    }

    /// Whether the file was seen to be cut short, by an owner of this seat or by another participant, which then said so.
    fn is_cut_short(&self) -> bool {
        self.is_cut_short.load(Relaxed) != 0 || self.region().status() == Status::Poisoned(Corruption::FileLength)
    }

    /// Marks the channel as beyond use, and tells everybody.
    #[cold]
    pub(in crate::channel) fn poison(&self, reason: Corruption) -> Corruption {
        self.region().poison(reason);
        liveness::announce(self.region(), Change::Anything);
        reason
    }

    /// Whether a message can be finished that was held for some time, during which anything may have become of the channel.
    pub(in crate::channel) fn check_held(&self) -> Result<(), AckError> {
        if self.region().mark().is_foreign() {
            return Err(AckError::Forked);
        }
        if self.is_cut_short() {
            return Err(AckError::Corrupted(Corruption::FileLength));
        }
        match self.region().status() {
            Status::Poisoned(reason) => Err(AckError::Corrupted(reason)),
            Status::Initialising | Status::Live | Status::Closed => Ok(()),
        }
    }
}

impl Drop for Tenancy {
    /// Gives back what this participant still holds (a leaked grant or message), as if it had died. Only then does it look at every
    /// slot. In a forked child it touches nothing, and in a truncated file no slots.
    fn drop(&mut self) {
        let is_ours = !self.region().mark().is_foreign() && !self.seat.is_handed_over();
        if is_ours
            && !self.is_cut_short()
            && let Err(reason) = self.settle_leftovers()
        {
            self.poison(reason);
        }
    }
}
