//! ipc-channel's channels of bytes: Unix seqpacket sockets with its own frames; what is longer than a socket's buffer is sent in
//! parts. Options: it has none.
//!
//! Copies in and out, and allocates each message that it receives. Waits asleep in `recv`, or polls with `try_recv`; `send` sleeps.
//! When a peer dies: the other one's next call is an error.

use crate::peer::{Late, Named, Peer, Rx, Shape, Side, Tx, Waiting, buffer, whole};
use anyhow::{Context, Result};
use ipc_channel::TryRecvError;
use ipc_channel::ipc::{IpcBytesReceiver, IpcBytesSender, IpcOneShotServer, IpcSender, bytes_channel};
use serde::{Serialize, de::DeserializeOwned};
use std::path::Path;

/// How its receivers wait.
#[derive(Debug, Clone, Copy)]
pub struct IpcChannel(pub Waiting);

/// The end that the other side will send: it has to come first. Where to, stands in the file at the path.
fn awaited<E: Serialize + DeserializeOwned + 'static>(path: &Path) -> Result<Late<E>> {
    let (server, name) = IpcOneShotServer::new().context("making a server")?;
    std::fs::write(path, name).context("telling its name")?;
    Ok(Late::awaited(move || Ok(server.accept()?.1)))
}

/// Sends one end to the side that came first, and has it keep the other.
fn give<E: Serialize + DeserializeOwned + 'static>(path: &Path, end: E) -> Result<()> {
    let name = std::fs::read_to_string(path).context("asking for the server's name")?;
    Ok(IpcSender::connect(name).context("connecting to the server")?.send(end)?)
}

impl Named for IpcChannel {
    fn id(&self) -> String {
        self.0.id("ipc-channel")
    }

    fn label(&self) -> String {
        self.0.label("ipc-channel")
    }

    fn may_sleep(&self) -> bool {
        self.0 == Waiting::Asleep
    }
}

impl<const N: usize> Peer<N> for IpcChannel {
    type Tx = Sending<N>;
    type Rx = Receiving;

    fn tx(&self, path: &Path, side: Side, _: Shape) -> Result<Sending<N>> {
        let tx = match side {
            Side::Creates => awaited(path)?,
            Side::Opens => {
                let (tx, rx) = bytes_channel()?;
                give(path, rx)?;
                Late::here(tx)
            }
        };
        Ok(Sending { tx, message: buffer() })
    }

    fn rx(&self, path: &Path, side: Side, _: Shape) -> Result<Receiving> {
        let rx = match side {
            Side::Creates => awaited(path)?,
            Side::Opens => {
                let (tx, rx) = bytes_channel()?;
                give(path, tx)?;
                Late::here(rx)
            }
        };
        Ok(Receiving { rx, waiting: self.0 })
    }
}

pub struct Sending<const N: usize> {
    tx: Late<IpcBytesSender>,
    message: Box<[u8; N]>,
}

impl<const N: usize> Tx<N> for Sending<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        write(&mut self.message);
        Ok(self.tx.get()?.send(&*self.message)?)
    }
}

pub struct Receiving {
    rx: Late<IpcBytesReceiver>,
    waiting: Waiting,
}

impl<const N: usize> Rx<N> for Receiving {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let rx = self.rx.get()?;
        let message = match self.waiting {
            Waiting::Asleep => rx.recv()?,
            Waiting::Spinning => loop {
                match rx.try_recv() {
                    Err(TryRecvError::Empty) => std::hint::spin_loop(),
                    message => break message?,
                }
            },
        };
        Ok(read(whole(&message)?))
    }
}
