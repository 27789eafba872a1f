//! What a receiver of numbered messages got and lost.

/// See the module. The messages are numbers of 8 bytes, from 0 on.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    pub received: u64,
    pub lost: u64,
}

impl Account {
    /// The number of the next message.
    pub fn next(&self) -> u64 {
        self.received + self.lost
    }

    /// A message of this number came.
    #[track_caller]
    pub fn got(&mut self, number: u64) {
        assert_eq!(number, self.next(), "in order, and what is missing was told");
        self.received += 1;
    }

    /// This message came.
    #[track_caller]
    pub fn got_bytes(&mut self, message: &[u8]) {
        self.got(u64::from_le_bytes(message.try_into().expect("a number")));
    }

    /// So many were lost.
    #[track_caller]
    pub fn told(&mut self, lost: u64) {
        assert!(lost > 0);
        self.lost += lost;
    }
}
