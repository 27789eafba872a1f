//! crossbeam's `ArrayQueue`: a bounded queue between threads, without blocking and without wake-ups. It claims a cell first
//! and fills it later: a sender that stops in between stops everybody.
//!
//! Who finds it full or empty backs off as crossbeam's own channels do, by `Backoff::snooze`: some spinning, then
//! `yield_now` each time. With more threads than cores a user has to: who only spins takes the core from who it waits for.

use crate::contest::{Contest, Crew, End, Open, Pair, Watch};
use crate::contests::sums::{Numbers, receive};
use anyhow::Result;
use crossbeam_queue::ArrayQueue;
use crossbeam_utils::Backoff;
use std::sync::Arc;

/// Messages of `W` words through a queue of `slots`, by `each` senders to as many receivers.
pub fn one_way<const W: usize>(slots: usize, each: usize) -> Contest {
    let queue = move || Arc::new(ArrayQueue::<[u64; W]>::new(slots));
    let open = if each == 1 {
        Open::Threads(Box::new(move || {
            let queue = queue();
            let receiving = Popping { queue: Arc::clone(&queue) };
            let pair: Pair = (Box::new(receiving), Box::new(Pushing { queue, numbers: Numbers::of(0) }));
            Ok(pair)
        }))
    } else {
        let crew = Crew { receivers: each, senders: each };
        Open::CrewOfThreads(
            crew,
            Box::new(move || {
                let queue = queue();
                let end = |seat| -> Box<dyn End> {
                    let queue = Arc::clone(&queue);
                    match crew.sender(seat) {
                        Some(sender) => Box::new(Pushing { queue, numbers: Numbers::of(sender) }),
                        None => Box::new(Popping { queue }),
                    }
                };
                Ok((0..crew.size()).map(end).collect())
            }),
        )
    };
    Contest {
        id: format!("array-queue-{}-{slots}-{each}", 8 * W),
        label: "crossbeam ArrayQueue, push and pop".to_owned(),
        open,
        may_sleep: false,
        target: None,
    }
}

struct Pushing<const W: usize> {
    queue: Arc<ArrayQueue<[u64; W]>>,
    numbers: Numbers,
}

impl<const W: usize> End for Pushing<W> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        for _ in 0..operations {
            let message = [self.numbers.send(watch); W];
            let backoff = Backoff::new();
            while self.queue.push(message).is_err() {
                backoff.snooze();
            }
        }
        Ok(())
    }
}

struct Popping<const W: usize> {
    queue: Arc<ArrayQueue<[u64; W]>>,
}

impl<const W: usize> End for Popping<W> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        for _ in 0..operations {
            let backoff = Backoff::new();
            let message = loop {
                match self.queue.pop() {
                    Some(message) => break message,
                    None => backoff.snooze(),
                }
            };
            receive(&message, watch);
        }
        Ok(())
    }
}
