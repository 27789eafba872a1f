//! A POSIX message queue (`mq_open`), with room for as many messages as were asked for or `/proc/sys/fs/mqueue/msg_max` allows,
//! 10 by default. No message is longer than `msgsize_max`, 8 KiB by default.
//!
//! Copies in and out. Waits asleep in `mq_send` and `mq_receive`. When a peer dies: nobody notices; the other one waits forever.

use crate::foreign::MessageQueue;
use crate::peer::{Named, Peer, Rx, Shape, Side, Tx, buffer, whole};
use anyhow::{Context, Result};
use std::path::Path;

/// It has only one way.
#[derive(Debug, Clone, Copy)]
pub struct Posix;

fn open<const N: usize>(path: &Path, side: Side, shape: Shape) -> Result<Queue<N>> {
    let queue = match side {
        Side::Creates => {
            let allowed = std::fs::read_to_string("/proc/sys/fs/mqueue/msg_max").context("no message queues here")?;
            MessageQueue::create(path, (shape.room / N).clamp(1, allowed.trim().parse()?), N)?
        }
        Side::Opens => MessageQueue::open(path)?,
    };
    Ok(Queue { queue, message: buffer() })
}

impl Named for Posix {
    fn id(&self) -> String {
        "posix-message-queue".to_owned()
    }

    fn label(&self) -> String {
        "POSIX message queue".to_owned()
    }

    fn may_sleep(&self) -> bool {
        true
    }
}

impl<const N: usize> Peer<N> for Posix {
    type Tx = Queue<N>;
    type Rx = Queue<N>;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Queue<N>> {
        open(path, side, shape)
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Queue<N>> {
        open(path, side, shape)
    }
}

/// Either end.
#[derive(Debug)]
pub struct Queue<const N: usize> {
    queue: MessageQueue,
    message: Box<[u8; N]>,
}

impl<const N: usize> Tx<N> for Queue<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        write(&mut self.message);
        self.queue.send(&*self.message)
    }
}

impl<const N: usize> Rx<N> for Queue<N> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let length = self.queue.receive(&mut *self.message)?;
        Ok(read(whole(&self.message[..length])?))
    }
}
