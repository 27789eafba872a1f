//! A peer that writes garbage into the words of an `mpsc` channel: the others get a typed error, and nobody panics or hangs.

mod support;

use memlane::{ChannelStatus, Corruption, JoinError, RecvTimeoutError, TryRecvError, TrySendError, mpsc};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use support::layout::{field, structure};
use support::{PATIENCE, Scratch};

fn sends(tx: &mut mpsc::Sender, numbers: std::ops::Range<u64>) {
    for number in numbers {
        tx.try_send(&number.to_le_bytes()).unwrap();
    }
}

/// A channel in a file, and a peer's access to that.
struct Victim {
    _scratch: Scratch,
    channel: mpsc::Channel,
    file: File,
}

impl Victim {
    fn new() -> Self {
        let scratch = Scratch::new();
        let name = scratch.name("many");
        let channel = mpsc::Options::new().max_senders(4).capacity(4096).create(&name).unwrap();
        let file = File::options().read(true).write(true).open(&name).unwrap();
        Self { _scratch: scratch, channel, file }
    }

    /// Writes to a field of the `index`th struct of its kind.
    fn write(&self, start: &str, kind: &str, name: &str, index: u64, bytes: &[u8]) {
        let mut at = [0; 8];
        self.file.read_exact_at(&mut at, field("HeaderBlock", start).offset as u64).unwrap();
        let at = u64::from_le_bytes(at) + index * structure(kind).bytes as u64 + field(kind, name).offset as u64;
        self.file.write_all_at(bytes, at).unwrap();
    }

    /// Writes to a record's header in a lane.
    fn write_header(&self, lane: u64, position: u64, word: u64) {
        let mut at = [0; 8];
        self.file.read_exact_at(&mut at, field("HeaderBlock", "data_at").offset as u64).unwrap();
        let at = u64::from_le_bytes(at) + lane * 4096 + position % 4096;
        self.file.write_all_at(&word.to_le_bytes(), at).unwrap();
    }

    #[track_caller]
    fn assert_corrupted(&self, rx: &mut mpsc::Receiver, reason: Corruption) {
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Corrupted(reason));
        assert_eq!(rx.recv_timeout(PATIENCE).unwrap_err(), RecvTimeoutError::Corrupted(reason));
        assert_eq!(self.channel.info().status, ChannelStatus::Corrupted(reason));
    }
}

#[test]
fn a_row_that_no_participant_writes_is_noticed() {
    let victim = Victim::new();
    let (_tx, mut rx) = (victim.channel.sender().unwrap(), victim.channel.receiver().unwrap());
    victim.write("participants_at", "ParticipantRow", "state", 3, &[0xff; 8]);
    assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty, "nobody told of it");
    victim.write("news_at", "NewsControl", "changes", 0, &[9; 4]);
    victim.write("news_at", "NewsControl", "membership_of_senders", 0, &[9; 4]);
    victim.assert_corrupted(&mut rx, Corruption::Participant);
}

#[test]
fn a_record_header_that_no_sender_writes_is_noticed_in_any_lane() {
    for lane in 0..3 {
        let victim = Victim::new();
        let mut senders = [0; 3].map(|_| victim.channel.sender().unwrap());
        let mut rx = victim.channel.receiver().unwrap();
        for tx in &mut senders {
            sends(tx, 0..1);
        }
        assert_eq!(std::iter::from_fn(|| rx.try_recv().ok().map(drop)).count(), 3);
        victim.write_header(lane, lane * 192 + 16, u64::MAX);
        victim.assert_corrupted(&mut rx, Corruption::RecordHeader);
        let corrupted = Err(TrySendError::Corrupted(Corruption::RecordHeader));
        assert!(senders.iter_mut().all(|tx| tx.try_send(b"two") == corrupted));
    }
}

#[test]
fn a_message_that_was_taken_out_of_a_lane_is_missed_when_its_sender_has_gone() {
    let victim = Victim::new();
    let (mut tx, mut rx) = (victim.channel.sender().unwrap(), victim.channel.receiver().unwrap());
    sends(&mut tx, 0..1);
    victim.write_header(0, 0, 0);
    drop(tx);
    victim.assert_corrupted(&mut rx, Corruption::RecordHeader);
}

#[test]
fn positions_that_contradict_each_other_are_noticed_by_those_that_come() {
    for (start, kind, name) in [("lanes_at", "LaneControl", "committed"), ("gates_at", "Gate", "consumed")] {
        let victim = Victim::new();
        let mut rx = victim.channel.receiver().unwrap();
        victim.write(start, kind, name, 0, &7u64.to_le_bytes());
        let refused = victim.channel.sender().unwrap_err();
        assert!(matches!(refused, JoinError::Corrupted { reason: Corruption::Positions, .. }), "{name}: {refused}");
        assert!(matches!(rx.try_recv().unwrap_err(), TryRecvError::Corrupted(_)), "{name}");
        assert_eq!(victim.channel.info().status, ChannelStatus::Corrupted(Corruption::Positions));
    }
    let victim = Victim::new();
    drop(victim.channel.sender().unwrap());
    victim.write("gates_at", "Gate", "consumed", 0, &7u64.to_le_bytes());
    let refused = victim.channel.receiver().unwrap_err();
    assert!(matches!(refused, JoinError::Corrupted { reason: Corruption::Positions, .. }), "{refused}");
}

#[test]
fn news_that_never_end_keep_nobody() {
    let victim = Victim::new();
    let (mut tx, mut rx) = (victim.channel.sender().unwrap(), victim.channel.receiver().unwrap());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0u32;
            while !stop.load(Relaxed) {
                number = number.wrapping_add(1);
                victim.write("news_at", "NewsControl", "changes", 0, &number.to_le_bytes());
                victim.write("news_at", "NewsControl", "membership_of_senders", 0, &number.to_le_bytes());
            }
        });
        for number in 0..200 {
            assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty);
            sends(&mut tx, number..number + 1);
            assert_eq!(rx.recv().unwrap().to_vec(), number.to_le_bytes());
        }
        stop.store(true, Relaxed);
    });
}
