//! ZeroMQ's PUSH and PULL over `ipc://`, of Debian's libzmq: a Unix stream socket with frames, which a thread of the library's own
//! writes and reads; that runs on the core of its end. Both high-water marks are as many messages as were asked for; everything
//! else is the default: one thread a context.
//!
//! Copies in; out, a message is read where the library has it. Waits asleep. When a peer dies: the other one waits for a new
//! one, and so forever.

use crate::peer::{Named, Peer, Rx, Shape, Side, Tx, buffer, whole};
use anyhow::{Context as _, Result};
use std::path::Path;
use zmq::{Context, Message, PULL, PUSH, Socket, SocketType};

/// It has only one way.
#[derive(Debug, Clone, Copy)]
pub struct ZeroMq;

fn open<const N: usize>(kind: SocketType, path: &Path, side: Side, shape: Shape) -> Result<Socket> {
    let socket = Context::new().socket(kind)?;
    // What nobody received when the end is closed is lost.
    socket.set_linger(0)?;
    let messages = (shape.room / N) as i32;
    socket.set_sndhwm(messages)?;
    socket.set_rcvhwm(messages)?;
    let address = format!("ipc://{}", path.display());
    match side {
        Side::Creates => socket.bind(&address).with_context(|| format!("binding {address}"))?,
        // It goes on in the background.
        Side::Opens => socket.connect(&address).with_context(|| format!("connecting to {address}"))?,
    }
    Ok(socket)
}

impl Named for ZeroMq {
    fn id(&self) -> String {
        "zeromq".to_owned()
    }

    fn label(&self) -> String {
        "ZeroMQ PUSH/PULL".to_owned()
    }

    fn may_sleep(&self) -> bool {
        true
    }
}

impl<const N: usize> Peer<N> for ZeroMq {
    type Tx = Pushing<N>;
    type Rx = Pulling;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Pushing<N>> {
        Ok(Pushing { socket: open::<N>(PUSH, path, side, shape)?, message: buffer() })
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Pulling> {
        Ok(Pulling { socket: open::<N>(PULL, path, side, shape)?, message: Message::new() })
    }
}

pub struct Pushing<const N: usize> {
    socket: Socket,
    message: Box<[u8; N]>,
}

impl<const N: usize> Tx<N> for Pushing<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        write(&mut self.message);
        Ok(self.socket.send(self.message.as_slice(), 0)?)
    }
}

pub struct Pulling {
    socket: Socket,
    message: Message,
}

impl<const N: usize> Rx<N> for Pulling {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        self.socket.recv(&mut self.message, 0)?;
        Ok(read(whole(&self.message)?))
    }
}
