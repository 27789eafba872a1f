//! A peer that writes garbage into the words of a semaphore, or of an event: the others get a typed error, and nobody panics or hangs.

mod support;

use memlane::semaphore::{Channel, Options};
use memlane::{
    AcquireError, AcquireTimeoutError, ChannelStatus, Corruption, EventTimeoutError, JoinError, ReleaseError,
    TryAcquireError,
};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use support::Scratch;
use support::layout::field;
use support::peer::Peer;
use support::random::Random;

/// A semaphore in a file, and a peer's access to it.
struct Victim {
    _scratch: Scratch,
    channel: Channel,
    file: File,
    pool_at: u64,
    data_at: u64,
}

/// Bytes of a place.
const PLACE: u64 = 64;
const PLACES: u64 = 4;

impl Victim {
    fn new(permits: usize) -> Self {
        let scratch = Scratch::new();
        let name = scratch.name("licences");
        let channel = Options::new().permits(permits).max_held(PLACES as usize).create(&name).unwrap();
        let peer = Peer::of(&name);
        let pool_at = peer.part("queue_at") + field("PermitControl", "pool").offset as u64;
        let data_at = peer.part("data_at");
        let file = File::options().read(true).write(true).open(&name).unwrap();
        assert_eq!(peer.word(pool_at) >> 40, permits as u64);
        Self { _scratch: scratch, channel, file, pool_at, data_at }
    }

    fn write(&self, at: u64, word: u64) {
        self.file.write_all_at(&word.to_le_bytes(), at).unwrap();
    }

    #[track_caller]
    fn assert_corrupted(&self) {
        assert_eq!(self.channel.info().status, ChannelStatus::Corrupted(Corruption::Permit));
        assert!(matches!(self.channel.semaphore(), Err(JoinError::Corrupted { .. })));
    }
}

#[test]
fn a_state_that_does_not_exist_is_noticed() {
    let victim = Victim::new(0);
    let mut semaphore = victim.channel.semaphore().unwrap();
    for place in 0..PLACES {
        victim.write(victim.data_at + place * PLACE, 3 << 16);
    }
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Corrupted(Corruption::Permit));
    victim.assert_corrupted();
}

#[test]
fn a_place_that_does_not_exist_is_noticed() {
    for place in [PLACES, 0x3fff] {
        let victim = Victim::new(1);
        let mut semaphore = victim.channel.semaphore().unwrap();
        victim.write(victim.pool_at, 1 << 40 | 1 << 14 | place);
        assert_eq!(semaphore.acquire().unwrap_err(), AcquireError::Corrupted(Corruption::Permit));
        victim.assert_corrupted();
    }
}

#[test]
fn a_permit_on_its_way_to_a_place_that_is_taken_is_noticed() {
    let victim = Victim::new(2);
    let mut semaphore = victim.channel.semaphore().unwrap();
    let permit = semaphore.acquire().unwrap();
    // The next generation of each place has this tag.
    for place in 0..PLACES {
        victim.write(victim.data_at + place * PLACE, 7 << 18 | 2 << 16);
    }
    victim.write(victim.pool_at, 1 << 40 | 8 << 15 | 1 << 14);
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Corrupted(Corruption::Permit));
    victim.assert_corrupted();
    assert_eq!(permit.release(), Err(ReleaseError::Corrupted(Corruption::Permit)));
}

#[test]
fn a_permit_that_is_no_longer_its_owners_is_noticed_when_it_is_given_back() {
    let victim = Victim::new(1);
    let mut semaphore = victim.channel.semaphore().unwrap();
    let permit = semaphore.acquire().unwrap();
    for place in 0..PLACES {
        victim.write(victim.data_at + place * PLACE, 1 << 40);
    }
    assert_eq!(permit.release(), Err(ReleaseError::Corrupted(Corruption::Permit)));
    victim.assert_corrupted();
}

/// Whatever is written where, while two participants are at work: every call ends, with a permit or with a typed error.
#[test]
fn garbage_everywhere_ends_in_typed_errors() {
    for seed in 0..4u64 {
        let victim = Victim::new(2);
        let (mut one, mut other) = (victim.channel.semaphore().unwrap(), victim.channel.semaphore().unwrap());
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut numbers = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
                while !stop.load(Relaxed) {
                    let random = numbers.next();
                    let at = match random % 3 {
                        0 => victim.pool_at,
                        _ => victim.data_at + random / 3 % PLACES * PLACE,
                    };
                    victim.write(at, if random.is_multiple_of(2) { random >> (random % 64) } else { random % 40 });
                }
            });
            for round in 0..1000u32 {
                for semaphore in [&mut one, &mut other] {
                    let acquired = semaphore.acquire_many_timeout(round % 3, Duration::from_micros(5));
                    match acquired.map(memlane::semaphore::Permit::release) {
                        Ok(Ok(()) | Err(ReleaseError::Corrupted(_))) => {}
                        Err(AcquireTimeoutError::Corrupted(_) | AcquireTimeoutError::Timeout) => {}
                        other => panic!("{other:?}"),
                    }
                    match semaphore.add_permits(round % 2) {
                        Ok(()) | Err(AcquireError::Corrupted(_) | AcquireError::TooMany { .. }) => {}
                        other => panic!("{other:?}"),
                    }
                    let _ = semaphore.available();
                }
                let _ = victim.channel.info();
            }
            stop.store(true, Relaxed);
        });
    }
}

/// Every word of an event is one that its participants could have written: there is nothing to notice, and nothing breaks.
#[test]
fn an_event_goes_on_behind_garbage() {
    let scratch = Scratch::new();
    let name = scratch.name("ready");
    let channel = memlane::event::Options::new().create(&name).unwrap();
    let peer = Peer::of(&name);
    let word_at = peer.part("queue_at") + field("EventControl", "word").offset as u64;
    let file = File::options().read(true).write(true).open(&name).unwrap();
    let (mut one, mut other) = (channel.event().unwrap(), channel.event().unwrap());
    let mut numbers = Random(7);
    for _ in 0..1000 {
        let word = numbers.next() >> (numbers.next() % 64);
        file.write_all_at(&word.to_le_bytes(), word_at).unwrap();
        assert_eq!(one.set(1), Ok(word as u32 | 1));
        match other.wait_timeout(Duration::ZERO) {
            Ok(fired) => assert_eq!(fired.bits, word as u32 | 1),
            Err(error) => assert_eq!(error, EventTimeoutError::Timeout, "the count stood where it was seen last"),
        }
        assert_eq!(other.clear(u32::MAX), Ok(true));
    }
}
