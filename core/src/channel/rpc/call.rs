//! A call that a server has.

use super::server_end::ServerEnd;
use crate::error::{BufferTooSmall, OutOfMemory, RespondError};
use crate::region::sys::HostClock;
use crate::ring::frames::Given;
use std::cell::RefCell;
use std::fmt;
use std::time::{Duration, Instant};

/// A call that a server has taken. Its client waits for the answer.
///
/// Dropped without an answer, the client is told that there is none: `ServerDied`.
#[must_use = "its client waits for the answer"]
pub struct Call<'a> {
    server: &'a RefCell<ServerEnd>,
    given: Given,
    clock: HostClock,
    is_open: bool,
}

impl<'a> Call<'a> {
    pub(super) fn new(server: &'a RefCell<ServerEnd>, given: Given) -> Self {
        let clock = server.borrow().clock;
        Self { server, given, clock, is_open: true }
    }

    /// Bytes of the request.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let channel = memlane::rpc::Options::new().private()?;
    /// # let (client, server) = (channel.client()?, channel.server()?);
    /// let _pending = client.start(b"hello", Duration::from_secs(10))?;
    /// assert_eq!(server.next()?.len(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.given.header.length() as usize
    }

    /// Whether the request has no bytes.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let channel = memlane::rpc::Options::new().private()?;
    /// # let (client, server) = (channel.client()?, channel.server()?);
    /// let _pending = client.start(b"", Duration::from_secs(10))?;
    /// assert!(server.next()?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of the request.
    ///
    /// # Errors
    /// [`OutOfMemory`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let channel = memlane::rpc::Options::new().private()?;
    /// # let (client, server) = (channel.client()?, channel.server()?);
    /// let _pending = client.start(b"hello", Duration::from_secs(10))?;
    /// assert_eq!(server.next()?.to_vec()?, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_vec(&self) -> Result<Vec<u8>, OutOfMemory> {
        let (needed, mut request) = (self.len(), Vec::new());
        let inner = self.server.borrow_mut();
        let appended = inner.frames.memory().requests().append_to(self.given.frame, needed, &mut request);
        appended.map_err(|_| OutOfMemory { needed }).map(|()| request)
    }

    /// Copies the request to the start of `buffer`, and returns its length in bytes. What stands behind it stays as it is.
    ///
    /// # Errors
    /// [`BufferTooSmall`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let channel = memlane::rpc::Options::new().private()?;
    /// # let (client, server) = (channel.client()?, channel.server()?);
    /// let _pending = client.start(b"hello", Duration::from_secs(10))?;
    /// let mut buffer = vec![0; server.max_request()];
    /// let length = server.next()?.copy_to(&mut buffer)?;
    /// assert_eq!(&buffer[..length], b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn copy_to(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
        let needed = self.len();
        let start = buffer.get_mut(..needed).ok_or(BufferTooSmall { needed })?;
        self.server.borrow_mut().frames.memory().requests().read(self.given.frame, start);
        Ok(needed)
    }

    /// Whether another server had this call, and died: what it was asked for may be done already. Only where [calls are
    /// retried](super::Options::retry).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let channel = memlane::rpc::Options::new().private()?;
    /// # let (client, server) = (channel.client()?, channel.server()?);
    /// let _pending = client.start(b"hello", Duration::from_secs(10))?;
    /// assert!(!server.next()?.is_retried());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_retried(&self) -> bool {
        self.given.header.deliveries() > 1
    }

    /// When the client stops waiting. `None`: it waits for as long as it takes. Its own clock decides; this is as near as the clocks of two processes are.
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # let channel = memlane::rpc::Options::new().private()?;
    /// # let (client, server) = (channel.client()?, channel.server()?);
    /// let _pending = client.start(b"hello", Duration::from_secs(10))?;
    /// assert!(server.next()?.deadline().is_some_and(|deadline| deadline > Instant::now()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let now = Instant::now();
        // One that is too far for the clock is none.
        self.time_left().and_then(|left| now.checked_add(left))
    }

    /// How long the client will wait from now on. `None`: for as long as it takes.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let channel = memlane::rpc::Options::new().private()?;
    /// # let (client, server) = (channel.client()?, channel.server()?);
    /// let _pending = client.start(b"hello", Duration::MAX)?;
    /// assert_eq!(server.next()?.time_left(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let deadline = self.given.caller.deadline_us()?;
        Some(Duration::from_micros(deadline.saturating_sub(self.clock.now_us())))
    }

    /// Whether the client has given the call up, or died and was found dead. One load. True stays true; false may be over by the time it is returned.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # let channel = memlane::rpc::Options::new().private()?;
    /// # let (client, server) = (channel.client()?, channel.server()?);
    /// let pending = client.start(b"hello", Duration::from_secs(10))?;
    /// let call = server.next()?;
    /// assert!(!call.is_cancelled());
    /// pending.cancel();
    /// assert!(call.is_cancelled());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.server.borrow_mut().frames.is_abandoned(&self.given)
    }

    /// Answers. The client is woken if it sleeps.
    ///
    /// # Errors
    /// [`RespondError::Cancelled`]: the client has given the call up. [`RespondError::TooLarge`]: the client is told that there is no answer. The others of
    /// [`RespondError`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, server) = (channel.client()?, channel.server()?);
    /// let mut pending = client.start(b"2 + 2", Duration::from_secs(10))?;
    /// server.next()?.respond(b"4")?;
    /// assert_eq!(pending.wait()?, b"4");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn respond(mut self, answer: &[u8]) -> Result<(), RespondError> {
        let mut guard = self.server.borrow_mut();
        let inner = &mut *guard;
        if inner.end.is_foreign() {
            return Err(RespondError::Forked);
        }
        let (length, max) = (answer.len(), inner.max_response());
        if length > max {
            return Err(RespondError::TooLarge { length, max });
        }
        inner.frames.memory().answers().write(self.given.frame, 0, answer);
        let told = inner.frames.answer(&self.given, length as u32);
        self.is_open = false;
        inner.open = inner.open.saturating_sub(1);
        match told {
            Ok(true) => {
                inner.end.notify_senders(inner.frames.memory().bell(self.given.frame));
                Ok(())
            }
            Ok(false) => {
                inner.tell_of_room(1);
                Err(RespondError::Cancelled)
            }
            Err(reason) => Err(RespondError::Corrupted(inner.end.poison(reason))),
        }
    }
}

impl Drop for Call<'_> {
    /// Tells the client that no answer comes.
    fn drop(&mut self) {
        let mut guard = self.server.borrow_mut();
        let inner = &mut *guard;
        if !self.is_open || inner.end.tenancy().check_held().is_err() {
            return;
        }
        inner.open = inner.open.saturating_sub(1);
        match inner.frames.fail(&self.given) {
            Ok(true) => inner.end.notify_senders(inner.frames.memory().bell(self.given.frame)),
            Ok(false) => inner.tell_of_room(1),
            Err(reason) => drop(inner.end.poison(reason)),
        }
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("bytes", &self.len()).finish_non_exhaustive()
    }
}
