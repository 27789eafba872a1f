//! A participant hands over to another one, which joins before it leaves: at no moment is nobody there, and nobody says so.
//!
//! The rows of the old and the new one lie as far apart as they can, so that a look at all rows passes the new one's before it comes,
//! and the old one's after it has left.

use memlane::generic::{Channel, ChannelKind};
use memlane::{TryRecvError, TrySendError, mpmc, mpsc};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// More rows take longer to look at.
const SEATS: usize = 300;
const HANDOVERS: usize = 60;

/// A participant in the last row hands over to one in the first, again and again, until `look` sees what there is not.
fn hand_over<H: Send>(join: impl Fn() -> H + Sync, mut look: impl FnMut() -> bool) {
    let over = AtomicBool::new(false);
    let first = join();
    let seen = std::thread::scope(|scope| {
        let handing = scope.spawn(|| {
            let mut here = first;
            for _ in 0..HANDOVERS {
                // One that has all rows in front of it, which are free again at once.
                let mut all: Vec<_> = (1..SEATS).map(|_| join()).collect();
                let last = all.pop();
                drop(std::mem::replace(&mut here, last.expect("a seat")));
                drop(all);
                let new = join();
                drop(std::mem::replace(&mut here, new));
            }
            over.store(true, SeqCst);
            here
        });
        let mut seen = false;
        while !over.load(SeqCst) {
            seen |= look();
        }
        drop(handing.join());
        seen
    });
    assert!(!seen, "somebody was there at every moment");
}

fn senders_hand_over<K: ChannelKind>(channel: &Channel<K>) {
    let mut receiver = channel.receiver().unwrap();
    hand_over(
        || channel.sender().unwrap(),
        || match receiver.try_recv() {
            Err(TryRecvError::Empty) => false,
            Err(TryRecvError::Disconnected) => true,
            other => panic!("{other:?}"),
        },
    );
}

#[test]
fn senders_of_a_queue_hand_over() {
    senders_hand_over(&mpmc::Options::new().max_senders(SEATS).max_receivers(1).max_message(8).private().unwrap());
}

#[test]
fn senders_with_a_lane_each_hand_over() {
    senders_hand_over(&mpsc::Options::new().max_senders(SEATS).capacity(4096).private().unwrap());
}

#[test]
fn receivers_of_a_queue_hand_over() {
    let options = mpmc::Options::new().max_senders(1).max_receivers(SEATS).max_message(8).slots(1);
    let channel = options.private().unwrap();
    let mut sender = channel.sender().unwrap();
    sender.send(b"full").unwrap();
    hand_over(
        || channel.receiver().unwrap(),
        || match sender.try_send(b"no room") {
            Err(TrySendError::Full) => false,
            Err(TrySendError::Disconnected) => true,
            other => panic!("{other:?}"),
        },
    );
}
