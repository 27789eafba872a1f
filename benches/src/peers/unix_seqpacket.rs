//! A Unix socket that keeps messages apart (`SOCK_SEQPACKET`), at a path. `SO_SNDBUF` is the size that was asked for, as far as
//! `/proc/sys/net/core/wmem_max` allows: a message that is longer cannot be sent.
//!
//! Copies in and out. Waits asleep in `send` and `recv`. When a peer dies: the other one receives the empty message that stands
//! for the end, or gets `EPIPE`, at once.

use crate::peer::{Late, Named, Peer, Rx, Shape, Side, Tx, buffer, whole};
use anyhow::{Context, Result};
use rustix::fd::OwnedFd;
use rustix::net::sockopt::set_socket_send_buffer_size;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept, bind, connect, listen, recv,
    send, socket_with,
};
use std::path::Path;

/// It has only one way.
#[derive(Debug, Clone, Copy)]
pub struct UnixSeqpacket;

fn open<const N: usize>(path: &Path, side: Side, shape: Shape) -> Result<Packets<N>> {
    let set_up = move |socket: OwnedFd| {
        set_socket_send_buffer_size(&socket, shape.room).context("sizing the socket's buffer")?;
        Ok(socket)
    };
    let address = SocketAddrUnix::new(path)?;
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    let socket = match side {
        Side::Creates => {
            bind(&socket, &address).with_context(|| format!("binding {}", path.display()))?;
            listen(&socket, 1)?;
            Late::awaited(move || set_up(accept(&socket)?))
        }
        Side::Opens => {
            connect(&socket, &address).with_context(|| format!("connecting to {}", path.display()))?;
            Late::here(set_up(socket)?)
        }
    };
    Ok(Packets { socket, message: buffer() })
}

impl Named for UnixSeqpacket {
    fn id(&self) -> String {
        "unix-seqpacket".to_owned()
    }

    fn label(&self) -> String {
        "Unix seqpacket socket".to_owned()
    }

    fn may_sleep(&self) -> bool {
        true
    }
}

impl<const N: usize> Peer<N> for UnixSeqpacket {
    type Tx = Packets<N>;
    type Rx = Packets<N>;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Packets<N>> {
        open(path, side, shape)
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Packets<N>> {
        open(path, side, shape)
    }
}

/// Either end.
pub struct Packets<const N: usize> {
    socket: Late<OwnedFd>,
    message: Box<[u8; N]>,
}

impl<const N: usize> Tx<N> for Packets<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        write(&mut self.message);
        // All of it or nothing, as it is one packet.
        send(self.socket.get()?, &*self.message, SendFlags::NOSIGNAL)?;
        Ok(())
    }
}

impl<const N: usize> Rx<N> for Packets<N> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let (length, _) = recv(self.socket.get()?, &mut *self.message, RecvFlags::empty())?;
        Ok(read(whole(&self.message[..length])?))
    }
}
