//! The plain queues that a channel is compared with.

use super::Shape;
use std::collections::VecDeque;

/// A message, and how often it was delivered.
pub type Entry = (Vec<u8>, u16);

/// The queues, the most urgent first, and the counts.
#[derive(Debug)]
pub struct Plain {
    pub queues: Vec<VecDeque<Entry>>,
    /// What receivers that are gone held, by priority: it comes at any time, in any order.
    pub returned: Vec<Vec<Entry>>,
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
            returned: vec![Vec::new(); shape.priorities],
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
        self.queued_by_priority().iter().sum::<u64>() as usize
    }

    pub fn queued_by_priority(&self) -> Vec<u64> {
        self.queues.iter().zip(&self.returned).map(|(queue, returned)| (queue.len() + returned.len()) as u64).collect()
    }

    pub fn free(&self) -> usize {
        self.slots - self.queued() - self.held - self.lent
    }

    pub fn least_urgent(&mut self) -> &mut VecDeque<Entry> {
        self.queues.last_mut().unwrap()
    }

    /// A receive got these messages, the first of which came from this priority, and wanted up to `max`. They are held from here.
    ///
    /// Messages that look the same may be a queued and a returned one: whichever of the two it is taken for, the other one comes
    /// later.
    pub fn take(&mut self, priority: usize, got: &[Entry], max: usize) {
        let again = |(bytes, deliveries): &Entry| (bytes.clone(), deliveries + 1);
        let queue = &self.queues[priority];
        let is_urgent = self.queues[..priority].iter().all(VecDeque::is_empty);
        let queued: Vec<_> = queue.iter().take(max).map(again).collect();
        if is_urgent && queued == got {
            self.queues[priority].drain(..got.len());
        } else {
            let returned = self.returned[priority].iter().position(|entry| again(entry) == got[0]);
            let first = self.returned[priority].remove(returned.expect("the first one is neither queued nor returned"));
            // Behind one that was returned, a batch goes on only where nothing is more urgent.
            let more = if is_urgent { max - 1 } else { 0 };
            let queue = &mut self.queues[priority];
            let more = queue.drain(..more.min(queue.len()));
            let expected: Vec<_> = std::iter::once(first).chain(more).map(|entry| again(&entry)).collect();
            assert_eq!(got, expected);
        }
        self.held += got.len();
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
        self.held -= messages.len();
        for (bytes, deliveries) in messages {
            if self.discard {
                self.discarded += 1;
            } else if self.limit != 0 && deliveries >= self.limit {
                self.dead_letters += 1;
            } else {
                self.returned[priority].push((bytes, deliveries));
            }
        }
    }
}
