//! `rpc`: many clients call many servers, and each call gets its answer.
//!
//! ```text
//! Client ──call──►┐  ┌─────────────────────────────────────────┐  ┌──next──► Server
//! Client ──call──►┼─►│ frames: each is answered where it stands │─►┼──next──► Server
//! Client ──call──►┘  └─────────────────────────────────────────┘  └──next──► Server
//!        ◄── the answer, to its caller alone ──────────────────────── respond
//! ```
//!
//! What holds:
//! - Each call goes to one server, and in the order in which they were made. Servers share the work: one that is busy takes no other call.
//! - An answer comes to its own call, and never to another one, however late it is, and whichever participant died meanwhile.
//! - **No client waits for a server that is dead.** The call fails with [`ServerDied`](crate::CallError::ServerDied) within 200 ms: the server may have done
//!   what it was asked for, or a part of it. In a channel that was created with [`retry`](Options::retry), it goes to another server instead, so that it may be
//!   done twice. Where no server is there, a call fails at once with [`NoServer`](crate::CallError::NoServer), unless the channel is
//!   [`persistent`](Options::persistent): then it waits for one to come.
//! - A call that a server had, and dropped, fails as if the server had died. It is not retried.
//! - **Every call has a deadline.** A client that gives up has its call taken back: no server gets it, and a server that has it is told
//!   ([`Call::is_cancelled`]). What it answers reaches nobody.
//! - A client can have [many calls under way](Client::start), and a server can have many, to answer them in any order.
//! - A client that dies takes its calls with it. A server that works for it goes on, and finds that nobody waits.
//!
//! **Memory.** A call takes a frame for as long as it lasts, of [256](Options::frames), each with room for a request and an answer of
//! [`max_request`](Options::max_request) and [`max_response`](Options::max_response) bytes. A client that finds none waits for one. What a server hangs on keeps
//! the frames of the calls that it took, and no others.
//!
//! **The end.** Servers wait for clients to come, however often the last one has left. [`close`](Channel::close) ends both: calls and servers get
//! `Disconnected`.
//!
//! ```
//! use memlane::rpc;
//! use std::time::Duration;
//!
//! let channel = rpc::Options::new().private()?; // threads; `.create("name")` for processes
//! let server = channel.server()?;
//! let serving = std::thread::spawn(move || {
//!     while let Ok(call) = server.next() {
//!         let Ok(request) = call.to_vec() else { continue }; // dropped: the client is told
//!         let answer: String = String::from_utf8_lossy(&request).chars().rev().collect();
//!         let _ = call.respond(answer.as_bytes());
//!     }
//! });
//! let client = channel.client()?;
//! assert_eq!(client.call(b"lane", Duration::from_secs(10))?, b"enal");
//! channel.close();
//! serving.join().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod berth;
mod call;
mod client;
mod client_end;
mod memory;
mod pending;
mod server;
mod server_end;
mod waitable;

use super::{opened, options};
use crate::error::{JoinError, OpenError};
use crate::layout::Kind;

pub use call::Call;
pub use client::Client;
pub use pending::Pending;
pub use server::Server;

/// The kind of `rpc` channels: stands where generic types have their kind. It carries no messages, so it is no
/// [`ChannelKind`](crate::generic::ChannelKind).
#[derive(Debug, Clone, Copy)]
pub enum Rpc {}

/// How to create or open an `rpc` channel. Its `max_message` is the [`max_request`](Options::max_request).
///
/// ```
/// let channel = memlane::rpc::Options::new().max_request(100_000).max_response(64).private()?;
/// assert_eq!((channel.max_message(), channel.max_response()), (100_000, 64));
/// # Ok::<(), memlane::CreateError>(())
/// ```
pub type Options = options::Options<Rpc>;

/// An open `rpc` channel: makes clients and servers.
pub type Channel = opened::Channel<Rpc>;

/// Opens an existing channel with the options that it was created with. For `name`, see [`crate::spsc::open`].
///
/// # Errors
/// See [`OpenError`].
///
/// ```
/// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
/// # let name = folder.path().join("sums").display().to_string();
/// # let name = name.as_str();
/// # use std::time::Duration;
/// let server = memlane::rpc::Options::new().create(name)?.server()?;
/// let client = memlane::rpc::open(name)?.client()?;
/// let mut pending = client.start(b"2 + 2", Duration::from_secs(10))?;
/// server.next()?.respond(b"4")?;
/// assert_eq!(pending.wait()?, b"4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(name: &str) -> Result<Channel, OpenError> {
    Options::new().open(name)
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// What only the options of an `rpc` channel have.
impl Options {
    /// The defaults: nothing is set.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().private()?;
    /// assert_eq!((channel.frames(), channel.max_message(), channel.max_response()), (256, 1024, 1024));
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn new() -> Self {
        Self::of_kind(Some(Kind::Rpc))
    }

    /// How many calls there can be at a time, from 1 to 65,536. Default: 256.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().frames(4).private()?;
    /// assert_eq!(channel.frames(), 4);
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn frames(mut self, frames: usize) -> Self {
        self.wishes.slots = Some(frames);
        self
    }

    /// Longest request in bytes, 1 GiB at most. Default: 1,024. As [`max_message`](Options::max_message).
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().max_request(4).private()?;
    /// let (client, _server) = (channel.client()?, channel.server()?);
    /// let error = client.call(b"hello", Duration::from_secs(1)).unwrap_err();
    /// assert_eq!(error, memlane::CallError::TooLarge { length: 5, max: 4 });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_request(self, bytes: usize) -> Self {
        self.max_message(bytes)
    }

    /// Longest answer in bytes, 1 GiB at most. Default: 1,024.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().max_response(4).private()?;
    /// let (client, server) = (channel.client()?, channel.server()?);
    /// let _pending = client.start(b"hello", Duration::from_secs(1))?;
    /// let error = server.next()?.respond(b"world").unwrap_err();
    /// assert_eq!(error, memlane::RespondError::TooLarge { length: 5, max: 4 });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_response(mut self, bytes: usize) -> Self {
        self.wishes.max_response = Some(bytes);
        self
    }

    /// How many clients there can be at a time, from 1 to 1,023. Default: 64. Clients and servers together are 1,024 at most.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().max_clients(1).private()?;
    /// let client = channel.client()?;
    /// assert!(matches!(channel.client(), Err(memlane::JoinError::RoleTaken { seats: 1, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_clients(mut self, clients: usize) -> Self {
        self.wishes.senders = Some(clients);
        self
    }

    /// How many servers there can be at a time, from 1 to 1,023. Default: 64.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().max_servers(1).private()?;
    /// let server = channel.server()?;
    /// assert!(matches!(channel.server(), Err(memlane::JoinError::RoleTaken { seats: 1, .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn max_servers(mut self, servers: usize) -> Self {
        self.wishes.receivers = Some(servers);
        self
    }

    /// Whether a call whose server died goes to another one, instead of failing with `ServerDied`. Then it may be done twice, or once and a half: for
    /// requests of which that does no harm. Default: false.
    ///
    /// Request and answer then have an area each in a frame; otherwise the answer stands where the request stood.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().retry(true).private()?;
    /// assert!(channel.info().calls.is_some_and(|calls| calls.retries));
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn retry(mut self, retry: bool) -> Self {
        self.wishes.repeats = Some(retry);
        self
    }

    /// How many servers may have a call at most, one after the other, where [calls are retried](Options::retry): the client is then told that the server died.
    /// So a request that kills its servers does not kill all of them. 0, the default: any number.
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().retry(true).max_attempts(3).private()?;
    /// assert!(channel.info().calls.is_some_and(|calls| calls.max_attempts == 3));
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn max_attempts(mut self, attempts: u16) -> Self {
        self.wishes.delivery_limit = Some(attempts);
        self
    }
}

/// What makes clients and servers.
impl Channel {
    /// Takes a client's seat. Calls of one that died before are taken back.
    ///
    /// Other processes take seats at the same time: a seat that was free a moment ago may be taken.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let called = channel.client()?.call(b"hello", Duration::from_secs(10));
    /// assert_eq!(called, Err(memlane::CallError::NoServer));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn client(&self) -> Result<Client, JoinError> {
        Client::join(&self.shared)
    }

    /// Takes a server's seat.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::rpc::Options::new().private()?;
    /// let (one, two) = (channel.server()?, channel.server()?); // they share the calls
    /// assert_ne!(one.row(), two.row());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn server(&self) -> Result<Server, JoinError> {
        Server::join(&self.shared)
    }

    /// How many calls there can be at a time.
    ///
    /// ```
    /// assert_eq!(memlane::rpc::Options::new().private()?.frames(), 256);
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    #[must_use]
    pub fn frames(&self) -> usize {
        self.shared.region.geometry().slots as usize
    }

    /// Longest answer in bytes.
    ///
    /// ```
    /// assert_eq!(memlane::rpc::Options::new().private()?.max_response(), 1024);
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    #[must_use]
    pub fn max_response(&self) -> usize {
        self.shared.region.geometry().max_response as usize
    }
}
