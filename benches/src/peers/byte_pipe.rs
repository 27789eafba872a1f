//! memlane's byte pipe: `write_all` into an `spsc` channel, and `read_exact` out of it, next to the kernel's pipe and sockets.
//!
//! Copies in and out. Waits as its strategy says. When the writer dies, the reader reads what it had written and gets
//! `ConnectionReset`; when the reader dies, the writer gets `BrokenPipe`: after a slice.

use crate::peer::{Named, Peer, Rx, Shape, Side, Tx, buffer};
use anyhow::Result;
use memlane::Strategy;
use memlane::pipe::{Reader, Writer};
use memlane::spsc::{Channel, Options};
use std::io::{Read, Write};
use std::path::Path;

/// How its ends wait.
#[derive(Debug, Clone, Copy)]
pub struct BytePipe(pub Strategy);

impl BytePipe {
    fn channel(path: &Path, side: Side, shape: Shape) -> Result<Channel> {
        let (options, name) = (Options::new().capacity(shape.room), path.display().to_string());
        Ok(match side {
            Side::Creates => options.create(&name)?,
            Side::Opens => options.open(&name)?,
        })
    }
}

impl Named for BytePipe {
    fn id(&self) -> String {
        format!("memlane-pipe-{:?}", self.0).to_lowercase()
    }

    fn label(&self) -> String {
        let strategy = if self.0 == Strategy::default() { String::new() } else { format!(", {:?}", self.0) };
        format!("memlane pipe{strategy}")
    }

    fn may_sleep(&self) -> bool {
        self.0 != Strategy::Spin
    }
}

impl<const N: usize> Peer<N> for BytePipe {
    type Tx = PipeTx<N>;
    type Rx = PipeRx<N>;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Self::Tx> {
        let mut sender = Self::channel(path, side, shape)?.sender()?;
        sender.set_strategy(self.0);
        Ok(PipeTx { writer: sender.into(), message: buffer() })
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Self::Rx> {
        let mut receiver = Self::channel(path, side, shape)?.receiver()?;
        receiver.set_strategy(self.0);
        Ok(PipeRx { reader: receiver.into(), message: buffer() })
    }
}

pub struct PipeTx<const N: usize> {
    writer: Writer,
    message: Box<[u8; N]>,
}

impl<const N: usize> Tx<N> for PipeTx<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        write(&mut self.message);
        Ok(self.writer.write_all(&*self.message)?)
    }
}

pub struct PipeRx<const N: usize> {
    reader: Reader,
    message: Box<[u8; N]>,
}

impl<const N: usize> Rx<N> for PipeRx<N> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        self.reader.read_exact(&mut *self.message)?;
        Ok(read(&self.message))
    }
}
