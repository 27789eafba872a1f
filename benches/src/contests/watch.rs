//! The table of `watch`: reading the value, next to copying the same bytes under a seqlock by hand.

use crate::contest::{Contest, Family, Target, Work};
use crate::shapes::alone;
use memlane::watch;
use std::hint::black_box;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::atomic::{AtomicU64, fence};

/// One thread reads a value that nobody writes: what the read itself costs. How the bytes come from another core is the same for both.
pub fn families() -> Vec<Family> {
    vec![reading::<8>("8 bytes"), reading::<56>("56 bytes"), reading::<1024>("1 KiB")]
}

fn reading<const BYTES: usize>(size: &str) -> Family {
    let by_hand = alone(&format!("watch-seqlock-{BYTES}"), "a seqlock by hand, its words copied", || {
        let lock = Seqlock::new(BYTES);
        let mut buffer = [0; BYTES];
        Ok(move || {
            lock.read(black_box(&mut buffer));
            Ok(())
        })
    });
    let read = alone(&format!("watch-get-{BYTES}"), "memlane watch: get_into", || {
        let channel = watch::Options::new().max_message(BYTES).private()?;
        let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
        tx.set(&[7; BYTES])?;
        let mut buffer = [0; BYTES];
        Ok(move || {
            rx.get_into(black_box(&mut buffer))?;
            let _ = &tx;
            Ok(())
        })
    });
    let written =
        alone(&format!("watch-set-{BYTES}"), "memlane watch: set, with one receiver that does not look", || {
            let channel = watch::Options::new().max_message(BYTES).private()?;
            let (mut tx, rx) = (channel.sender()?, channel.receiver()?);
            let value = [7; BYTES];
            Ok(move || {
                tx.set(black_box(&value))?;
                let _ = &rx;
                Ok(())
            })
        });
    Family {
        title: format!("watch: reading a value of {size}"),
        work: Work::Job { item: "read", unit: 1 },
        position: None,
        contests: vec![by_hand, Contest { target: Some(Target::WATCH_READ), ..read }, written],
    }
}

/// What a program without a library would write: one sequence, and the bytes behind it.
struct Seqlock {
    sequence: AtomicU64,
    words: Vec<AtomicU64>,
}

impl Seqlock {
    fn new(bytes: usize) -> Self {
        Self { sequence: AtomicU64::new(2), words: (0..bytes / 8).map(|_| AtomicU64::new(7)).collect() }
    }

    fn read(&self, buffer: &mut [u8]) {
        loop {
            let sequence = self.sequence.load(Acquire);
            for (place, word) in buffer.as_chunks_mut::<8>().0.iter_mut().zip(&self.words) {
                *place = word.load(Relaxed).to_le_bytes();
            }
            fence(Acquire);
            if sequence.is_multiple_of(2) && self.sequence.load(Relaxed) == sequence {
                return;
            }
        }
    }
}
