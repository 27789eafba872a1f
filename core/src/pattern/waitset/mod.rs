//! Waiting for several handles at once.
//!
//! ```text
//! look at all ─ none ─► spin for a while ─ none ─► announce a sleep on every word, look at all, sleep on all words
//!   │ some are ready          │                         │ woken, or a slice is over
//!   ▼                         ▼                         ▼
//! the caller calls them ◄─────┴─────────────────────────┘
//! ```
//!
//! A set is what a wait needs besides the handles: a word of its own, for its waker; how long it spins; whose turn it is. The handles stay
//! the caller's, which passes them to each wait. (A set that owned them would have to give them out again for every call; one that held references would
//! keep them from being used. To look at one takes `&mut`, for that is where a receiver keeps where it stands.)
//!
//! What holds:
//! - *Each wait returns all members that are ready*, beginning with the one behind that which was the first last time. So a caller that serves
//!   only the first one serves each in its turn.
//! - *Slices end together.* Ten times a second at most, a wait lets those members look for dead peers whose slice is over, one behind the
//!   other: a set of a hundred wakes up no more often for that than one of them alone.
//! - *A sleep takes nothing away from others.* See [`several`].

mod sleeping;
mod waker;

use self::sleeping::{STEPS, Seen, Sleeper};
use self::waker::OwnWord;
pub use self::waker::Waker;
use crate::channel::waitable::{Awaited, Waitable};
use crate::error::WaitSetError;
use crate::region::{Clock, Moment};
use crate::wait::eventcount::Ticket;
use crate::wait::{Patience, SLICE, Strategy, several};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Waits for several handles at once, of whatever kinds: for the first message, value or room, or for the end of one of them.
///
/// The handles are passed to each wait, as a slice: of receivers of one type, of pairs of a key and a receiver, or of `&mut dyn`
/// [`Waitable`]. What it returns are the places in that slice of those that are ready; it takes nothing from them. One that is ready stays so
/// until it was served: a wait that comes before that returns it again. So does one that is at its end: leave it out of the
/// slice from then on.
///
/// It sleeps on the words of up to 127 members at once, without a descriptor and without a thread. For each further 127, it starts a thread
/// before it sleeps, which ends with the sleep. Some members are looked at in steps of 50 µs to 5 ms while it waits: those of channels with
/// semaphores, those without a seat, which nobody wakes; and all, where the system
/// does not let a thread sleep on several words (before Linux 5.16, and in some sandboxes). That a peer died is noticed within 200 ms, as by a call
/// that waits for one handle.
///
/// ```
/// use memlane::{WaitSet, Waitable};
/// let (orders, prices) = (memlane::mpsc::Options::new().private()?, memlane::watch::Options::new().private()?);
/// let (mut order, mut price) = (orders.receiver()?, prices.receiver()?);
/// let mut sender = prices.sender()?;
/// let setting = std::thread::spawn(move || sender.set(b"10").map(|_| sender));
///
/// let mut set = WaitSet::new();
/// let ready = set.wait(&mut [&mut order as &mut dyn Waitable, &mut price])?;
/// assert_eq!(ready, [1]);
/// assert_eq!(price.get()?, b"10");
/// # setting.join().unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct WaitSet {
    own: Arc<OwnWord>,
    patience: Patience,
    /// The member that is looked at first.
    turn: usize,
    ready: Vec<usize>,
    tickets: Vec<Ticket>,
}

impl WaitSet {
    /// A set. It belongs to no channel.
    ///
    /// ```
    /// let set = memlane::WaitSet::new();
    /// # let _ = set;
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self {
            own: Arc::new(OwnWord::new()),
            patience: Patience::new(),
            turn: 0,
            ready: Vec::new(),
            tickets: Vec::new(),
        }
    }

    /// Waits until at least one member is ready. Returns the places of all that are, in the order of their turns.
    ///
    /// With no members, it waits for its [waker](WaitSet::waker).
    ///
    /// # Errors
    /// [`WaitSetError::Woken`].
    ///
    /// ```
    /// let channels = ["a", "b", "c"].map(|_| memlane::mpmc::Options::new().private().unwrap());
    /// let mut receivers: Vec<_> = channels.iter().map(|channel| channel.receiver().unwrap()).collect();
    /// channels[2].sender()?.send(b"hello")?;
    /// let mut set = memlane::WaitSet::new();
    /// for &at in set.wait(&mut receivers)? {
    ///     assert_eq!((at, receivers[at].try_recv()?.to_vec()), (2, b"hello".to_vec()));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait<W: Waitable>(&mut self, members: &mut [W]) -> Result<&[usize], WaitSetError> {
        self.wait_until(members, None)
    }

    /// As [`WaitSet::wait`], for at most `timeout`. A timeout of zero is one look; one that is too large for the clock has no end.
    ///
    /// # Errors
    /// [`WaitSetError::Timeout`], [`WaitSetError::Woken`].
    ///
    /// ```
    /// use memlane::{WaitSet, WaitSetError};
    /// let mut rx = memlane::spsc::Options::new().private()?.receiver()?;
    /// let waited = WaitSet::new().wait_timeout(&mut [&mut rx], std::time::Duration::from_millis(1)).map(<[usize]>::len);
    /// assert_eq!(waited, Err(WaitSetError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_timeout<W: Waitable>(
        &mut self,
        members: &mut [W],
        timeout: Duration,
    ) -> Result<&[usize], WaitSetError> {
        let deadline = Clock::now().plus(timeout);
        self.wait_until(members, Some(deadline))
    }

    /// As [`WaitSet::wait`], until `deadline` at most. A deadline that is over is one look.
    ///
    /// # Errors
    /// As [`WaitSet::wait_timeout`].
    ///
    /// ```
    /// # use std::time::Instant;
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"there")?;
    /// let mut set = memlane::WaitSet::new();
    /// assert_eq!(set.wait_deadline(&mut [&mut rx], Instant::now())?, [0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_deadline<W: Waitable>(
        &mut self,
        members: &mut [W],
        deadline: Instant,
    ) -> Result<&[usize], WaitSetError> {
        self.wait_timeout(members, deadline.saturating_duration_since(Instant::now()))
    }

    /// What ends a call of this set that waits, from another thread or from a signal handler.
    ///
    /// ```
    /// let mut set = memlane::WaitSet::new();
    /// set.waker().wake();
    /// let mut none: [memlane::mpmc::Receiver; 0] = [];
    /// assert!(set.wait(&mut none).is_err());
    /// ```
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.own))
    }

    /// Sets how this set waits, from its next call on. Default: [`Strategy::Adaptive`]. How its members wait does not matter.
    ///
    /// ```
    /// let mut set = memlane::WaitSet::new();
    /// set.set_strategy(memlane::Strategy::Park); // least CPU time
    /// ```
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.patience.set_strategy(strategy);
    }

    fn wait_until<W: Waitable>(
        &mut self,
        members: &mut [W],
        deadline: Option<Moment>,
    ) -> Result<&[usize], WaitSetError> {
        let mut members: Vec<&mut dyn Awaited> = members.iter_mut().map(|member| member.awaited()).collect();
        self.turn = self.turn.checked_rem(members.len()).unwrap_or(0);
        // Also a caller that never has to wait looks for dead peers.
        if self.patience.is_slice_over(Clock::coarse()) {
            self.slice_ended(&mut members);
        } else {
            self.ready.clear();
        }
        if self.ready.is_empty() && !self.look(&mut members) {
            self.wait_slow(&mut members, deadline)?;
        }
        self.turn = self.ready.first().map_or(0, |first| first.wrapping_add(1));
        Ok(&self.ready)
    }

    /// Looks at all members. Whether one is ready.
    fn look(&mut self, members: &mut [&mut dyn Awaited]) -> bool {
        self.ready.clear();
        for at in (self.turn..members.len()).chain(0..self.turn) {
            if members[at].is_ready() {
                self.ready.push(at);
            }
        }
        !self.ready.is_empty()
    }

    /// Waits, after a look that found none.
    fn wait_slow(&mut self, members: &mut [&mut dyn Awaited], deadline: Option<Moment>) -> Result<(), WaitSetError> {
        let began = Clock::now();
        let (mut spin_end, mut slept) = (began.plus(self.patience.spin_for()), false);
        let mut step = STEPS.0;
        loop {
            if self.own.is_woken() {
                return Err(WaitSetError::Woken);
            }
            let now = Clock::now();
            if deadline.is_some_and(|deadline| now >= deadline) {
                return Err(WaitSetError::Timeout);
            }
            if now >= self.patience.slice_end() {
                if self.slice_ended(members) {
                    return Ok(());
                }
                if matches!(self.patience.strategy(), Strategy::Spin | Strategy::SpinThenYield) {
                    spin_end = self.patience.slice_end();
                }
            }
            if now < spin_end {
                match self.patience.strategy() {
                    Strategy::SpinThenYield => std::thread::yield_now(),
                    _ => std::hint::spin_loop(),
                }
            } else {
                slept = true;
                let until = deadline.map_or(self.patience.slice_end(), |at| at.min(self.patience.slice_end()));
                self.sleep(members, now, until, &mut step);
            }
            if self.look(members) {
                if self.patience.strategy() == Strategy::Adaptive {
                    self.patience.learn(Clock::now().since(began), slept);
                }
                return Ok(());
            }
        }
    }

    /// Sleeps until one of the members may be ready, or until `until` at the latest.
    fn sleep(&mut self, members: &mut [&mut dyn Awaited], now: Moment, until: Moment, step: &mut Duration) {
        let mut sleeper = Sleeper::prepare(&self.own, members);
        let mut until = until;
        if sleeper.has_others() {
            until = until.min(now.plus(*step));
            *step = step.saturating_mul(2).min(STEPS.1);
        }
        // What it sees, the caller looks at again, in the order of the turns.
        let _: Option<Seen> = several::park(&mut sleeper, &mut self.tickets, until);
    }

    /// Ends the members' slices. Whether one of them found something that its call fails with: then it is ready.
    fn slice_ended(&mut self, members: &mut [&mut dyn Awaited]) -> bool {
        self.ready.clear();
        let now = Clock::now();
        self.patience.begin_slice(now);
        // Those that end soon end now, so that all of them end together.
        let soon = now.plus(SLICE / 8);
        for (at, member) in members.iter_mut().enumerate() {
            if member.slice_end() <= soon && member.slice_ended() {
                self.ready.push(at);
            }
        }
        !self.ready.is_empty()
    }
}

impl Default for WaitSet {
    fn default() -> Self {
        Self::new()
    }
}
