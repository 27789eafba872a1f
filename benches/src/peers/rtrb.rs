//! rtrb: a single-producer single-consumer ring between threads, without blocking and without wake-ups.

use crate::peer::{Named, Rx, Shape, ThreadPeer, Tx};
use anyhow::{Result, ensure};
use rtrb::{Consumer, Producer, PushError, RingBuffer};

/// Messages pushed and popped one by one.
#[derive(Debug, Clone, Copy)]
pub struct Rtrb;

impl Named for Rtrb {
    fn id(&self) -> String {
        "rtrb".to_owned()
    }

    fn label(&self) -> String {
        "rtrb".to_owned()
    }

    fn may_sleep(&self) -> bool {
        false
    }
}

impl<const N: usize> ThreadPeer<N> for Rtrb {
    type Tx = Pushing<N>;
    type Rx = Popping<N>;

    fn ends(&self, shape: Shape, senders: usize, receivers: usize) -> Result<(Vec<Pushing<N>>, Vec<Popping<N>>)> {
        ensure!((senders, receivers) == (1, 1), "rtrb has one producer and one consumer");
        let (producer, consumer) = RingBuffer::new(shape.room / N);
        Ok((vec![Pushing { producer }], vec![Popping { consumer }]))
    }
}

#[derive(Debug)]
pub struct Pushing<const N: usize> {
    producer: Producer<[u8; N]>,
}

impl<const N: usize> Tx<N> for Pushing<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        let mut message = [0; N];
        write(&mut message);
        let mut pushed = self.producer.push(message);
        while let Err(PushError::Full(message)) = pushed {
            std::hint::spin_loop();
            pushed = self.producer.push(message);
        }
        Ok(())
    }
}

#[derive(Debug)]
pub struct Popping<const N: usize> {
    consumer: Consumer<[u8; N]>,
}

impl<const N: usize> Rx<N> for Popping<N> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        loop {
            if let Ok(message) = self.consumer.pop() {
                return Ok(read(&message));
            }
            std::hint::spin_loop();
        }
    }
}
