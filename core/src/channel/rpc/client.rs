//! The calling end.

use super::client_end::{ClientEnd, call, copy_into, copy_of, deadline_in};
use super::pending::Pending;
use crate::channel::peers::Peers;
use crate::channel::shared::Shared;
use crate::error::{CallError, JoinError};
use crate::wait::Strategy;
use std::cell::{RefCell, RefMut};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A client of an `rpc` channel: it calls servers. Dropping it leaves the channel.
///
/// It may move to another thread, but is one thread's at a time (`!Sync`). Its calls take it by a shared reference, so that several can be under
/// way at once.
pub struct Client {
    /// Borrowed within a call of this library only, and no code of the caller's runs there. So it is never borrowed twice.
    inner: RefCell<ClientEnd>,
}

impl Client {
    pub(super) fn join(shared: &Arc<Shared>) -> Result<Self, JoinError> {
        Ok(Self { inner: RefCell::new(ClientEnd::join(shared)?) })
    }

    fn inner(&self) -> RefMut<'_, ClientEnd> {
        self.inner.borrow_mut()
    }

    /// Sends a request, and returns the answer. Blocks until it is there, for `timeout` at most; a timeout that is too large for the clock has no end.
    ///
    /// The request goes to one of the servers. If that one dies, the call fails with `ServerDied`, within 200 ms; in a channel with
    /// [`retry`](super::Options::retry), it goes to another one. While all frames are in use, the call waits for one.
    ///
    /// # Errors
    /// [`CallError::Timeout`]: the call is given up, and what a server still answers reaches nobody. [`CallError::NoServer`]: at once, where no server is
    /// there, or when the last one goes, unless the channel is persistent. [`CallError::ServerDied`], [`CallError::TooLarge`], the others of [`CallError`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, server) = (channel.client()?, channel.server()?);
    /// let serving = std::thread::spawn(move || -> Result<(), memlane::RecvError> {
    ///     let call = server.next()?;
    ///     let answer = call.to_vec().unwrap_or_default().to_ascii_uppercase();
    ///     let _ = call.respond(&answer); // the client may have given up
    ///     Ok(())
    /// });
    /// assert_eq!(client.call(b"hello", Duration::from_secs(10))?, b"HELLO");
    /// serving.join().unwrap()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn call(&self, request: &[u8], timeout: Duration) -> Result<Vec<u8>, CallError> {
        let mut client = self.inner();
        let ended = call(&mut client, request, deadline_in(timeout))?;
        let answer = copy_of(&mut client, ended);
        client.finish(ended)?;
        answer
    }

    /// As [`Client::call`], with the answer to the start of `buffer`. Returns the answer's length in bytes. Behind that, and after an error, `buffer` may hold
    /// anything. One of [`Client::max_response`] bytes is never too small.
    ///
    /// # Errors
    /// [`CallError::BufferTooSmall`]: the call was answered, and the answer is lost; the others as [`Client::call`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let client = channel.client()?;
    /// let mut buffer = vec![0; client.max_response()];
    /// let called = client.call_into(b"hello", &mut buffer, Duration::from_secs(1));
    /// assert_eq!(called, Err(memlane::CallError::NoServer));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn call_into(&self, request: &[u8], buffer: &mut [u8], timeout: Duration) -> Result<usize, CallError> {
        let mut client = self.inner();
        let ended = call(&mut client, request, deadline_in(timeout))?;
        let copied = copy_into(&mut client, ended, buffer);
        client.finish(ended)?;
        copied
    }

    /// Sends a request, and returns without waiting for the answer: the [`Pending`] call does that, and gives the call up if it is dropped. Blocks only while
    /// all frames are in use.
    ///
    /// `timeout` is that of the whole call, from now on.
    ///
    /// # Errors
    /// As [`Client::call`]: `Timeout` while no frame comes free.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, server) = (channel.client()?, channel.server()?);
    /// let mut first = client.start(b"one", Duration::from_secs(10))?;
    /// let mut second = client.start(b"two", Duration::from_secs(10))?;
    /// for _ in 0..2 {
    ///     let call = server.next()?;
    ///     let length = call.len().to_string();
    ///     call.respond(length.as_bytes())?;
    /// }
    /// assert_eq!(second.wait()?, b"3"); // in whatever order
    /// assert_eq!(first.wait()?, b"3");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start(&self, request: &[u8], timeout: Duration) -> Result<Pending<'_>, CallError> {
        let deadline = deadline_in(timeout);
        let ask = self.inner().ask(request, deadline)?;
        Ok(Pending::new(&self.inner, ask, deadline))
    }

    /// Longest request in bytes.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().max_request(256).private()?;
    /// assert_eq!(channel.client()?.max_request(), 256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_request(&self) -> usize {
        self.inner.borrow().max_request()
    }

    /// Longest answer in bytes.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().max_response(256).private()?;
    /// assert_eq!(channel.client()?.max_response(), 256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_response(&self) -> usize {
        self.inner.borrow().max_response()
    }

    /// The row of this client's seat: which of [`Info::participants`](crate::Info::participants) it is.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().private()?;
    /// assert_eq!(channel.client()?.row(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row(&self) -> u32 {
        self.inner.borrow().end.seat().row()
    }

    /// How many clients (`senders`), this one included, and servers (`receivers`) are alive.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, _one, _two) = (channel.client()?, channel.server()?, channel.server()?);
    /// assert_eq!((client.peers().senders, client.peers().receivers), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peers(&self) -> Peers {
        self.inner.borrow().end.shared().peers()
    }

    /// Sets how this client waits, from its next call on. Default: [`Strategy::Adaptive`].
    ///
    /// ```
    /// use memlane::Strategy;
    /// let client = memlane::rpc::Options::new().private()?.client()?;
    /// client.set_strategy(Strategy::Spin); // lowest latency
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_strategy(&self, strategy: Strategy) {
        self.inner().end.set_strategy(strategy);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.inner.get_mut().leave();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.borrow().end.show(f, "Client")
    }
}
