//! What a lane is compared with: a queue that is obviously right, and the positions at which its records stand.

use std::collections::VecDeque;

/// A message that is committed and not yet released.
#[derive(Debug, Clone)]
pub struct Entry {
    pub sequence: u64,
    pub content: Vec<u8>,
    /// Positions of its record, without the padding in front of it.
    start: u64,
    end: u64,
}

/// A lane, as `docs/layout.md` describes it.
pub struct Model {
    pub capacity: u64,
    /// Bytes of a record in front of its payload.
    pub header: u64,
    /// Of records.
    pub alignment: u64,
    pub queue: VecDeque<Entry>,
    /// Behind the last committed record.
    pub committed: u64,
    /// Where the reader stands: behind the last released record and any padding that it has seen since.
    pub released: u64,
    /// What the writer knows of that.
    pub published: u64,
    pub sent: u64,
}

impl Model {
    pub fn new(capacity: u64, header: u64, alignment: u64) -> Self {
        let queue = VecDeque::new();
        Self { capacity, header, alignment, queue, committed: 0, released: 0, published: 0, sent: 0 }
    }

    pub fn record(&self, length: usize) -> u64 {
        (self.header + length as u64).next_multiple_of(self.alignment)
    }

    /// Bytes from the last committed record to the ring's end.
    pub fn until_end(&self) -> u64 {
        self.capacity - self.committed % self.capacity
    }

    /// Where a record with room for `length` bytes would start.
    fn start(&self, length: usize) -> u64 {
        let until_end = self.until_end();
        self.committed + if self.record(length) > until_end { until_end } else { 0 }
    }

    pub fn fits(&self, length: usize) -> bool {
        self.start(length) + self.record(length) + self.header <= self.published + self.capacity
    }

    /// Commits `content` into room for `reserved` bytes.
    pub fn commit(&mut self, content: Vec<u8>, reserved: usize) {
        let start = self.start(reserved);
        let end = start + self.record(content.len());
        self.queue.push_back(Entry { sequence: self.sent, content, start, end });
        self.committed = end;
        self.sent += 1;
    }

    /// The first message, as whoever looks for it finds it.
    pub fn look(&mut self) -> Option<Entry> {
        let entry = self.queue.front()?.clone();
        self.released = entry.start;
        Some(entry)
    }

    /// Releases the first message, and everything in front of it.
    pub fn release(&mut self) {
        self.released = self.queue.pop_front().expect("a message").end;
        self.publish();
    }

    pub fn publish(&mut self) {
        self.published = self.released;
    }
}
