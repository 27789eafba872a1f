//! A Unix stream socket at a path. `SO_SNDBUF` is the size that was asked for, as far as `/proc/sys/net/core/wmem_max` allows;
//! everything else is the default.
//!
//! Copies in and out. Waits asleep in `read` and `write`, or polls with `O_NONBLOCK`. When a peer dies: the other one reads the
//! end of the stream, or gets `EPIPE`, at once.

use crate::peer::{Late, Named, Peer, Shape, Side, Waiting};
use crate::streams::{Stream, StreamRx, StreamTx};
use anyhow::{Context, Result};
use rustix::net::sockopt::set_socket_send_buffer_size;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// How its ends wait.
#[derive(Debug, Clone, Copy)]
pub struct UnixStreams(pub Waiting);

impl UnixStreams {
    fn open(self, path: &Path, side: Side, shape: Shape) -> Result<Late<Stream<UnixStream>>> {
        let set_up = move |stream: UnixStream| {
            set_socket_send_buffer_size(&stream, shape.room).context("sizing the socket's buffer")?;
            Stream::new(stream, self.0)
        };
        Ok(match side {
            Side::Creates => {
                let listener = UnixListener::bind(path).with_context(|| format!("binding {}", path.display()))?;
                Late::awaited(move || set_up(listener.accept()?.0))
            }
            Side::Opens => {
                let stream = UnixStream::connect(path).with_context(|| format!("connecting to {}", path.display()))?;
                Late::here(set_up(stream)?)
            }
        })
    }
}

impl Named for UnixStreams {
    fn id(&self) -> String {
        self.0.id("unix-stream")
    }

    fn label(&self) -> String {
        self.0.label("Unix stream socket")
    }

    fn may_sleep(&self) -> bool {
        self.0 == Waiting::Asleep
    }
}

impl<const N: usize> Peer<N> for UnixStreams {
    type Tx = StreamTx<N, UnixStream>;
    type Rx = StreamRx<N, UnixStream>;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Self::Tx> {
        Ok(StreamTx::new(self.open(path, side, shape)?))
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Self::Rx> {
        Ok(StreamRx::new(self.open(path, side, shape)?))
    }
}
