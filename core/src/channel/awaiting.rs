//! Waiting until a participant of the other role is there.

use super::end::Seated;
use super::kind::ChannelKind;
use super::receiver::Receiver;
use super::sender::Sender;
use crate::error::WaitForPeerError;
use crate::layout::Role;
use crate::liveness::{Presence, living};
use crate::region::sys::cancel_guard;
use crate::sync::AtomicU32;
use crate::wait::eventcount::Wakes;
use crate::wait::{Calls, Waiting};
use std::time::{Duration, Instant};

/// Waiting for receivers.
impl<K: ChannelKind> Sender<K> {
    /// Waits until a receiver is alive, for at most `timeout`: at once if there is one. It may have left or died by the time this
    /// returns.
    ///
    /// Waits as [the strategy](Sender::set_strategy) says; a sender that sleeps costs nothing meanwhile, and a receiver that joins wakes
    /// it. One that died and was not reaped does not count. A timeout of zero is one look; one that is too large for the clock has no
    /// end.
    ///
    /// # Errors
    /// [`WaitForPeerError::Timeout`]; the others of [`WaitForPeerError`].
    ///
    /// ```
    /// # use memlane::WaitForPeerError;
    /// # use std::time::Duration;
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// assert_eq!(tx.wait_for_peer(Duration::ZERO), Err(WaitForPeerError::Timeout));
    /// std::thread::scope(|scope| {
    ///     let (joined, wait) = std::sync::mpsc::channel::<()>();
    ///     scope.spawn(|| {
    ///         let _rx = channel.receiver().unwrap();
    ///         let _ = wait.into_iter().next(); // stays until it was seen
    ///     });
    ///     assert_eq!(tx.wait_for_peer(Duration::MAX), Ok(()));
    ///     drop(joined);
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for_peer(&mut self, timeout: Duration) -> Result<(), WaitForPeerError> {
        Arrival::of(Role::Receiver, &mut self.end).within(timeout)?.ok_or(WaitForPeerError::Timeout)
    }

    /// As [`Sender::wait_for_peer`], but until `deadline` at most. A deadline that is over is one look.
    ///
    /// # Errors
    /// As [`Sender::wait_for_peer`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, _rx) = (channel.sender()?, channel.receiver()?);
    /// tx.wait_for_peer_deadline(Instant::now() + Duration::from_secs(1))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for_peer_deadline(&mut self, deadline: Instant) -> Result<(), WaitForPeerError> {
        Arrival::of(Role::Receiver, &mut self.end).by(deadline)?.ok_or(WaitForPeerError::Timeout)
    }
}

/// Waiting for senders.
impl<K: ChannelKind> Receiver<K> {
    /// Waits until a sender is alive, for at most `timeout`: at once if there is one. It may have left or died by the time this
    /// returns. Messages stay where they are.
    ///
    /// Otherwise as [`Sender::wait_for_peer`].
    ///
    /// # Errors
    /// [`WaitForPeerError::Timeout`]; the others of [`WaitForPeerError`].
    ///
    /// ```
    /// # use memlane::WaitForPeerError;
    /// # use std::time::Duration;
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// let mut rx = channel.receiver()?;
    /// assert_eq!(rx.wait_for_peer(Duration::from_millis(1)), Err(WaitForPeerError::Timeout));
    /// let _tx = channel.sender()?;
    /// rx.wait_for_peer(Duration::from_millis(1))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for_peer(&mut self, timeout: Duration) -> Result<(), WaitForPeerError> {
        Arrival::of(Role::Sender, &mut self.end).within(timeout)?.ok_or(WaitForPeerError::Timeout)
    }

    /// As [`Receiver::wait_for_peer`], but until `deadline` at most. A deadline that is over is one look.
    ///
    /// # Errors
    /// As [`Receiver::wait_for_peer`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (_tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// rx.wait_for_peer_deadline(Instant::now() + Duration::from_secs(1))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_for_peer_deadline(&mut self, deadline: Instant) -> Result<(), WaitForPeerError> {
        Arrival::of(Role::Sender, &mut self.end).by(deadline)?.ok_or(WaitForPeerError::Timeout)
    }
}

/// Waiting for a participant of this role.
struct Arrival<'a> {
    role: Role,
    end: &'a mut Seated,
    /// What the news were when it looked last. What it sees, it does not note as seen: the handle deals with it later.
    looked_at: Option<u32>,
}

impl<'a> Arrival<'a> {
    fn of(role: Role, end: &'a mut Seated) -> Self {
        Self { role, end, looked_at: None }
    }
}

impl Waiting for Arrival<'_> {
    type Output = ();
    type Error = WaitForPeerError;
    type Waiter = Seated;

    fn attempt(&mut self) -> Result<Option<()>, WaitForPeerError> {
        if self.glance() { self.attempt_slow() } else { Ok(None) }
    }

    fn attempt_slow(&mut self) -> Result<Option<()>, WaitForPeerError> {
        if self.end.is_foreign() {
            return Err(WaitForPeerError::Forked);
        }
        let _guard = cancel_guard();
        let news = self.end.news();
        let (presence, _) = self.end.look()?;
        // A row that says `Live` may be a dead one's.
        if presence == Presence::Alive && living(self.end.region(), self.role).next().is_some() {
            return Ok(Some(()));
        }
        self.looked_at = Some(news);
        Ok(None)
    }

    fn glance(&self) -> bool {
        self.looked_at != Some(self.end.news())
    }

    fn waiter(&self) -> &Seated {
        self.end
    }

    fn waiter_mut(&mut self) -> &mut Seated {
        self.end
    }

    fn word(&self) -> &AtomicU32 {
        self.end.arrivals()
    }

    /// Who comes may have the other role.
    fn wakes(&self) -> Wakes {
        Wakes::All
    }

    /// Nothing was to be sent or received.
    fn count_in_vain(&mut self) {}
}
