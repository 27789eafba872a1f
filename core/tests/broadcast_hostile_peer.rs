//! A peer that writes garbage into the words of a `broadcast` channel: the others get a typed error, or go on; nobody panics, hangs, or
//! takes torn bytes for a message of its own length.

mod support;

use memlane::broadcast::{Channel, Options, Policy, Receiver, Sender, Start};
use memlane::{ChannelStatus, Corruption, JoinError, RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use support::Scratch;
use support::layout::{field, structure};
use support::random::Random;

fn sends(tx: &mut Sender, numbers: std::ops::Range<u64>) {
    for number in numbers {
        tx.try_send(&number.to_le_bytes()).unwrap();
    }
}

/// A channel in a file, and a peer's access to that.
struct Victim {
    _scratch: Scratch,
    channel: Channel,
    file: File,
}

impl Victim {
    fn new(policy: Policy) -> Self {
        let scratch = Scratch::new();
        let name = scratch.name("feed");
        let options = Options::new().max_receivers(4).capacity(4096).persistent(true).policy(policy);
        let channel = options.create(&name).unwrap();
        let file = File::options().read(true).write(true).open(&name).unwrap();
        Self { _scratch: scratch, channel, file }
    }

    /// Where a field of the `index`th struct of its kind stands.
    fn at(&self, start: &str, kind: &str, name: &str, index: u64) -> u64 {
        let mut at = [0; 8];
        self.file.read_exact_at(&mut at, field("HeaderBlock", start).offset as u64).unwrap();
        u64::from_le_bytes(at) + index * structure(kind).bytes as u64 + field(kind, name).offset as u64
    }

    fn write(&self, start: &str, kind: &str, name: &str, index: u64, bytes: &[u8]) {
        self.file.write_all_at(bytes, self.at(start, kind, name, index)).unwrap();
    }

    fn write_header(&self, position: u64, word: u64) {
        let mut at = [0; 8];
        self.file.read_exact_at(&mut at, field("HeaderBlock", "data_at").offset as u64).unwrap();
        self.file.write_all_at(&word.to_le_bytes(), u64::from_le_bytes(at) + position % 4096).unwrap();
    }

    fn ends(&self) -> (Sender, Receiver) {
        (self.channel.sender().unwrap(), self.channel.receiver().unwrap())
    }
}

#[test]
fn a_gate_that_no_receiver_stores_is_noticed_by_the_sender_that_waits_for_it() {
    let victim = Victim::new(Policy::Block);
    let (mut tx, _rx) = victim.ends();
    while tx.try_send(&[0; 8]).is_ok() {}
    victim.write("gates_at", "Gate", "consumed", 0, &17u64.to_le_bytes());
    assert_eq!(tx.try_send(b"full"), Err(TrySendError::Corrupted(Corruption::Positions)));
    assert_eq!(victim.channel.info().status, ChannelStatus::Corrupted(Corruption::Positions));
    // One that lies behind everything, or ahead of it, holds nobody back.
    for gate in [0, u64::MAX, 1 << 61] {
        let victim = Victim::new(Policy::Block);
        let (mut tx, _rx) = victim.ends();
        sends(&mut tx, 0..100);
        victim.write("gates_at", "Gate", "consumed", 0, &gate.to_le_bytes());
        let sent = (0..10_000).take_while(|_| tx.try_send(&[0; 8]).is_ok()).count();
        assert!(sent == 155 && gate == 0 || sent == 10_000, "{gate}: {sent}");
    }
}

#[test]
fn a_row_that_no_participant_writes_is_noticed_when_the_sender_looks() {
    let victim = Victim::new(Policy::Block);
    let (mut tx, _rx) = victim.ends();
    while tx.try_send(&[0; 8]).is_ok() {}
    victim.write("participants_at", "ParticipantRow", "state", 1, &[0xff; 8]);
    assert_eq!(tx.try_send(b"full"), Err(TrySendError::Corrupted(Corruption::Participant)));
}

#[test]
fn what_is_kept_for_a_name_leads_nobody_astray() {
    for policy in [Policy::Block, Policy::Overwrite, Policy::Evict] {
        for word in [0, 1, 8, 17, 64, 4096, 1 << 20, 1 << 40, 1 << 61, u64::MAX - 7, u64::MAX] {
            let victim = Victim::new(policy);
            let mut tx = victim.channel.sender().unwrap();
            drop(victim.channel.receiver_named("archive", Start::Now).unwrap());
            sends(&mut tx, 0..100);
            victim.write("gates_at", "Gate", "consumed", 0, &word.to_le_bytes());
            victim.write("gates_at", "Gate", "next", 0, &word.to_le_bytes());
            let _ = victim.channel.info();
            match victim.channel.receiver_named("archive", Start::Now) {
                Ok(mut rx) => assert!(std::iter::from_fn(|| rx.try_recv().ok().map(drop)).take(1000).count() <= 100),
                Err(JoinError::Corrupted { .. } | JoinError::NoSuchMessage { .. }) => {}
                Err(error) => panic!("{word}: {error}"),
            }
        }
    }
    // Rows that say what no sequence of steps leads to: each is an error, or goes on.
    for state in 0..8u64 {
        let victim = Victim::new(Policy::Block);
        let mut tx = victim.channel.sender().unwrap();
        drop(victim.channel.receiver_named("archive", Start::Now).unwrap());
        let row = 5 << 8 | 1 << 7 | state;
        victim.write("participants_at", "ParticipantRow", "state", 1, &row.to_le_bytes());
        victim.write("participants_at", "ParticipantRow", "name", 1, &[0xff; 64]);
        victim.write("participants_at", "ParticipantRow", "name", 2, b"archive");
        let _ = (victim.channel.info(), tx.try_send(b"text"));
        let _ = victim.channel.receiver_named("archive", Start::Oldest).map(drop);
        let _ = victim.channel.forget("archive");
        let _ = victim.channel.receiver().map(drop);
    }
}

#[test]
fn a_record_header_that_no_sender_writes_is_noticed_and_one_that_is_overwritten_is_not() {
    for policy in [Policy::Block, Policy::Overwrite] {
        let victim = Victim::new(policy);
        let (mut tx, mut rx) = victim.ends();
        sends(&mut tx, 0..1);
        victim.write_header(0, u64::MAX);
        let reason = Corruption::RecordHeader;
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Corrupted(reason));
        assert_eq!(rx.recv_timeout(Duration::MAX).unwrap_err(), RecvTimeoutError::Corrupted(reason));
        assert_eq!(tx.send(b"two"), Err(SendError::Corrupted(reason)));
    }
    let victim = Victim::new(Policy::Overwrite);
    let (mut tx, mut rx) = victim.ends();
    sends(&mut tx, 0..1);
    victim.write_header(0, u64::MAX);
    sends(&mut tx, 1..1000);
    assert!(matches!(rx.try_recv().unwrap_err(), TryRecvError::Lagged { .. }), "whatever stood there is gone");
}

#[test]
fn reserved_that_contradicts_the_position_keeps_the_next_ones_out() {
    for (reserved, policy) in [(u64::MAX, Policy::Block), (1 << 40, Policy::Overwrite), (9, Policy::Block)] {
        let victim = Victim::new(policy);
        drop(victim.channel.sender().unwrap());
        victim.write("lanes_at", "LaneControl", "reserved", 0, &reserved.to_le_bytes());
        let refused = victim.channel.sender().unwrap_err();
        assert!(matches!(refused, JoinError::Corrupted { reason: Corruption::Positions, .. }), "{refused}");
    }
    for start in [Start::Now, Start::Oldest, Start::Last(3), Start::At(0)] {
        for policy in [Policy::Block, Policy::Overwrite] {
            let victim = Victim::new(policy);
            victim.write("lanes_at", "LaneControl", "reserved", 0, &(u64::MAX - 7).to_le_bytes());
            let refused = victim.channel.receiver_from(start).unwrap_err();
            assert!(matches!(refused, JoinError::Corrupted { .. } | JoinError::Busy { .. }), "{start:?}: {refused}");
        }
    }
}

#[test]
fn a_reserved_that_runs_ahead_of_a_lossy_receiver_is_told_in_time() {
    let victim = Victim::new(Policy::Overwrite);
    let (mut tx, mut rx) = victim.ends();
    sends(&mut tx, 0..10);
    victim.write("lanes_at", "LaneControl", "reserved", 0, &(1u64 << 50).to_le_bytes());
    let started = Instant::now();
    let error = rx.recv_timeout(Duration::from_millis(20)).unwrap_err();
    let is_told = matches!(error, RecvTimeoutError::Timeout | RecvTimeoutError::Corrupted(_));
    assert!(is_told && started.elapsed() < support::PATIENCE, "{error}");
}

#[test]
fn boundaries_lead_nobody_astray() {
    for word in [1, 8, 64, 4096, 1 << 40, 1 << 61, u64::MAX - 7] {
        for policy in [Policy::Block, Policy::Overwrite] {
            let victim = Victim::new(policy);
            let (mut tx, _rx) = victim.ends();
            sends(&mut tx, 0..100);
            let garbage: Vec<u8> = (0..16u64).flat_map(|part| word.wrapping_mul(part + 1).to_le_bytes()).collect();
            victim.write("lanes_at", "LaneControl", "boundaries", 0, &garbage);
            for start in [Start::Oldest, Start::Last(7), Start::At(50)] {
                match victim.channel.receiver_from(start) {
                    // Whatever it finds there: an error, or messages as long as they were sent.
                    Ok(mut rx) => {
                        let lengths = std::iter::from_fn(|| rx.try_recv().ok().map(|message| message.len()));
                        assert!(lengths.take(1000).count() <= 100);
                    }
                    Err(JoinError::Corrupted { .. } | JoinError::Busy { .. } | JoinError::Closed { .. }) => {}
                    Err(error) => panic!("{start:?}: {error}"),
                }
            }
        }
    }
}

/// Every word that only a broadcast has, and those of a lane, change all the time.
#[test]
fn words_that_never_stand_still_keep_nobody() {
    for policy in [Policy::Block, Policy::Fail, Policy::Overwrite] {
        for round in 0..60u64 {
            let victim = Victim::new(policy);
            let words: Vec<u64> = ["committed", "count", "reserved", "blocker", "boundaries"]
                .map(|name| victim.at("lanes_at", "LaneControl", name, 0))
                .into_iter()
                .chain((0..4).map(|seat| victim.at("gates_at", "Gate", "consumed", seat)))
                .chain((0..4).map(|seat| victim.at("gates_at", "Gate", "next", seat)))
                .collect();
            let stop = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let (victim, stop) = (&victim, &stop);
                scope.spawn(move || {
                    let mut numbers = Random(0x9e37_79b9_7f4a_7c15 ^ round);
                    while !stop.load(Relaxed) {
                        let state = numbers.next();
                        let at = words[state as usize % words.len()];
                        let word = if state & 1 << 40 == 0 { (state % (1 << 20)) & !7 } else { state };
                        victim.file.write_all_at(&word.to_le_bytes(), at).unwrap();
                    }
                });
                let use_it = || {
                    for number in 0..2000u64 {
                        let (Ok(mut tx), Ok(mut rx)) = (
                            victim.channel.sender(),
                            victim
                                .channel
                                .receiver_from([Start::Now, Start::Oldest, Start::At(0)][number as usize % 3]),
                        ) else {
                            return;
                        };
                        for _ in 0..300 {
                            let _ = tx.try_send(&number.to_le_bytes());
                            let _ = rx.try_recv().map(|message| message.to_vec());
                            let _ = rx
                                .try_recv_batch(5)
                                .map(|batch| batch.iter().map(|one| one.to_vec().len()).sum::<usize>());
                            let _ = rx.try_recv_into(&mut [0; 8]);
                        }
                        let _ = (tx.len(), rx.len(), tx.room(), victim.channel.info());
                        let _ = victim
                            .channel
                            .receiver_named("archive", Start::Now)
                            .is_ok_and(|mut rx| rx.try_recv().is_ok());
                        let _ = victim.channel.forget("archive");
                        let _ = tx.send_timeout(&[0; 100], Duration::from_micros(100)).is_ok();
                        let _ = rx.recv_timeout(Duration::from_micros(100)).is_ok();
                    }
                };
                use_it();
                stop.store(true, Relaxed);
            });
        }
    }
}
