//! shaq's `spsc`, a ring of values in a mapped file: as many as were asked for, rounded up to a power of two.
//!
//! Copies nothing: a message is written and read where it is in the ring. A receiver polls by `try_reserve_read_batch` of one,
//! or sleeps by `reserve_read_batch_timeout` after some polling; a sender polls while the ring is full. When a peer dies: nobody
//! notices; the other one waits forever.

use crate::peer::{Named, Peer, Rx, Shape, Side, Tx, Waiting};
use anyhow::{Context, Result};
use shaq::error::WaitError;
use shaq::spsc::{Consumer, Producer, minimum_file_size};
use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

/// How its receivers wait.
#[derive(Debug, Clone, Copy)]
pub struct Shaq(pub Waiting);

/// The queue's file, and its size.
fn file<const N: usize>(path: &Path, side: Side, shape: Shape) -> Result<(File, usize)> {
    let mut options = File::options();
    let file = options.read(true).write(true).create_new(side == Side::Creates).open(path);
    Ok((file.with_context(|| format!("opening {}", path.display()))?, minimum_file_size::<[u8; N]>(shape.room / N)))
}

impl Named for Shaq {
    fn id(&self) -> String {
        self.0.id("shaq")
    }

    fn label(&self) -> String {
        self.0.label("shaq")
    }

    fn may_sleep(&self) -> bool {
        self.0 == Waiting::Asleep
    }
}

impl<const N: usize> Peer<N> for Shaq {
    type Tx = Writing<N>;
    type Rx = Reading<N>;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Writing<N>> {
        let (file, bytes) = file::<N>(path, side, shape)?;
        // SAFETY: the side that creates is the only one that does, and there is one producer of arrays of bytes, which are
        // valid in any process.
        let producer = unsafe {
            match side {
                Side::Creates => Producer::create(&file, bytes)?,
                Side::Opens => Producer::join(&file)?,
            }
        };
        Ok(Writing { producer })
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Reading<N>> {
        let (file, bytes) = file::<N>(path, side, shape)?;
        // SAFETY: as in `tx`, for the one consumer.
        let consumer = unsafe {
            match side {
                Side::Creates => Consumer::create(&file, bytes)?,
                Side::Opens => Consumer::join(&file)?,
            }
        };
        Ok(Reading { consumer, waiting: self.0 })
    }
}

pub struct Writing<const N: usize> {
    producer: Producer<[u8; N]>,
}

impl<const N: usize> Tx<N> for Writing<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        loop {
            let mut batch = self.producer.write_batch();
            // SAFETY: what is returned is bytes of a file, zeros at first, and so an array already.
            if let Some(message) = unsafe { batch.try_as_mut().map(|slot| slot.assume_init_mut()) } {
                write(message);
                return Ok(());
            }
            // Dropped, it would publish that there is nothing new.
            std::mem::forget(batch);
            std::hint::spin_loop();
        }
    }
}

pub struct Reading<const N: usize> {
    consumer: Consumer<[u8; N]>,
    waiting: Waiting,
}

impl<const N: usize> Rx<N> for Reading<N> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        loop {
            let batch = match self.waiting {
                Waiting::Spinning => self.consumer.try_reserve_read_batch(NonZeroUsize::MIN),
                Waiting::Asleep => {
                    match self.consumer.reserve_read_batch_timeout(NonZeroUsize::MIN, Duration::from_secs(3600)) {
                        Err(WaitError::Timeout) => None,
                        batch => Some(batch?),
                    }
                }
            };
            if let Some(batch) = batch {
                return Ok(read(&batch[0]));
            }
            std::hint::spin_loop();
        }
    }
}
