//! A kernel pipe: a FIFO in the file system, of the size that was asked for as far as `/proc/sys/fs/pipe-max-size` allows.
//!
//! Copies in and out. Waits asleep in `read` and `write`, or polls with `O_NONBLOCK`. When a peer dies: as each end has the
//! FIFO open for both directions, so that opening it waits for nobody, the other one waits forever; opened the other way
//! round, it would see the end of the file or `EPIPE`.

use crate::peer::{Late, Named, Peer, Shape, Side, Waiting};
use crate::streams::{Stream, StreamRx, StreamTx};
use anyhow::{Context, Result};
use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::pipe::fcntl_setpipe_size;
use std::fs::File;
use std::path::Path;

/// How its ends wait.
#[derive(Debug, Clone, Copy)]
pub struct Pipe(pub Waiting);

impl Pipe {
    fn open(self, path: &Path, side: Side, shape: Shape) -> Result<Late<Stream<File>>> {
        if side == Side::Creates {
            mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).with_context(|| format!("creating {}", path.display()))?;
        }
        let fifo = File::options().read(true).write(true).open(path);
        let fifo = fifo.with_context(|| format!("opening {}", path.display()))?;
        let allowed: usize = std::fs::read_to_string("/proc/sys/fs/pipe-max-size")?.trim().parse()?;
        fcntl_setpipe_size(&fifo, shape.room.min(allowed)).context("sizing the pipe")?;
        Ok(Late::here(Stream::new(fifo, self.0)?))
    }
}

impl Named for Pipe {
    fn id(&self) -> String {
        self.0.id("pipe")
    }

    fn label(&self) -> String {
        self.0.label("pipe")
    }

    fn may_sleep(&self) -> bool {
        self.0 == Waiting::Asleep
    }
}

impl<const N: usize> Peer<N> for Pipe {
    type Tx = StreamTx<N, File>;
    type Rx = StreamRx<N, File>;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Self::Tx> {
        Ok(StreamTx::new(self.open(path, side, shape)?))
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Self::Rx> {
        Ok(StreamRx::new(self.open(path, side, shape)?))
    }
}
