//! A peer that writes garbage into the words of a `watch` channel: the others get a typed error, and nobody panics or hangs.

mod support;

use memlane::watch::{Channel, Options, Receiver};
use memlane::{ChannelStatus, Corruption, GetError, JoinError, RecvTimeoutError, SendError};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use support::layout::field;
use support::peer::Peer;
use support::random::Random;
use support::{PATIENCE, Scratch};

/// A channel in a file whose value was set three times, and a peer's access to it.
struct Victim {
    _scratch: Scratch,
    channel: Channel,
    file: File,
    root_at: u64,
    data_at: u64,
}

/// Bytes of a slot for values of up to 100 bytes.
const SLOT: u64 = 128;

impl Victim {
    fn new() -> Self {
        let scratch = Scratch::new();
        let name = scratch.name("limits");
        let channel = Options::new().max_message(100).create(&name).unwrap();
        let mut tx = channel.sender().unwrap();
        for _ in 0..3 {
            tx.set(b"value").unwrap();
        }
        let peer = Peer::of(&name);
        let root_at = peer.part("queue_at") + field("ValueControl", "root").offset as u64;
        let data_at = peer.part("data_at");
        let file = File::options().read(true).write(true).open(&name).unwrap();
        let victim = Self { _scratch: scratch, channel, file, root_at, data_at };
        assert_eq!(peer.word(root_at), 3);
        victim
    }

    fn write(&self, at: u64, word: u64) {
        self.file.write_all_at(&word.to_le_bytes(), at).unwrap();
    }

    #[track_caller]
    fn assert_corrupted(&self, rx: &mut Receiver) {
        let reason = Corruption::Version;
        assert_eq!(rx.get(), Err(GetError::Corrupted(reason)));
        assert_eq!(rx.changed_timeout(PATIENCE), Err(RecvTimeoutError::Corrupted(reason)));
        assert_eq!(self.channel.info().status, ChannelStatus::Corrupted(reason));
        assert!(matches!(self.channel.sender(), Err(JoinError::Corrupted { .. })));
    }
}

#[test]
fn a_root_that_no_sender_stores_is_noticed() {
    for root in [1 << 62, u64::MAX, 4, 3 + 16] {
        let victim = Victim::new();
        let mut rx = victim.channel.receiver().unwrap();
        victim.write(victim.root_at, root);
        victim.assert_corrupted(&mut rx);
    }
}

#[test]
fn a_version_that_goes_back_is_noticed() {
    for root in [0, 2] {
        let victim = Victim::new();
        let mut rx = victim.channel.receiver().unwrap();
        assert_eq!(rx.get().unwrap(), b"value");
        victim.write(victim.root_at, root);
        assert!(rx.has_changed());
        victim.assert_corrupted(&mut rx);
    }
}

#[test]
fn a_slot_that_contradicts_the_root_is_noticed() {
    for sequence in [0, 5, 7, 6 + 32, u64::MAX] {
        let victim = Victim::new();
        let mut rx = victim.channel.receiver().unwrap();
        victim.write(victim.data_at + 3 * SLOT, sequence);
        victim.assert_corrupted(&mut rx);
    }
}

#[test]
fn a_length_beyond_the_slot_is_noticed() {
    for length in [101, 1 << 32, u64::MAX] {
        let victim = Victim::new();
        let mut rx = victim.channel.receiver().unwrap();
        victim.write(victim.data_at + 3 * SLOT + 8, length);
        victim.assert_corrupted(&mut rx);
    }
}

#[test]
fn a_sender_that_joins_behind_garbage_is_refused_and_one_that_is_there_does_not_heed_it() {
    let victim = Victim::new();
    let mut tx = victim.channel.sender().unwrap();
    victim.write(victim.root_at, u64::MAX);
    assert_eq!(tx.set(b"next"), Ok(4), "its own count");
    assert_eq!(victim.channel.receiver().unwrap().get().unwrap(), b"next");
    drop(tx);
    victim.write(victim.root_at, u64::MAX);
    let refused = victim.channel.sender();
    assert!(matches!(refused, Err(JoinError::Corrupted { reason: Corruption::Version, .. })), "{refused:?}");
}

/// Whatever is written where, while both sides are at work: every call ends, with a value or with a typed error.
#[test]
fn garbage_everywhere_ends_in_typed_errors() {
    for seed in 0..12u64 {
        let victim = Victim::new();
        let (mut tx, mut rx) = (victim.channel.sender().unwrap(), victim.channel.receiver().unwrap());
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut numbers = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
                while !stop.load(Relaxed) {
                    let random = numbers.next();
                    let at = if random.is_multiple_of(3) {
                        victim.root_at
                    } else {
                        victim.data_at + random % (16 * SLOT / 8) * 8
                    };
                    victim.write(at, if random.is_multiple_of(2) { random >> (random % 64) } else { random % 40 });
                }
            });
            for number in 0..1000u32 {
                match tx.set(&number.to_le_bytes()) {
                    Ok(_) => {}
                    Err(error) => {
                        assert!(matches!(error, SendError::Corrupted(_)), "{error}");
                        break;
                    }
                }
                let outcomes = [rx.get().map(drop).err(), rx.try_get().map(drop).err()];
                for error in outcomes.into_iter().flatten() {
                    assert!(matches!(error, GetError::Corrupted(_) | GetError::Busy), "{error}");
                }
                if let Err(error) = rx.changed_timeout(Duration::ZERO) {
                    assert!(matches!(error, RecvTimeoutError::Corrupted(_) | RecvTimeoutError::Timeout), "{error}");
                }
                let _ = victim.channel.info();
            }
            stop.store(true, Relaxed);
        });
    }
}
