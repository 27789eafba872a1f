//! A receiver without a seat: it reads, and writes nothing anywhere.

use crate::channel::end::{Attempt, Interrupter, Onlooker};
use crate::channel::port::{BroadcastView, lane_geometry, lanes_from};
use crate::channel::shared::Shared;
use crate::channel::waitable::{Awaited, Waitable, Waited, WokenAt};
use crate::error::{OpenError, RecvError, RecvTimeoutError, TryRecvError};
use crate::region::{Moment, RingView};
use crate::ring::broadcast::{BroadcastMemory, Found, JoinError, Look, LossyReader, Start};
use std::cell::Cell;
use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A receiver of a `broadcast` channel that needs no more than permission to read its file. It has the file mapped for reading alone,
/// takes no seat and no lock, and sets no flag: so it can disturb nobody, and there can be any number of them. See
/// [`open_read_only`](super::open_read_only).
///
/// What it pays for that:
/// - Nobody waits for it, whatever the channel's [`Policy`](super::Policy). Where it is slower than the sender, messages are overwritten
///   that it has not received. Then it gets [`RecvError::Lagged`], once, with their exact number, and goes on behind them.
/// - It gets copies. What it copied is believed once it is known that nothing was overwritten meanwhile.
/// - Nobody wakes it. A call that waits looks again and again, first after a millisecond, then after two, four, and so on up to 100. What
///   is there when the call begins, it finds at once.
/// - It proves no death. That the sender died it learns when a participant has found out, or when the next sender comes: a call that
///   waits goes on waiting until then. Of one that left in good order it learns at its next look.
/// - It is not among the [`participants`](crate::Info::participants), and [`crate::remove`] does not know of it: its file may be removed,
///   and its calls say so within 100 ms, once nothing is left to receive.
///
/// It may move to another thread, but is one thread's at a time (`!Sync`).
pub struct ReadOnlyReceiver {
    /// Of every sender's seat.
    lanes: Vec<Lane>,
    /// The lane whose turn it is.
    turn: usize,
    onlooker: Onlooker,
    _not_sync: PhantomData<Cell<()>>,
}

/// One lane.
struct Lane {
    reader: LossyReader<BroadcastView>,
    /// How many of its messages were missed before the receiver began, of which the caller was not told.
    missed: u64,
    /// How many of its messages the caller was told of that they are lost.
    lost: u64,
}

/// How often one attempt begins again, with another message, because the sender overwrote the one that was being copied.
const TURNS: u32 = 64;

/// Copies a message of so many bytes out of the ring, to wherever the caller wants it.
trait Copying<T>: FnMut(RingView<'_>, u64, usize) -> Result<T, RecvError> {}

impl<T, F: FnMut(RingView<'_>, u64, usize) -> Result<T, RecvError>> Copying<T> for F {}

/// Copies to the start of a buffer, and returns the length.
fn into(buffer: &mut [u8]) -> impl Copying<usize> {
    |ring: RingView<'_>, position, length| {
        let place = buffer.get_mut(..length).ok_or(RecvError::BufferTooSmall { needed: length })?;
        ring.read(position, place);
        Ok(length)
    }
}

/// Copies to a new vector.
fn to_vec(ring: RingView<'_>, position: u64, length: usize) -> Result<Vec<u8>, RecvError> {
    let mut copy = Vec::new();
    ring.append_to(position, length, &mut copy).map_err(|_| RecvError::OutOfMemory { needed: length })?;
    Ok(copy)
}

impl ReadOnlyReceiver {
    /// # Errors
    /// [`OpenError::NoSuchMessage`], [`OpenError::Busy`], [`OpenError::SeveralSenders`], or the words contradict each other.
    pub(super) fn new(shared: &Arc<Shared>, start: Start) -> Result<Self, OpenError> {
        let region = &shared.region;
        let channel = || region.label().to_owned();
        let corrupted = |reason| OpenError::Corrupted { channel: channel(), reason };
        // Watched from before it begins: a sender that comes meanwhile was there since.
        let mut onlooker = Onlooker::new(shared).map_err(corrupted)?;
        let geometry = lane_geometry(region.geometry());
        let lanes =
            lanes_from(region, start).map_err(|senders| OpenError::SeveralSenders { channel: channel(), senders })?;
        let lane = |lane| {
            let (reader, missed) = LossyReader::join(BroadcastView::to_read(region, lane), geometry, start)?;
            Ok(Lane { reader, missed, lost: 0 })
        };
        let joined: Result<Vec<_>, _> = lanes.map(lane).collect();
        let lanes = joined.map_err(|error| match error {
            JoinError::Busy => OpenError::Busy { channel: channel() },
            JoinError::NotThere { number, sent } => OpenError::NoSuchMessage { channel: channel(), number, sent },
            JoinError::Corrupted(reason) => corrupted(reason),
        })?;
        if lanes.iter().any(Lane::has_something) {
            onlooker.note_messages();
        }
        Ok(Self { lanes, turn: 0, onlooker, _not_sync: PhantomData })
    }

    /// A copy of the next message. Waits while there is none, looking in steps of up to 100 ms.
    ///
    /// # Errors
    /// [`RecvError::Lagged`]: so many messages were overwritten; the next call goes on behind them. [`RecvError::Disconnected`]: every
    /// message was received, and every sender that there was since this receiver was opened has left, or was found dead, or the channel
    /// was closed. The others of [`RecvError`]; never `BufferTooSmall`.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::broadcast::Options::new().create(name)?.sender()?;
    /// let mut rx = memlane::broadcast::open_read_only(name)?;
    /// tx.send(b"10")?;
    /// drop(tx);
    /// assert_eq!(rx.recv()?, b"10");
    /// assert_eq!(rx.recv(), Err(memlane::RecvError::Disconnected));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv(&mut self) -> Result<Vec<u8>, RecvError> {
        self.wait_for_ever(to_vec)
    }

    /// A copy of the next message, if there is one now. Never waits. After `Empty`, a message may have come before the caller looks at
    /// the result.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`], also where the sender overwrote each of 64 messages that this call was about to copy; the others as
    /// [`ReadOnlyReceiver::recv`].
    ///
    /// ```
    /// # use memlane::TryRecvError;
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::broadcast::Options::new().create(name)?.sender()?;
    /// let mut rx = memlane::broadcast::open_read_only(name)?;
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// tx.send(b"10")?;
    /// assert_eq!(rx.try_recv()?, b"10");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_recv(&mut self) -> Result<Vec<u8>, TryRecvError> {
        self.now(to_vec)?.ok_or(TryRecvError::Empty)
    }

    /// As [`ReadOnlyReceiver::recv`], but waits for at most `timeout`. A timeout of zero is one look; one that is too large for the clock
    /// has no end.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`], and the others as [`ReadOnlyReceiver::recv`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let _tx = memlane::broadcast::Options::new().create(name)?.sender()?;
    /// let waited = memlane::broadcast::open_read_only(name)?.recv_timeout(Duration::from_millis(1));
    /// assert_eq!(waited, Err(memlane::RecvTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Vec<u8>, RecvTimeoutError> {
        self.within(timeout, to_vec)
    }

    /// Copies the next message to the start of `buffer`, and returns its length in bytes. Waits while there is none, as
    /// [`ReadOnlyReceiver::recv`]. Behind the message, and after an error, `buffer` may hold anything.
    ///
    /// # Errors
    /// [`RecvError::BufferTooSmall`] leaves the message where it is: the next call gets it, unless it is overwritten meanwhile. The others
    /// as [`ReadOnlyReceiver::recv`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::broadcast::Options::new().create(name)?.sender()?;
    /// let mut rx = memlane::broadcast::open_read_only(name)?;
    /// tx.send(b"10")?;
    /// let mut buffer = [0; 64];
    /// let length = rx.recv_into(&mut buffer)?;
    /// assert_eq!(&buffer[..length], b"10");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        self.wait_for_ever(into(buffer))
    }

    /// As [`ReadOnlyReceiver::try_recv`], into a buffer.
    ///
    /// # Errors
    /// [`TryRecvError::BufferTooSmall`], as [`ReadOnlyReceiver::recv_into`]; the others as [`ReadOnlyReceiver::try_recv`].
    ///
    /// ```
    /// # use memlane::TryRecvError;
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::broadcast::Options::new().create(name)?.sender()?;
    /// let mut rx = memlane::broadcast::open_read_only(name)?;
    /// tx.send(b"10")?;
    /// let mut buffer = [0; 64];
    /// assert_eq!(rx.try_recv_into(&mut buffer[..1]), Err(TryRecvError::BufferTooSmall { needed: 2 }));
    /// assert_eq!(rx.try_recv_into(&mut buffer), Ok(2)); // it was left
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, TryRecvError> {
        self.now(into(buffer))?.ok_or(TryRecvError::Empty)
    }

    /// As [`ReadOnlyReceiver::recv_timeout`], into a buffer.
    ///
    /// # Errors
    /// [`RecvTimeoutError::BufferTooSmall`], as [`ReadOnlyReceiver::recv_into`]; the others as [`ReadOnlyReceiver::recv_timeout`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::broadcast::Options::new().create(name)?.sender()?;
    /// let mut rx = memlane::broadcast::open_read_only(name)?;
    /// tx.send(b"10")?;
    /// assert_eq!(rx.recv_into_timeout(&mut [0; 64], Duration::from_secs(1)), Ok(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recv_into_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, RecvTimeoutError> {
        self.within(timeout, into(buffer))
    }

    /// Copies of messages, until every one was received and the senders have gone. Waits while there is none. An error comes once, then it
    /// ends; after `Lagged`, another one goes on.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::broadcast::Options::new().create(name)?.sender()?;
    /// let mut rx = memlane::broadcast::open_read_only(name)?;
    /// tx.send_batch(["10", "20"])?;
    /// drop(tx);
    /// assert_eq!(rx.messages().collect::<Result<Vec<_>, _>>()?, [b"10", b"20"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn messages(&mut self) -> impl FusedIterator<Item = Result<Vec<u8>, RecvError>> + use<'_> {
        until_error(|| match self.recv() {
            Err(RecvError::Disconnected) => None,
            received => Some(received),
        })
    }

    /// Copies of the messages that are there, until there is none. Never waits. The sender goes on meanwhile, and what it sends is taken,
    /// too; so it may go on for as long as that does. An error comes once, then it ends; after `Lagged`, another one goes on.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// use memlane::broadcast::{Options, Start};
    /// let mut tx = Options::new().create(name)?.sender()?;
    /// tx.send_batch(["10", "20"])?;
    /// let mut rx = Options::new().open_read_only_from(name, Start::Oldest)?;
    /// assert_eq!(rx.try_iter().collect::<Result<Vec<_>, _>>()?, [b"10", b"20"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_iter(&mut self) -> impl FusedIterator<Item = Result<Vec<u8>, RecvError>> + use<'_> {
        until_error(|| match self.now(to_vec) {
            Err(RecvError::Disconnected) => None,
            received => received.transpose(),
        })
    }

    /// The number of the next message: how many its sender sent before it, since the channel was created; with seats for several senders, of
    /// the one whose turn it is. With it,
    /// [`open_read_only_from`](super::Options::open_read_only_from) begins there another time. What is overwritten is passed only by the
    /// call that says so.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::broadcast::Options::new().create(name)?.sender()?;
    /// tx.send(b"10")?;
    /// assert_eq!(memlane::broadcast::open_read_only(name)?.next_sequence(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.lanes.get(self.turn).map_or(0, |lane| lane.reader.sequence().saturating_sub(lane.missed))
    }

    /// How many messages it has lost so far: those that [`RecvError::Lagged`] has told of, together.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// use memlane::RecvError;
    /// let mut tx = memlane::broadcast::Options::new().capacity(4096).create(name)?.sender()?;
    /// let mut rx = memlane::broadcast::open_read_only(name)?;
    /// (0..1000).for_each(|_| tx.send(b"10").unwrap());
    /// let Err(RecvError::Lagged { lost }) = rx.recv() else { panic!("the ring holds 256 of them") };
    /// assert_eq!(rx.lost(), lost);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.lost).fold(0, u64::saturating_add)
    }

    /// How many messages are there to receive, those included that are overwritten by now. The sender goes on meanwhile.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::broadcast::Options::new().create(name)?.sender()?;
    /// let rx = memlane::broadcast::open_read_only(name)?;
    /// tx.send_batch(["10", "20"])?;
    /// assert_eq!(rx.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        let behind = self.lanes.iter().map(|lane| lane.reader.behind().saturating_add(lane.missed));
        usize::try_from(behind.fold(0, u64::saturating_add)).unwrap_or(usize::MAX)
    }

    /// Whether there is nothing to receive: a cheap look at memory.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::broadcast::Options::new().create(name)?.sender()?;
    /// let rx = memlane::broadcast::open_read_only(name)?;
    /// assert!(rx.is_empty());
    /// tx.send(b"10")?;
    /// assert!(!rx.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.lanes.iter().any(Lane::has_something)
    }

    /// Largest message in bytes: a buffer of this length always suffices.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// memlane::broadcast::Options::new().max_message(256).create(name)?;
    /// assert_eq!(memlane::broadcast::open_read_only(name)?.max_message(), 256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.onlooker.region().geometry().max_message as usize
    }

    /// What ends a call of this receiver that waits, from another thread or from a signal handler: see [`Interrupter`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("limits").display().to_string();
    /// # let name = name.as_str();
    /// memlane::broadcast::Options::new().create(name)?;
    /// let mut rx = memlane::broadcast::open_read_only(name)?;
    /// let interrupter = rx.interrupter();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| interrupter.interrupt());
    ///     assert_eq!(rx.recv(), Err(memlane::RecvError::Interrupted));
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        self.onlooker.interrupter()
    }

    fn now<T>(&mut self, mut copying: impl Copying<T>) -> Result<Option<T>, RecvError> {
        let outcome = self.onlooker.once(&mut || next(&mut self.lanes, &mut self.turn, &mut copying))?;
        Ok(if let Attempt::Found(message) = outcome { Some(message) } else { None })
    }

    fn within<T>(&mut self, timeout: Duration, mut copying: impl Copying<T>) -> Result<T, RecvTimeoutError> {
        let Some(deadline) = Instant::now().checked_add(timeout) else { return Ok(self.wait_for_ever(copying)?) };
        let attempt = || next(&mut self.lanes, &mut self.turn, &mut copying);
        self.onlooker.wait(Some(deadline), attempt)?.ok_or(RecvTimeoutError::Timeout)
    }

    fn wait_for_ever<T>(&mut self, mut copying: impl Copying<T>) -> Result<T, RecvError> {
        self.onlooker.wait_for_ever(|| next(&mut self.lanes, &mut self.turn, &mut copying))
    }
}

/// For its next message. It is looked at every now and then: nobody wakes it.
impl Waitable for ReadOnlyReceiver {}

impl Waited for ReadOnlyReceiver {
    fn awaited(&mut self) -> &mut dyn Awaited {
        self
    }
}

impl Awaited for ReadOnlyReceiver {
    fn woken_at(&self) -> Option<WokenAt<'_>> {
        None
    }

    fn is_ready(&mut self) -> bool {
        self.onlooker.is_over_or_failed() || self.lanes.iter_mut().any(Lane::has_message)
    }

    fn slice_end(&self) -> Moment {
        self.onlooker.slice_end()
    }

    fn slice_ended(&mut self) -> bool {
        self.onlooker.slice_ended()
    }
}

/// Copies the next message of the lane whose turn it is, or else of the next one that has one. Then it is the turn of the one behind.
fn next<T>(lanes: &mut [Lane], turn: &mut usize, copying: &mut impl Copying<T>) -> Result<Attempt<T>, RecvError> {
    let mut outcome = Attempt::Nothing;
    for _ in 0..lanes.len() {
        let found = lanes[*turn].next(copying)?;
        *turn = turn.wrapping_add(1) % lanes.len();
        match found {
            Attempt::Found(_) => return Ok(found),
            Attempt::Overtaken => outcome = found,
            Attempt::Nothing => {}
        }
    }
    Ok(outcome)
}

impl Lane {
    /// The caller is told that so many are lost.
    #[cold]
    fn lagged(&mut self, lost: u64) -> RecvError {
        self.lost = self.lost.saturating_add(lost);
        RecvError::Lagged { lost }
    }

    /// Whether a message is there, or was missed.
    fn has_something(&self) -> bool {
        self.missed > 0 || self.reader.glance()
    }

    /// Whether the next call finds something here: a message, a loss, or damage.
    fn has_message(&mut self) -> bool {
        self.missed > 0 || !matches!(self.reader.poll_again(), Ok(Found::Nothing))
    }

    /// Copies the next message, and believes the copy if nothing of it was overwritten meanwhile.
    fn next<T>(&mut self, copying: &mut impl Copying<T>) -> Result<Attempt<T>, RecvError> {
        if self.missed > 0 {
            let missed = std::mem::take(&mut self.missed);
            return Err(self.lagged(missed));
        }
        let reader = &mut self.reader;
        for _ in 0..TURNS {
            match reader.poll().map_err(RecvError::Corrupted)? {
                Look::Record(record) => {
                    let copy = copying(reader.memory().ring(), record.payload.0, record.length as usize);
                    if reader.is_intact() {
                        let copy = copy?;
                        reader.release(record);
                        return Ok(Attempt::Found(copy));
                    }
                }
                Look::Nothing => return Ok(Attempt::Nothing),
                Look::Lagged { lost } => return Err(self.lagged(lost)),
                Look::Overtaken => {}
            }
        }
        Ok(Attempt::Overtaken)
    }
}

/// What `next` returns, up to its first error.
fn until_error<T, E>(mut next: impl FnMut() -> Option<Result<T, E>>) -> impl FusedIterator<Item = Result<T, E>> {
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let item = next();
        ended = !matches!(item, Some(Ok(_)));
        item
    })
    .fuse()
}

impl fmt::Debug for ReadOnlyReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadOnlyReceiver").field("channel", &self.onlooker.region().label()).finish_non_exhaustive()
    }
}
