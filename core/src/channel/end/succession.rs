//! Handing a seat over to a successor, and taking it over.
//!
//! ```text
//! holder      publish · row Live(l) → offered · tell those that wait ────────────► row says otherwise: handed over
//!                                               │ the time is up, or the channel over: CAS back ┬ done: goes on
//!                                               │                                               └ failed: handed over
//! successor   lock a block · wait ──► a row is offered: CAS → Live(l') · tell all ──► go on from what is published
//! ```
//!
//! The seat is the holder's or its successor's at every moment, so no peer sees it empty. Between its offer and the answer, the holder writes
//! nothing: neither to the channel nor to its row, and it sleeps without its row's semaphore, which may be its successor's already.

use super::seated::{Seated, Since};
use super::trouble::Trouble;
use crate::channel::shared::Shared;
use crate::error::{JoinError, NotTakenOver, TakeOverError};
use crate::layout::{Backend, Role};
use crate::liveness::{self, Presence, Seat, Settle};
use crate::region::sys::{cancel_guard, pause};
use crate::region::{Clock, Region, Signals};
use crate::wait::eventcount::{self, Ticket, Wakes};
use crate::wait::{SLICE, Waiter};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// In what is handed: whether there were peers since the holder joined.
const HAD_PEERS: u64 = 1 << 63;

/// Waiting for a row to change hands, without a seat to sleep on.
struct Vigil<'a> {
    region: &'a Region,
    signals: Signals,
    /// `None`: for as long as it takes.
    deadline: Option<Instant>,
}

impl<'a> Vigil<'a> {
    fn new(region: &'a Arc<Region>, timeout: Duration) -> Self {
        Self { region, signals: Signals::of(region, None), deadline: Instant::now().checked_add(timeout) }
    }

    /// Announces that the caller is about to sleep. It looks at the rows once more before it does.
    fn prepare(&self) -> Ticket {
        eventcount::prepare(&self.signals, &self.region.control().arrivals, Wakes::All)
    }

    /// Sleeps until a seat is offered or taken, for a slice at most. False: the time is up.
    fn sleep(&self, ticket: Ticket) -> bool {
        let left = self.deadline.map_or(SLICE, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return false;
        }
        match self.region.facts().backend {
            Backend::Futex => {
                let until = Clock::now().plus(left.min(SLICE));
                eventcount::sleep(&self.signals, &self.region.control().arrivals, ticket, until);
            }
            // Whoever has no seat has no semaphore.
            Backend::Semaphore => pause(left.min(Duration::from_millis(1))),
        }
        true
    }
}

impl From<Trouble> for NotTakenOver {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Corrupted(reason) => Self::Corrupted(reason),
            Trouble::Closed => Self::Closed,
            Trouble::Removed => Self::Removed,
        }
    }
}

impl Seated {
    /// Offers the seat, and waits until a successor has taken it over. `publish` leaves what that one goes on from; besides, it gets to know
    /// which version of a value was `seen` last, and whether there were peers, or messages that prove that there were.
    ///
    /// # Errors
    /// The participant still has its seat.
    pub(in crate::channel) fn hand_over(
        &mut self,
        timeout: Duration,
        (seen, held_messages): (u64, bool),
        publish: impl FnOnce(&mut Self),
    ) -> Result<(), NotTakenOver> {
        if self.is_foreign() {
            return Err(NotTakenOver::Forked);
        }
        let _guard = cancel_guard();
        let tenancy = Arc::clone(self.tenancy());
        // The handle, and this call.
        if Arc::strong_count(&tenancy) > 2 {
            return Err(NotTakenOver::Holding);
        }
        self.check_file()?;
        let (presence, _) = self.look()?;
        let had_peers = if held_messages || presence != Presence::NoneYet { HAD_PEERS } else { 0 };
        let seat = tenancy.seat();
        let offered = seat.offer(seen & !HAD_PEERS | had_peers, || {
            publish(self);
            if let Err(reason) = tenancy.settle_leftovers() {
                tenancy.poison(reason);
            }
        });
        offered.map_err(|reason| NotTakenOver::Corrupted(self.poison(reason)))?;
        self.await_successor(seat, timeout)
    }

    fn await_successor(&mut self, seat: &Seat, timeout: Duration) -> Result<(), NotTakenOver> {
        let region = Arc::clone(self.region());
        let vigil = Vigil::new(&region, timeout);
        loop {
            let ticket = vigil.prepare();
            let why = if !seat.is_ours() {
                None
            } else if let Err(finding) = self.membership() {
                Some(NotTakenOver::from(self.tell(finding)))
            } else if self.is_interrupted() {
                Some(NotTakenOver::Interrupted)
            } else if !vigil.sleep(ticket) {
                Some(NotTakenOver::Timeout)
            } else {
                // Behind the end of a file that was cut short, nothing is touched.
                self.look_at_file()?;
                continue;
            };
            return match (seat.take_back(), why) {
                (true, Some(why)) => Err(why),
                (true | false, _) => Ok(()),
            };
        }
    }

    /// Takes over a seat of this role that its holder offers. Waits for one.
    ///
    /// # Errors
    /// See [`TakeOverError`].
    pub(in crate::channel) fn take_over(
        shared: &Arc<Shared>,
        role: Role,
        settle: Settle,
        timeout: Duration,
    ) -> Result<Self, TakeOverError> {
        let region = &shared.region;
        liveness::check_access(region)?;
        let _guard = cancel_guard();
        let vigil = Vigil::new(region, timeout);
        let mut life = liveness::begin_life(region)?;
        loop {
            let ticket = vigil.prepare();
            match Seat::take_over(region, role, life, &shared.participant_name)? {
                Ok(seat) => return Ok(Self::succeed(shared, seat, role, settle)?),
                Err(unused) => life = unused,
            }
            if !vigil.sleep(ticket) {
                return Err(TakeOverError::Timeout { channel: region.label().to_owned(), role: role.name() });
            }
        }
    }

    fn succeed(shared: &Arc<Shared>, seat: Seat, role: Role, settle: Settle) -> Result<Self, JoinError> {
        let since = match role {
            // What the holder knew of them, the successor knows.
            _ if seat.handed() & HAD_PEERS != 0 => Since::Creation,
            Role::Sender => Since::Now,
            Role::Receiver => Since::of_receivers(shared),
        };
        Self::sit(shared, seat, 0, role, settle, since)
    }

    /// Which version of a value the holder that offered the seat had returned last.
    pub(in crate::channel) fn handed_version(&self) -> u64 {
        self.seat().handed() & !HAD_PEERS
    }
}
