//! TCP over the loopback device, with `TCP_NODELAY`; buffers are the kernel's, which it sizes itself. The address stands in
//! the file at the path.
//!
//! Copies in and out. Waits asleep in `read` and `write`, or polls with `O_NONBLOCK`. When a peer dies: the other one reads the
//! end of the stream, or gets `ECONNRESET` or `EPIPE`, at once.

use crate::peer::{Late, Named, Peer, Shape, Side, Waiting};
use crate::streams::{Stream, StreamRx, StreamTx};
use anyhow::{Context, Result};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;

/// How its ends wait.
#[derive(Debug, Clone, Copy)]
pub struct Tcp(pub Waiting);

impl Tcp {
    fn open(self, path: &Path, side: Side) -> Result<Late<Stream<TcpStream>>> {
        let set_up = move |stream: TcpStream| {
            stream.set_nodelay(true)?;
            Stream::new(stream, self.0)
        };
        Ok(match side {
            Side::Creates => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("binding a port")?;
                std::fs::write(path, listener.local_addr()?.to_string()).context("telling the address")?;
                Late::awaited(move || set_up(listener.accept()?.0))
            }
            Side::Opens => {
                let address = std::fs::read_to_string(path).context("asking for the address")?;
                let stream = TcpStream::connect(&address).with_context(|| format!("connecting to {address}"))?;
                Late::here(set_up(stream)?)
            }
        })
    }
}

impl Named for Tcp {
    fn id(&self) -> String {
        self.0.id("tcp")
    }

    fn label(&self) -> String {
        self.0.label("TCP loopback")
    }

    fn may_sleep(&self) -> bool {
        self.0 == Waiting::Asleep
    }
}

impl<const N: usize> Peer<N> for Tcp {
    type Tx = StreamTx<N, TcpStream>;
    type Rx = StreamRx<N, TcpStream>;

    fn tx(&self, path: &Path, side: Side, _: Shape) -> Result<Self::Tx> {
        Ok(StreamTx::new(self.open(path, side)?))
    }

    fn rx(&self, path: &Path, side: Side, _: Shape) -> Result<Self::Rx> {
        Ok(StreamRx::new(self.open(path, side)?))
    }
}
