//! Messages of 8 bytes that say how many were sent before them.

use memlane::broadcast::{Message, Receiver, Sender};
use std::ops::Range;

/// Sends these.
pub fn send(tx: &mut Sender, numbers: Range<u64>) {
    for number in numbers {
        tx.send(&number.to_le_bytes()).unwrap();
    }
}

/// What a message says, and is.
#[track_caller]
pub fn number_of(message: &Message<'_>) -> u64 {
    let number = message.read().unwrap();
    assert_eq!(number, message.sequence());
    number
}

/// The numbers of what there is now.
pub fn all_of(rx: &mut Receiver) -> Vec<u64> {
    std::iter::from_fn(|| rx.try_recv().ok().map(|message| number_of(&message))).collect()
}

/// These, in a list.
pub fn numbers(range: Range<u64>) -> Vec<u64> {
    range.collect()
}
