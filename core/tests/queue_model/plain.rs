//! The plain queues that a channel is compared with.

use super::Shape;
use std::collections::VecDeque;

/// A message, and how often it was delivered.
pub type Entry = (Vec<u8>, u16);

/// The queues, the most urgent first, and the counts.
#[derive(Debug)]
pub struct Plain {
    pub queues: Vec<VecDeque<Entry>>,
    slots: usize,
    limit: u16,
    discard: bool,
    /// Slots that receivers hold, and that senders have on loan.
    pub held: usize,
    pub lent: usize,
    pub dead_letters: u64,
    pub discarded: u64,
}

impl Plain {
    pub fn new(shape: &Shape) -> Self {
        Self {
            queues: vec![VecDeque::new(); shape.priorities],
            slots: shape.slots,
            limit: shape.limit,
            discard: shape.discard,
            held: 0,
            lent: 0,
            dead_letters: 0,
            discarded: 0,
        }
    }

    pub fn queued(&self) -> usize {
        self.queues.iter().map(VecDeque::len).sum()
    }

    pub fn free(&self) -> usize {
        self.slots - self.queued() - self.held - self.lent
    }

    pub fn least_urgent(&mut self) -> &mut VecDeque<Entry> {
        self.queues.last_mut().unwrap()
    }

    /// What the next receive gets, up to `max` of one priority, this delivery counted. It is held from here.
    pub fn take(&mut self, max: usize) -> (usize, Vec<Entry>) {
        let Some(priority) = self.queues.iter().position(|queue| !queue.is_empty()) else { return (0, Vec::new()) };
        let queue = &mut self.queues[priority];
        let taken = queue.drain(..max.min(queue.len())).map(|(bytes, deliveries)| (bytes, deliveries + 1));
        let taken: Vec<_> = taken.collect();
        self.held += taken.len();
        (priority, taken)
    }

    pub fn acknowledge(&mut self, messages: Vec<Entry>) {
        self.held -= messages.len();
    }

    pub fn give_back(&mut self, priority: usize, messages: Vec<Entry>) {
        self.held -= messages.len();
        for (bytes, deliveries) in messages {
            if self.limit != 0 && deliveries >= self.limit {
                self.dead_letters += 1;
            } else {
                self.queues[priority].push_back((bytes, deliveries));
            }
        }
    }

    /// Whoever held them is gone.
    pub fn abandon(&mut self, priority: usize, messages: Vec<Entry>) {
        if self.discard {
            self.discarded += messages.len() as u64;
            self.held -= messages.len();
        } else {
            self.give_back(priority, messages);
        }
    }
}
