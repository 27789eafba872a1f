//! Sending several messages by one call, which looks for sleeping receivers once.

use super::kind::ChannelKind;
use super::port::Outlet;
use super::sender::{ClaimOf, RunOf, Sender};
use crate::error::{SendBatchError, SendError, SendTimeoutError, TrySendError};
use crate::wait::Calls;
use std::time::{Duration, Instant};

/// Sending batches.
impl<K: ChannelKind> Sender<K> {
    /// Sends copies of all messages, in order, looking for sleeping receivers once. Blocks while the channel is full. Each
    /// message can be received as soon as it is written; where there are several senders, others may send in between. Returns
    /// how many there were.
    ///
    /// What becomes of the call when receivers leave or die is said at [`Sender::send`]. If this process dies, what was written so
    /// far is in the channel.
    ///
    /// # Errors
    /// [`SendBatchError`] says how many were sent, which receivers get, and what stopped the next one. Nothing is lost where the
    /// messages stand in a slice: go on with `&messages[error.sent..]`. An iterator has given that next one out, and the call
    /// has dropped it.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(tx.send_batch(["one", "two", "three"])?, 3);
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        self.send_run(messages, |run, length| run.claim(length))
    }

    /// As [`Sender::send_batch`], but never blocks: sends as many as there is room for now, looked for as in
    /// [`Sender::try_send`]. Receivers make room meanwhile, so it may send more than found room when it was called.
    ///
    /// # Errors
    /// [`TrySendError::Full`] for the first message that found no room, and the others of [`TrySendError`], in a
    /// [`SendBatchError`] as of [`Sender::send_batch`].
    ///
    /// ```
    /// # use memlane::TrySendError;
    /// let channel = memlane::mpmc::Options::new().slots(2).private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let messages = ["one", "two", "three"];
    /// let stopped = tx.try_send_batch(messages).unwrap_err();
    /// assert_eq!((stopped.sent, stopped.error), (2, TrySendError::Full));
    /// rx.recv_batch(2)?.ack()?;
    /// assert_eq!(tx.try_send_batch(&messages[stopped.sent..])?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError<TrySendError>>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        self.send_run(messages, |run, length| run.claim_now(length)?.ok_or(TrySendError::Full))
    }

    /// As [`Sender::send_batch`], but blocks for at most `timeout` in all. What finds room without waiting is sent even after that.
    /// A timeout of zero is one look a message; one that is too large for the clock has no end.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`], in a [`SendBatchError`] as of [`Sender::send_batch`].
    ///
    /// ```
    /// # use memlane::SendTimeoutError;
    /// # use std::time::Duration;
    /// let channel = memlane::mpmc::Options::new().slots(2).private()?;
    /// let mut tx = channel.sender()?;
    /// let stopped = tx.send_batch_timeout(["one", "two", "three"], Duration::from_millis(1)).unwrap_err();
    /// assert_eq!((stopped.sent, stopped.error), (2, SendTimeoutError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_batch_timeout<I>(
        &mut self,
        messages: I,
        timeout: Duration,
    ) -> Result<usize, SendBatchError<SendTimeoutError>>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.send_batch_deadline(messages, deadline),
            None => self.send_run(messages, |run, length| Ok(run.claim(length)?)),
        }
    }

    /// As [`Sender::send_batch`], but blocks until `deadline` at most. What finds room without waiting is sent even after that; a
    /// deadline that is over is one look a message.
    ///
    /// # Errors
    /// As [`Sender::send_batch_timeout`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// let channel = memlane::mpmc::Options::new().slots(2).private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let (messages, deadline) = (["one", "two", "three"], Instant::now() + Duration::from_secs(1));
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| rx.recv().map(drop)); // makes room in time
    ///     assert_eq!(tx.send_batch_deadline(messages, deadline), Ok(3));
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_batch_deadline<I>(
        &mut self,
        messages: I,
        deadline: Instant,
    ) -> Result<usize, SendBatchError<SendTimeoutError>>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        self.send_run(messages, |run, length| run.claim_by(length, deadline)?.ok_or(SendTimeoutError::Timeout))
    }

    /// Sends the messages. `claim` finds room for one that the fast way does not suffice for.
    #[inline(always)]
    fn send_run<I, E>(
        &mut self,
        messages: I,
        claim: impl Fn(&mut Run<'_, K>, usize) -> Result<ClaimOf<K>, E> + Copy,
    ) -> Result<usize, SendBatchError<E>>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
        E: From<SendError>,
    {
        let mut batch = Run { run: self.port.begin_run(), sender: self };
        let mut messages = messages.into_iter();
        let mut sent = 0;
        loop {
            let Run { sender, run } = &mut batch;
            match sender.port.send_run_fast(&mut sender.end, run, &mut messages, &mut sent) {
                Ok(None) => return Ok(sent),
                Ok(Some(message)) => batch.send_slow(message.as_ref(), claim),
                Err(reason) => Err(sender.corrupted(reason).into()),
            }
            .map_err(|error| SendBatchError { sent, error })?;
            sent += 1;
        }
    }
}

/// Messages that go out together. Whatever ends it, an error or a panic of the caller's iterator, the receivers learn of what
/// was sent.
struct Run<'a, K: ChannelKind> {
    sender: &'a mut Sender<K>,
    run: RunOf<K>,
}

impl<K: ChannelKind> Run<'_, K> {
    #[cold]
    #[inline(never)]
    fn send_slow<E: From<SendError>>(
        &mut self,
        message: &[u8],
        claim: impl Fn(&mut Self, usize) -> Result<ClaimOf<K>, E>,
    ) -> Result<(), E> {
        let claim = claim(self, message.len())?;
        let Sender { port, end, .. } = &mut *self.sender;
        port.commit_in_run(end, &mut self.run, claim, message)
            .map_err(|reason| SendError::Corrupted(end.poison(reason)).into())
    }

    /// Room for a message. Before it waits, the receivers learn of what was sent so far.
    #[inline(always)]
    fn claim(&mut self, length: usize) -> Result<ClaimOf<K>, SendError> {
        match self.sender.room_for(length).first_attempt()? {
            Some(claim) => Ok(claim),
            None => {
                self.tell(false);
                self.sender.room_for(length).keep_waiting()
            }
        }
    }

    /// Room for a message, if there is any now.
    fn claim_now(&mut self, length: usize) -> Result<Option<ClaimOf<K>>, SendError> {
        self.sender.room_for(length).now_slow()
    }

    /// Room for a message, by `deadline` at most. Before it waits, the receivers learn of what was sent so far.
    fn claim_by(&mut self, length: usize, deadline: Instant) -> Result<Option<ClaimOf<K>>, SendError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return self.claim_now(length);
        }
        match self.sender.room_for(length).first_attempt()? {
            None => {
                self.tell(false);
                self.sender.room_for(length).keep_waiting_for(left)
            }
            found => Ok(found),
        }
    }

    fn tell(&mut self, is_over: bool) {
        self.sender.port.tell_of_run(&mut self.sender.end, &mut self.run, is_over);
    }
}

impl<K: ChannelKind> Drop for Run<'_, K> {
    fn drop(&mut self) {
        if !self.sender.end.is_foreign() {
            self.tell(true);
        }
    }
}
