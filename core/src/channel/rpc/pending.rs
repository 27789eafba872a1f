//! A call that is under way.

use super::berth::Berth;
use super::client_end::{ClientEnd, Heard, answered, copy_into, copy_of, deadline_in, ended};
use crate::error::CallError;
use crate::region::sys::Moment;
use crate::ring::frames::{Ask, Ended};
use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

/// A call that was [started](super::Client::start). Dropping it gives the call up.
///
/// It belongs to the thread of its client. Once its answer was returned, or an error that ends the call, it says
/// [`CallError::Cancelled`].
#[must_use = "dropping it gives the call up"]
pub struct Pending<'a> {
    pub(super) client: &'a RefCell<ClientEnd>,
    deadline: Option<Moment>,
    pub(super) state: State,
    /// Where one sleeps that waits for this call beside other things, once one does.
    pub(super) berth: Option<Berth>,
}

/// How far it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    Asked(Ask),
    /// The answer is there, and was not taken yet.
    Answered(Ended),
    Over,
}

impl<'a> Pending<'a> {
    pub(super) fn new(client: &'a RefCell<ClientEnd>, ask: Ask, deadline: Option<Moment>) -> Self {
        Self { client, deadline, state: State::Asked(ask), berth: None }
    }

    /// The answer, if it is there. Never waits.
    ///
    /// # Errors
    /// As [`Pending::wait`], without `Timeout`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, server) = (channel.client()?, channel.server()?);
    /// let mut pending = client.start(b"one", Duration::from_secs(10))?;
    /// assert_eq!(pending.try_get()?, None);
    /// server.next()?.respond(b"1")?;
    /// assert_eq!(pending.try_get()?, Some(b"1".to_vec()));
    /// assert_eq!(pending.try_get(), Err(memlane::CallError::Cancelled), "it was taken");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_get(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        let heard = self.hear(|client, ask| client.hear_now(ask))?;
        if heard { self.take(copy_of).map(Some) } else { Ok(None) }
    }

    /// The answer. Blocks until it is there, or until the call's deadline.
    ///
    /// # Errors
    /// [`CallError::Timeout`] at the deadline: the call is given up. [`CallError::NoServer`]: the last server has gone, and the channel is not persistent.
    /// [`CallError::ServerDied`]; the others of [`CallError`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, _server) = (channel.client()?, channel.server()?);
    /// let mut pending = client.start(b"one", Duration::from_millis(1))?;
    /// assert_eq!(pending.wait(), Err(memlane::CallError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait(&mut self) -> Result<Vec<u8>, CallError> {
        self.wait_for_end()?;
        self.take(copy_of)
    }

    /// As [`Pending::wait`], with the answer to the start of `buffer`. Returns the answer's length in bytes.
    ///
    /// # Errors
    /// [`CallError::BufferTooSmall`]: the answer stays there, and can be taken with a larger buffer; the others as [`Pending::wait`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, server) = (channel.client()?, channel.server()?);
    /// let mut pending = client.start(b"one", Duration::from_secs(10))?;
    /// server.next()?.respond(b"first")?;
    /// assert_eq!(pending.wait_into(&mut [0; 2]), Err(memlane::CallError::BufferTooSmall { needed: 5 }));
    /// assert_eq!(pending.wait_into(&mut [0; 64])?, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_into(&mut self, buffer: &mut [u8]) -> Result<usize, CallError> {
        self.wait_for_end()?;
        self.take(|client, ended| copy_into(client, ended, buffer))
    }

    /// As [`Pending::wait`], but blocks for at most `timeout`. `None`: there is no answer yet, and the call goes on.
    ///
    /// # Errors
    /// As [`Pending::wait`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, server) = (channel.client()?, channel.server()?);
    /// let mut pending = client.start(b"one", Duration::from_secs(10))?;
    /// assert_eq!(pending.wait_timeout(Duration::from_millis(1))?, None);
    /// server.next()?.respond(b"1")?;
    /// assert_eq!(pending.wait_timeout(Duration::from_millis(1))?, Some(b"1".to_vec()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<Option<Vec<u8>>, CallError> {
        match (deadline_in(timeout), self.deadline) {
            // It is the call's own deadline that ends the wait.
            (None, _) => return self.wait().map(Some),
            (Some(until), Some(deadline)) if until >= deadline => return self.wait().map(Some),
            (until, _) => {
                if !self.hear(|client, ask| client.hear(ask, until))? {
                    return Ok(None);
                }
            }
        }
        self.take(copy_of).map(Some)
    }

    /// Whether the call is over, so that [`Pending::wait`] does not block. No system call. That a server died is found out by the calls that wait, and by
    /// others' calls.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, server) = (channel.client()?, channel.server()?);
    /// let pending = client.start(b"one", Duration::from_secs(10))?;
    /// assert!(!pending.is_ready());
    /// server.next()?.respond(b"1")?;
    /// assert!(pending.is_ready());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_ready(&self) -> bool {
        match &self.state {
            State::Asked(ask) => self.client.borrow_mut().is_ready(ask),
            State::Answered(_) | State::Over => true,
        }
    }

    /// Gives the call up, as dropping does. An answer that is there is thrown away.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, server) = (channel.client()?, channel.server()?);
    /// client.start(b"one", Duration::from_secs(10))?.cancel();
    /// assert!(server.try_next().is_err(), "nobody works on it");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cancel(self) {
        drop(self);
    }

    /// Waits until the call is over; at its deadline, gives it up.
    fn wait_for_end(&mut self) -> Result<(), CallError> {
        let deadline = self.deadline;
        let heard = |client: &mut ClientEnd, ask: &Ask| {
            ended(client, ask, deadline).map(|ended| Some(ended.map_or(Heard::NoServer, Heard::Ended)))
        };
        self.hear(heard).map(drop)
    }

    /// Looks, or waits, for the end. Whether there is an answer.
    fn hear(
        &mut self,
        hear: impl FnOnce(&mut ClientEnd, &Ask) -> Result<Option<Heard>, CallError>,
    ) -> Result<bool, CallError> {
        let ask = match self.state {
            State::Asked(ask) => ask,
            State::Answered(_) => return Ok(true),
            State::Over => return Err(CallError::Cancelled),
        };
        let mut client = self.client.borrow_mut();
        match hear(&mut client, &ask) {
            Ok(None) => Ok(false),
            Ok(Some(Heard::NoServer)) => {
                self.state = State::Over;
                Err(CallError::NoServer)
            }
            Ok(Some(Heard::Ended(ended))) => {
                self.state = State::Over;
                self.state = State::Answered(answered(&mut client, ended)?);
                Ok(true)
            }
            Err(CallError::Interrupted) => Err(CallError::Interrupted),
            Err(error) => {
                self.state = State::Over;
                client.drop_call(&ask);
                Err(error)
            }
        }
    }

    /// Takes the answer, which is there.
    fn take<T>(&mut self, copy: impl FnOnce(&mut ClientEnd, Ended) -> Result<T, CallError>) -> Result<T, CallError> {
        let State::Answered(ended) = self.state else { return Err(CallError::Cancelled) };
        let mut client = self.client.borrow_mut();
        let copied = copy(&mut client, ended);
        if !matches!(copied, Err(CallError::BufferTooSmall { .. } | CallError::OutOfMemory { .. })) {
            self.state = State::Over;
            client.finish(ended)?;
        }
        copied
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let mut client = self.client.borrow_mut();
        match self.state {
            State::Asked(ask) => client.drop_call(&ask),
            State::Answered(ended) if client.end.tenancy().check_held().is_ok() => drop(client.finish(ended)),
            State::Answered(_) | State::Over => {}
        }
    }
}

impl fmt::Debug for Pending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("state", &self.state).finish_non_exhaustive()
    }
}
