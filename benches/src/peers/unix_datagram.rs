//! Unix datagram sockets: one that is bound to a path and receives, and any number that send to it.
//!
//! Copies in and out. Waits asleep in `send` and `recv`. How many messages may be under way is the kernel's
//! `net.unix.max_dgram_qlen`, 10 where nobody changed it, whatever size was asked for. A receiver that has gone is `ECONNREFUSED` to
//! its senders; it is not told of theirs.

use crate::peer::{Late, Named, Peer, Rx, Shape, Side, Tx, buffer, whole};
use anyhow::{Context, Result};
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// Messages one by one, of which there are no batches.
#[derive(Debug, Clone, Copy)]
pub struct UnixDatagrams;

impl Named for UnixDatagrams {
    fn id(&self) -> String {
        "unix-datagram".to_owned()
    }

    fn label(&self) -> String {
        "Unix datagram socket".to_owned()
    }

    fn may_sleep(&self) -> bool {
        true
    }
}

impl<const N: usize> Peer<N> for UnixDatagrams {
    type Tx = Sending<N>;
    type Rx = Receiving<N>;

    fn tx(&self, path: &Path, side: Side, _: Shape) -> Result<Sending<N>> {
        let socket = UnixDatagram::unbound()?;
        let path = path.to_owned();
        let socket = match side {
            Side::Creates => Late::awaited(move || connect_when_bound(socket, &path)),
            Side::Opens => Late::here(connect_when_bound(socket, &path)?),
        };
        Ok(Sending { socket, message: buffer() })
    }

    fn rx(&self, path: &Path, _: Side, _: Shape) -> Result<Receiving<N>> {
        let socket = UnixDatagram::bind(path).with_context(|| format!("binding {}", path.display()))?;
        Ok(Receiving { socket, message: buffer() })
    }
}

/// The receiver binds the path: here already, or, where the sender comes first, by the sender's first message.
fn connect_when_bound(socket: UnixDatagram, path: &Path) -> Result<UnixDatagram> {
    loop {
        match socket.connect(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => std::thread::yield_now(),
            connected => {
                connected.with_context(|| format!("connecting to {}", path.display()))?;
                return Ok(socket);
            }
        }
    }
}

pub struct Sending<const N: usize> {
    socket: Late<UnixDatagram>,
    message: Box<[u8; N]>,
}

impl<const N: usize> Tx<N> for Sending<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        write(&mut self.message);
        // All of it or nothing, as it is one packet.
        self.socket.get()?.send(&*self.message)?;
        Ok(())
    }
}

pub struct Receiving<const N: usize> {
    socket: UnixDatagram,
    message: Box<[u8; N]>,
}

impl<const N: usize> Rx<N> for Receiving<N> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let length = self.socket.recv(&mut *self.message)?;
        Ok(read(whole(&self.message[..length])?))
    }
}
