//! Receivers of a `broadcast` that come back by their names.

use super::broadcast::{Channel, Receiver};
use super::end::{Seated, Since};
use super::port::{BroadcastInlet, Inlet, NoPort};
use crate::error::{ForgetError, JoinError};
use crate::layout::Role;
use crate::liveness::{self, Kept, ReaderName, Unclear};
use crate::region::sys::cancel_guard;
use crate::ring::broadcast::Start;

/// How often a caller looks again who has a name, because others join, leave, die or forget meanwhile.
const TURNS: u32 = 1000;

/// Receivers that come back by their names.
impl Channel {
    /// Takes the seat that is kept for the receiver of this name, and goes on where that one stopped; or, if there is none, takes a seat,
    /// begins with this message, and has the seat kept for the name from then on.
    ///
    /// The receiver's position survives it, whether it is dropped or its process is killed: the next one that joins by the name goes on with the
    /// first message that was not acknowledged. For the sender it is as if the receiver were there and slow: a lossless sender whose lane
    /// is full waits for it, or fails, until it comes back or [is forgotten](Channel::forget); and as long as its seat is kept, the sender is not told
    /// that all receivers have left. `start` is not used by one that comes back. What the first one missed before it began, it alone is told.
    ///
    /// The seat is kept as long as the channel is there: not over its removal, nor over a reboot.
    ///
    /// `name` has 1 to 64 bytes, none of them zero. It stands in [`Info`](crate::Info) instead of the participant's name. Others may join by it
    /// at the same time: one of them gets it.
    ///
    /// # Errors
    /// [`JoinError::NameTaken`]: a receiver of this name is there. [`JoinError::InvalidReaderName`]. Those of [`Channel::receiver_from`].
    ///
    /// ```
    /// use memlane::broadcast::{Options, Start};
    /// let channel = Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// let mut rx = channel.receiver_named("archive", Start::Now)?;
    /// tx.send_batch(["one", "two", "three"])?;
    /// rx.recv()?.ack()?;
    /// drop(rx); // or it is killed
    /// tx.send(b"four")?;
    /// let mut rx = channel.receiver_named("archive", Start::Now)?;
    /// assert_eq!(rx.recv()?.to_vec(), b"two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receiver_named(&self, name: &str, start: Start) -> Result<Receiver, JoinError> {
        let reader = self.reader_name(name)?;
        let since = Since::of_receivers(&self.shared);
        let mut pid = 0;
        for _ in 0..TURNS {
            match self.who_has(&reader)? {
                Kept::Alive(holder) => {
                    pid = holder;
                    break;
                }
                Kept::Away(away) => {
                    if let Some(end) = Seated::come_back(&self.shared, BroadcastInlet::SETTLE, since, away)? {
                        return Receiver::seated(end, BroadcastInlet::come_back);
                    }
                }
                Kept::Nobody => {
                    let end = Seated::join_by_name(&self.shared, Role::Receiver, BroadcastInlet::SETTLE, since, name)?;
                    let mut is_refused = false;
                    let joined = Receiver::seated(end, |end| {
                        let port = BroadcastInlet::begin(end, start, true)?;
                        is_refused = !end.keep_for(&reader).map_err(NoPort::Corrupted)?;
                        // A port that is refused writes nothing any more: its row, and so its gate, may be another one's.
                        if is_refused { Err(NoPort::Busy) } else { Ok(port) }
                    });
                    if !is_refused {
                        return joined;
                    }
                }
            }
        }
        Err(JoinError::NameTaken { channel: self.label(), name: name.to_owned(), pid })
    }

    /// Ends the keeping of a named receiver that is away: its seat is free, and the sender waits for it no longer. If it joins again, it
    /// begins anew.
    ///
    /// The receiver may come back at this very moment: then it is in use, or what it comes back to is forgotten, and it begins anew.
    ///
    /// # Errors
    /// [`ForgetError::UnknownName`], [`ForgetError::InUse`]; the others of [`ForgetError`].
    ///
    /// ```
    /// use memlane::ForgetError;
    /// use memlane::broadcast::{Options, Policy, Start};
    /// let channel = Options::new().capacity(4096).policy(Policy::Fail).private()?;
    /// let mut tx = channel.sender()?;
    /// drop(channel.receiver_named("archive", Start::Now)?);
    /// while tx.send(&[0; 100]).is_ok() {} // until the lane is full of what that one has not received
    /// channel.forget("archive")?;
    /// assert!(matches!(channel.forget("archive"), Err(ForgetError::UnknownName { .. })));
    /// let _other = channel.receiver()?;
    /// tx.send(&[0; 100])?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forget(&self, name: &str) -> Result<(), ForgetError> {
        let reader = self.reader_name(name)?;
        let _guard = cancel_guard();
        for _ in 0..TURNS {
            match self.who_has(&reader)? {
                Kept::Away(away) => {
                    if liveness::forget(&self.shared.region, away) {
                        return Ok(());
                    }
                }
                Kept::Alive(pid) => {
                    return Err(ForgetError::InUse { channel: self.label(), name: name.to_owned(), pid });
                }
                Kept::Nobody => break,
            }
        }
        Err(ForgetError::UnknownName { channel: self.label(), name: name.to_owned() })
    }

    fn label(&self) -> String {
        self.shared.region.label().to_owned()
    }

    fn reader_name(&self, name: &str) -> Result<ReaderName, JoinError> {
        ReaderName::of(name).map_err(|reason| JoinError::InvalidReaderName {
            channel: self.label(),
            name: name.to_owned(),
            reason,
        })
    }

    /// Looks who has this name.
    fn who_has(&self, name: &ReaderName) -> Result<Kept, JoinError> {
        let _guard = cancel_guard();
        let region = &self.shared.region;
        liveness::check_access(region)?;
        liveness::look_for(region, name, BroadcastInlet::SETTLE).map_err(|unclear| match unclear {
            Unclear::Corrupted(reason) => liveness::not_joined(region, reason),
            Unclear::Unproved(source) => liveness::lock_file_refused(region, "looking at the lock file", source),
        })
    }
}
