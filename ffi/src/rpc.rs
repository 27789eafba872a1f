//! Calls: calling servers, and answering.

use crate::arguments::{self, Timeout, out};
use crate::call::done;
use crate::channel::Opened;
use crate::detail::{self, Failed};
use crate::errors::Coded;
use crate::handles::{self, ChannelHandle, Handle};
use crate::status::Status;
use crate::table::Table;
use memlane::rpc::{Call, Channel, Client, Server};
use memlane::{RespondError, TryRecvError};
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

/// A client of an rpc channel. All zero is none. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClientHandle {
    /// Nobody's business.
    pub id: u64,
}

/// A server of an rpc channel. All zero is none. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerHandle {
    /// Nobody's business.
    pub id: u64,
}

/// What a client's handle leads to.
pub(crate) struct Calling {
    client: Client,
    /// What failures call the channel.
    label: Arc<str>,
}

/// What a server's handle leads to: the server, and the call that it has.
pub(crate) struct Serving {
    /// Gone before the server is: see `Drop`.
    call: Option<Call<'static>>,
    /// Whether the request of that call was copied.
    is_copied: bool,
    server: NonNull<Server>,
    label: Arc<str>,
}

// SAFETY: server and call are used by one thread at a time, which the table sees to, and together: a `Server` may move between threads, and the call,
// which borrows it, never leaves its side.
unsafe impl Send for Serving {}

impl Serving {
    fn new(server: Server, label: Arc<str>) -> Self {
        Self { call: None, is_copied: false, server: NonNull::from(Box::leak(Box::new(server))), label }
    }

    fn server(&self) -> &'static Server {
        // SAFETY: it was leaked by `new`, and lives until `drop`, behind every call that borrows it: these stay in `call`.
        unsafe { self.server.as_ref() }
    }

    /// The next call, unless there is one whose request was not copied yet. One that was copied and not answered is dropped.
    fn next(&mut self, timeout: Timeout) -> Result<(), Failed> {
        if self.call.is_some() && !self.is_copied {
            return Ok(());
        }
        self.call = None;
        let server = self.server();
        let next = match timeout {
            Timeout::Try => server.try_next().map_err(|error| error.fail_on(&self.label)),
            Timeout::For(time) => server.next_timeout(time).map_err(|error| error.fail_on(&self.label)),
            Timeout::Forever => server.next().map_err(|error| error.fail_on(&self.label)),
        };
        self.call = Some(next?);
        self.is_copied = false;
        Ok(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.call = None;
        // SAFETY: leaked by `new`, and nothing borrows it any more.
        drop(unsafe { Box::from_raw(self.server.as_ptr()) });
    }
}

static CLIENTS: Table<Box<Calling>, { handles::CLIENTS }> = Table::new();
static SERVERS: Table<Box<Serving>, { handles::SERVERS }> = Table::new();

impl Handle<{ handles::CLIENTS }> for ClientHandle {
    type Thing = Box<Calling>;
    const NOUN: &'static str = "client";

    fn table() -> &'static Table<Box<Calling>, { handles::CLIENTS }> {
        &CLIENTS
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }
}

impl Handle<{ handles::SERVERS }> for ServerHandle {
    type Thing = Box<Serving>;
    const NOUN: &'static str = "server";

    fn table() -> &'static Table<Box<Serving>, { handles::SERVERS }> {
        &SERVERS
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }
}

/// The channel, which has to be one that is called.
fn rpc(of: &Opened) -> Result<Channel, Failed> {
    let refused = || {
        let sentence = format!("channel {} is of kind {}, and has no calls", of.label, of.channel.kind());
        detail::record(Status::MEMLANE_WRONG_KIND, sentence)
    };
    of.channel.to_rpc().ok_or_else(refused)
}

/// Takes a client's seat of an rpc channel (MEMLANE_RPC). MEMLANE_ROLE_TAKEN while all are taken; MEMLANE_WRONG_KIND if the channel is of another
/// kind. `client` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_client_new(channel: ChannelHandle, client: *mut ClientHandle) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(client, "client") }?;
        let of = channel.get()?;
        let client = rpc(&of)?.client().map_err(|error| error.fail())?;
        *into = ClientHandle::new(Box::new(Calling { client, label: of.label }))?;
        Ok(())
    })
}

/// Leaves the channel, and closes the handle.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_client_close(client: ClientHandle) -> Status {
    done(|| client.remove().map(drop))
}

/// Calls a server with a request of `request_length` bytes (`request` may be null if there are none), and copies the answer into `buffer`; its length is
/// stored. Waits for timeout_ns nanoseconds at most, for ever if it is -1. MEMLANE_TIMEOUT: the call is given up, and what a server still answers reaches
/// nobody. MEMLANE_NO_SERVER at once if no server is there, or when the last one goes, unless the channel is persistent. MEMLANE_SERVER_DIED: it may have
/// done what it was asked for. MEMLANE_TOO_LARGE if the request has more than the channel's max_message. MEMLANE_BUFFER_TOO_SMALL if the answer has more
/// than `capacity` bytes: its length is stored, and it is lost.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_call(
    client: ClientHandle,
    request: *const c_void,
    request_length: usize,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let request = unsafe { arguments::bytes(request, request_length)? };
        // SAFETY: the crate's contract.
        let (buffer, into) = unsafe { (arguments::buffer(buffer, capacity)?, out(length, "length")?) };
        let timeout = match Timeout::from_ns(timeout_ns)? {
            Timeout::Try => Duration::ZERO,
            Timeout::For(time) => time,
            Timeout::Forever => Duration::MAX,
        };
        let calling = client.enter()?;
        match calling.client.call_into(request, buffer, timeout) {
            Ok(copied) => {
                *into = copied;
                Ok(())
            }
            Err(error) => {
                if let Some(needed) = error.needed() {
                    *into = needed;
                }
                Err(error.fail_on(&calling.label))
            }
        }
    })
}

/// Takes a server's seat of an rpc channel (MEMLANE_RPC). MEMLANE_ROLE_TAKEN while all are taken; MEMLANE_WRONG_KIND if the channel is of another
/// kind. `server` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_server_new(channel: ChannelHandle, server: *mut ServerHandle) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(server, "server") }?;
        let of = channel.get()?;
        let server = rpc(&of)?.server().map_err(|error| error.fail())?;
        *into = ServerHandle::new(Box::new(Serving::new(server, of.label)))?;
        Ok(())
    })
}

/// Leaves the channel, and closes the handle. The client of a call that it still has is told that no answer comes.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_server_close(server: ServerHandle) -> Status {
    done(|| server.remove().map(drop))
}

/// Takes the next call, copies its request into `buffer`, and stores its length. Waits while there is none, for timeout_ns nanoseconds, not at all if that is
/// 0 (MEMLANE_EMPTY), for ever if it is -1. The server has the call until memlane_respond or memlane_refuse; if it takes the next one instead, the
/// client is told that no answer comes. MEMLANE_BUFFER_TOO_SMALL if the request has more than `capacity` bytes: its length is stored, and the next
/// memlane_next_call copies the same request. MEMLANE_DISCONNECTED if the channel was shut down; servers wait for clients to come.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_next_call(
    server: ServerHandle,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (buffer, into) = unsafe { (arguments::buffer(buffer, capacity)?, out(length, "length")?) };
        let timeout = Timeout::from_ns(timeout_ns)?;
        let mut serving = server.enter()?;
        serving.next(timeout)?;
        let Some(call) = &serving.call else { return Err(TryRecvError::Empty.fail_on(&serving.label)) };
        match call.copy_to(buffer) {
            Ok(copied) => {
                *into = copied;
                serving.is_copied = true;
                Ok(())
            }
            Err(small) => {
                *into = small.needed;
                Err(TryRecvError::BufferTooSmall { needed: small.needed }.fail_on(&serving.label))
            }
        }
    })
}

/// Answers the call that the server has with `length` bytes; `data` may be null if there are none. MEMLANE_EMPTY if it has none. MEMLANE_CANCELLED: the
/// client has given the call up. MEMLANE_TOO_LARGE if the channel's max_response is less: the client is told that no answer comes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_respond(server: ServerHandle, data: *const c_void, length: usize) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let answer = unsafe { arguments::bytes(data, length)? };
        let mut serving = server.enter()?;
        let Some(call) = serving.call.take() else { return Err(no_call(&serving.label)) };
        call.respond(answer).map_err(|error: RespondError| error.fail_on(&serving.label))
    })
}

/// Tells the client of the call that the server has that no answer comes: it gets MEMLANE_SERVER_DIED. MEMLANE_EMPTY if the server has none.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_refuse(server: ServerHandle) -> Status {
    done(|| {
        let mut serving = server.enter()?;
        serving.call.take().map(drop).ok_or_else(|| no_call(&serving.label))
    })
}

/// Stores 1 if the client of the call that the server has gave it up, else 0. MEMLANE_EMPTY if it has none. One look at memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_is_cancelled(server: ServerHandle, cancelled: *mut u32) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(cancelled, "cancelled") }?;
        let serving = server.enter()?;
        *into = serving.call.as_ref().ok_or_else(|| no_call(&serving.label))?.is_cancelled().into();
        Ok(())
    })
}

#[cold]
fn no_call(channel: &Arc<str>) -> Failed {
    detail::record(Status::MEMLANE_EMPTY, format!("channel {channel}: the server has no call to answer"))
}
