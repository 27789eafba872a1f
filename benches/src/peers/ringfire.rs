//! ringfire: a ring of values in a mapped file, with one producer and any number of readers, each of which gets every message.
//!
//! Copies in and out. Its producers overwrite what was not read yet; here they use `FlowControl::LosslessBackpressure`, with which
//! a producer waits for the slowest reader that has registered. A reader polls (`BusySpin`). When a peer dies: the producer
//! takes a dead reader out of its registry when it finds the ring full for long; readers do not notice a dead producer.
//!
//! Its queue for several producers and consumers has no lossless mode: what was not taken within a lap of the ring is lost, and so
//! is a message whose slot somebody keeps for 10 ms. So it is no contestant among queues that lose nothing.

use crate::peer::{Late, Named, Peer, Rx, Shape, Side, Tx};
use anyhow::{Context, Result};
use ringfire::{BusySpin, FlowControl, RingConsumer, RingProducer, RingProducerBuilder};
use std::marker::PhantomData;
use std::path::Path;

/// ringfire, with messages of this type.
#[derive(Debug)]
pub struct Ringfire<M>(PhantomData<M>);

/// What ringfire's slots hold for a message of `N` bytes.
pub trait Message<const N: usize>: Copy + Send + 'static {
    /// With these bytes.
    fn of(bytes: [u8; N]) -> Self;

    /// Its bytes.
    fn bytes(&self) -> &[u8; N];
}

impl<const N: usize> Message<N> for [u8; N] {
    #[inline]
    fn of(bytes: [u8; N]) -> Self {
        bytes
    }

    #[inline]
    fn bytes(&self) -> &[u8; N] {
        self
    }
}

/// A message that starts at a line, behind a line with the slot's number: the fastest way for messages of 64 bytes.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Lines<const N: usize>([u8; N]);

impl<const N: usize> Message<N> for Lines<N> {
    #[inline]
    fn of(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    #[inline]
    fn bytes(&self) -> &[u8; N] {
        &self.0
    }
}

impl<M> Ringfire<M> {
    /// Both ends poll.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<M> Clone for Ringfire<M> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<M: Send + 'static> Named for Ringfire<M> {
    fn id(&self) -> String {
        "ringfire".to_owned()
    }

    fn label(&self) -> String {
        let lines = if align_of::<M>() == 64 { ", aligned to lines" } else { "" };
        format!("ringfire, lossless{lines}, busy polling")
    }

    fn may_sleep(&self) -> bool {
        false
    }
}

impl<const N: usize, M: Message<N>> Peer<N> for Ringfire<M> {
    type Tx = Pushing<M>;
    type Rx = Polling<M>;

    /// Only a producer can create a ring: it does so on either side.
    fn tx(&self, path: &Path, _: Side, shape: Shape) -> Result<Pushing<M>> {
        let ring = RingProducerBuilder::new((shape.room / N).next_power_of_two() as u64);
        let producer: RingProducer<M> = ring.flow_control(FlowControl::LosslessBackpressure).build(path)?;
        let registered = move || {
            // It waits for the readers that it knows of, so it starts when it knows its reader.
            let registry = producer.registry().context("a lossless ring without a registry")?;
            while registry.min_cursor().is_none() {
                std::hint::spin_loop();
            }
            Ok(producer)
        };
        Ok(Pushing { producer: Late::awaited(registered), batch: Vec::new() })
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Polling<M>> {
        let attach = |path: &Path| RingConsumer::<M>::attach(path);
        let consumer = match side {
            Side::Opens => Late::here(attach(path)?),
            Side::Creates => {
                let path = path.to_owned();
                Late::awaited(move || Ok(attach(&path)?))
            }
        };
        Ok(Polling { consumer, batch: vec![M::of([0; N]); shape.batch] })
    }
}

pub struct Pushing<M: Copy + 'static> {
    producer: Late<RingProducer<M>>,
    batch: Vec<M>,
}

/// A message as `write` writes it.
#[inline]
fn written<const N: usize, M: Message<N>>(write: impl FnOnce(&mut [u8; N])) -> M {
    let mut message = [0; N];
    write(&mut message);
    M::of(message)
}

impl<const N: usize, M: Message<N>> Tx<N> for Pushing<M> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        self.producer.get()?.push(&written(write));
        Ok(())
    }

    #[inline]
    fn send_batch(&mut self, count: usize, mut write: impl FnMut(&mut [u8; N])) -> Result<()> {
        self.batch.clear();
        self.batch.extend((0..count).map(|_| written::<N, M>(&mut write)));
        self.producer.get()?.push_batch(&self.batch);
        Ok(())
    }
}

pub struct Polling<M: Copy + 'static> {
    consumer: Late<RingConsumer<M>>,
    batch: Vec<M>,
}

impl<const N: usize, M: Message<N>> Rx<N> for Polling<M> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        Ok(read(self.consumer.get()?.recv_blocking(&mut BusySpin).bytes()))
    }

    #[inline]
    fn recv_batch(&mut self, max: usize, read: impl FnMut(&[u8; N])) -> Result<usize> {
        let consumer = self.consumer.get()?;
        let batch = &mut self.batch[..max];
        loop {
            let count = consumer.recv_batch(batch);
            if count > 0 {
                batch[..count].iter().map(M::bytes).for_each(read);
                return Ok(count);
            }
            std::hint::spin_loop();
        }
    }
}
