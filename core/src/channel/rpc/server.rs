//! The serving end.

use super::call::Call;
use super::server_end::{Next, ServerEnd};
use crate::channel::end::Interrupter;
use crate::channel::peers::Peers;
use crate::channel::shared::Shared;
use crate::error::{JoinError, RecvError, RecvTimeoutError, TryRecvError};
#[cfg(feature = "async")]
use crate::wait::poll;
use crate::wait::{Calls, Strategy};
use std::cell::{RefCell, RefMut};
use std::fmt;
#[cfg(feature = "async")]
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A server of an `rpc` channel: it takes calls and answers them. Dropping it leaves the channel.
///
/// It may move to another thread, but is one thread's at a time (`!Sync`). Its calls take it by a shared reference, so that it can have several calls at
/// once, and answer them in any order.
pub struct Server {
    /// Borrowed within a call of this library only, and no code of the caller's runs there. So it is never borrowed twice.
    inner: RefCell<ServerEnd>,
}

/// Waiting for calls.
///
/// Each of these returns the next call: at once, if there is one. They wait as [the strategy](Server::set_strategy) says; a server that sleeps costs nothing
/// meanwhile, and a call wakes it. They wait for clients to come, too, however often the last one has left.
impl Server {
    pub(super) fn join(shared: &Arc<Shared>) -> Result<Self, JoinError> {
        Ok(Self { inner: RefCell::new(ServerEnd::join(shared)?) })
    }

    pub(super) fn end_mut(&mut self) -> &mut ServerEnd {
        self.inner.get_mut()
    }

    fn inner(&self) -> RefMut<'_, ServerEnd> {
        self.inner.borrow_mut()
    }

    /// The next call. Blocks while there is none.
    ///
    /// # Errors
    /// [`RecvError::Disconnected`]: the channel was closed; the others of [`RecvError`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, server) = (channel.client()?, channel.server()?);
    /// let mut pending = client.start(b"2 + 2", Duration::from_secs(10))?;
    /// let call = server.next()?;
    /// assert_eq!(call.to_vec()?, b"2 + 2");
    /// call.respond(b"4")?;
    /// assert_eq!(pending.wait()?, b"4");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next(&self) -> Result<Call<'_>, RecvError> {
        let given = Next(&mut self.inner()).wait()?;
        Ok(Call::new(&self.inner, given))
    }

    /// As [`Server::next`], but suspends the task in place of blocking the thread. Dropping the future loses nothing: a call is taken in the
    /// same step that returns it.
    ///
    /// # Errors
    /// As [`Server::next`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # smol::block_on(async {
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, server) = (channel.client()?, channel.server()?);
    /// let mut pending = client.start(b"2 + 2", Duration::from_secs(10))?;
    /// server.next_async().await?.respond(b"4")?;
    /// assert_eq!(pending.wait()?, b"4");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[cfg(feature = "async")]
    pub async fn next_async(&self) -> Result<Call<'_>, RecvError> {
        let given = poll_fn(|task| poll(&mut Next(&mut self.inner()), task.waker())).await?;
        Ok(Call::new(&self.inner, given))
    }

    /// The next call, if there is one. Never waits.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`]: there is none; the others as [`Server::next`].
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let server = channel.server()?;
    /// assert_eq!(server.try_next().unwrap_err(), memlane::TryRecvError::Empty);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_next(&self) -> Result<Call<'_>, TryRecvError> {
        let given = Next(&mut self.inner()).now()?.ok_or(TryRecvError::Empty)?;
        Ok(Call::new(&self.inner, given))
    }

    /// As [`Server::next`], but blocks for at most `timeout`. A timeout of zero is one look; one that is too large for the clock has no end.
    ///
    /// # Errors
    /// [`RecvTimeoutError::Timeout`]; the others as [`Server::next`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let server = channel.server()?;
    /// let timed_out = server.next_timeout(Duration::from_millis(1));
    /// assert_eq!(timed_out.unwrap_err(), memlane::RecvTimeoutError::Timeout);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_timeout(&self, timeout: Duration) -> Result<Call<'_>, RecvTimeoutError> {
        let given = Next(&mut self.inner()).within(timeout)?.ok_or(RecvTimeoutError::Timeout)?;
        Ok(Call::new(&self.inner, given))
    }

    /// As [`Server::next`], but blocks until `deadline` at most. A deadline that is over is one look.
    ///
    /// # Errors
    /// As [`Server::next_timeout`].
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let server = channel.server()?;
    /// assert!(server.next_deadline(Instant::now()).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_deadline(&self, deadline: Instant) -> Result<Call<'_>, RecvTimeoutError> {
        let given = Next(&mut self.inner()).by(deadline)?.ok_or(RecvTimeoutError::Timeout)?;
        Ok(Call::new(&self.inner, given))
    }

    /// Whether [`Server::try_next`] would return a call or an error other than `Empty`. Another server may take the call first. No system call.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (client, server) = (channel.client()?, channel.server()?);
    /// assert!(!server.is_ready());
    /// let _pending = client.start(b"one", Duration::from_secs(10))?;
    /// assert!(server.is_ready());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.inner().is_ready()
    }

    /// Longest request in bytes: a buffer of this length always suffices.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().max_request(256).private()?;
    /// assert_eq!(channel.server()?.max_request(), 256);
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
    /// assert_eq!(channel.server()?.max_response(), 256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_response(&self) -> usize {
        self.inner.borrow().max_response()
    }

    /// The row of this server's seat: which of [`Info::participants`](crate::Info::participants) it is.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let server = channel.server()?;
    /// assert_eq!(channel.info().participants[0].row, server.row());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row(&self) -> u32 {
        self.inner.borrow().end.seat().row()
    }

    /// How many clients (`senders`), and servers (`receivers`), this one included, are alive.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let server = channel.server()?;
    /// assert_eq!((server.peers().senders, server.peers().receivers), (0, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peers(&self) -> Peers {
        self.inner.borrow().end.shared().peers()
    }

    /// What ends a call of this server that waits, from another thread or from a signal handler: see [`Interrupter`].
    ///
    /// ```
    /// let server = memlane::rpc::Options::new().private()?.server()?;
    /// let interrupter = server.interrupter();
    /// let serving = std::thread::spawn(move || server.next().map(drop));
    /// interrupter.interrupt();
    /// assert_eq!(serving.join().unwrap(), Err(memlane::RecvError::Interrupted));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        let inner = self.inner.borrow();
        inner.end.interrupter(inner.end.data())
    }

    /// Sets how this server waits for calls, from its next call on. Default: [`Strategy::Adaptive`].
    ///
    /// ```
    /// use memlane::Strategy;
    /// let server = memlane::rpc::Options::new().private()?.server()?;
    /// server.set_strategy(Strategy::Park); // least CPU time
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_strategy(&self, strategy: Strategy) {
        self.inner().end.set_strategy(strategy);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let inner = self.inner.get_mut();
        if inner.open > 0 {
            inner.end.tenancy().note_leftovers();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.borrow().end.show(f, "Server")
    }
}
