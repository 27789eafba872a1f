//! rtrb: a single-producer single-consumer ring between threads, without blocking and without wake-ups.

use crate::contest::{Contest, End, Open, Pair, Watch};
use anyhow::Result;
use rtrb::{Consumer, Producer, PushError, RingBuffer};
use std::hint::black_box;

/// Messages of `W` words through a ring of `ring_bytes`, pushed and popped one by one.
pub fn one_by_one<const W: usize>(ring_bytes: usize) -> Contest {
    Contest {
        id: format!("rtrb-{}-{ring_bytes}", 8 * W),
        label: "rtrb, push and pop".to_owned(),
        open: Open::Threads(Box::new(move || {
            let (producer, consumer) = RingBuffer::<[u64; W]>::new(ring_bytes / (8 * W));
            let pair: Pair = (Box::new(Popping { consumer, number: 0 }), Box::new(Pushing { producer, number: 0 }));
            Ok(pair)
        })),
        may_sleep: false,
        target: None,
    }
}

struct Pushing<const W: usize> {
    producer: Producer<[u64; W]>,
    number: u64,
}

impl<const W: usize> End for Pushing<W> {
    fn run(&mut self, operations: u64, _: &mut Watch) -> Result<()> {
        let mut message = [0; W];
        for _ in 0..operations {
            self.number += 1;
            message[0] = self.number;
            message[W - 1] = self.number;
            let mut pushed = self.producer.push(message);
            while let Err(PushError::Full(message)) = pushed {
                std::hint::spin_loop();
                pushed = self.producer.push(message);
            }
        }
        Ok(())
    }
}

struct Popping<const W: usize> {
    consumer: Consumer<[u64; W]>,
    number: u64,
}

impl<const W: usize> End for Popping<W> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        for _ in 0..operations {
            self.number += 1;
            let message = loop {
                match self.consumer.pop() {
                    Ok(message) => break message,
                    Err(_) => std::hint::spin_loop(),
                }
            };
            let message: &[u64; W] = black_box(&message); // all of it, as in `stamp::is`
            watch.check(message[0] == self.number && message[W - 1] == self.number);
        }
        Ok(())
    }
}
