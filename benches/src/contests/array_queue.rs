//! crossbeam's `ArrayQueue`: a bounded queue between threads, without blocking and without wake-ups. It claims a cell first
//! and fills it later: a sender that stops in between stops everybody.

use crate::contest::{Contest, End, Open, Pair, Watch};
use crate::contests::sums::{Count, Role, run_in_threads};
use anyhow::Result;
use crossbeam_queue::ArrayQueue;
use crossbeam_utils::Backoff;
use std::hint::black_box;
use std::sync::Arc;

/// Messages of `W` words through a queue of `slots`, by `each` senders to as many receivers.
pub fn one_way<const W: usize>(slots: usize, each: usize) -> Contest {
    Contest {
        id: format!("array-queue-{}-{slots}-{each}", 8 * W),
        label: "crossbeam ArrayQueue, push and pop".to_owned(),
        open: Open::Threads(Box::new(move || {
            let queue = Arc::new(ArrayQueue::<[u64; W]>::new(slots));
            let pair: Pair = (
                Box::new(Side { queue: Arc::clone(&queue), each, role: Role::Receives, number: 0 }),
                Box::new(Side { queue, each, role: Role::Sends, number: 0 }),
            );
            Ok(pair)
        })),
        may_sleep: false,
        target: None,
    }
}

struct Side<const W: usize> {
    queue: Arc<ArrayQueue<[u64; W]>>,
    each: usize,
    role: Role,
    number: u64,
}

impl<const W: usize> End for Side<W> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let (queue, role) = (&self.queue, self.role);
        let handles = vec![queue; self.each];
        let mut count = Count::new(&mut self.number, operations);
        let sum = run_in_threads(handles, &count, |queue, numbers| {
            let mut sum = 0u64;
            for number in numbers {
                let backoff = Backoff::new();
                match role {
                    Role::Sends => {
                        while queue.push([number; W]).is_err() {
                            backoff.snooze();
                        }
                    }
                    Role::Receives => {
                        let message = loop {
                            match queue.pop() {
                                Some(message) => break message,
                                None => backoff.snooze(),
                            }
                        };
                        sum = sum.wrapping_add(black_box(message)[W - 1]);
                    }
                }
            }
            Ok(sum)
        })?;
        watch.check(role == Role::Sends || sum == count.expected());
        count.done();
        Ok(())
    }
}
