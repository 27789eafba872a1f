//! A peer that writes garbage into the file: the others get a typed error, and the channel is poisoned for all. Nobody
//! panics, reads out of bounds or hangs.

mod support;

use memlane::spsc::{self, Channel, Message, Options, Receiver, Sender};
use memlane::{
    ChannelStatus, Corruption, JoinError, OpenError, RecvError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;
use support::layout::{field, structure};
use support::random::Random;
use support::{Scratch, assert_same};

/// A channel of 4 KiB and a peer's access to its file.
struct Victim {
    scratch: Scratch,
    channel: Channel,
    file: File,
}

impl Victim {
    fn new() -> Self {
        Self::with(&Options::new())
    }

    fn with(options: &Options) -> Self {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = options.clone().capacity(4096).create(&name).unwrap();
        let file = File::options().read(true).write(true).open(&name).unwrap();
        Self { scratch, channel, file }
    }

    fn name(&self) -> String {
        self.scratch.name("prices")
    }

    fn ends(&self) -> (Sender, Receiver) {
        (self.channel.sender().unwrap(), self.channel.receiver().unwrap())
    }

    fn word(&self, at: u64) -> u64 {
        let mut word = [0; 8];
        self.file.read_exact_at(&mut word, at).unwrap();
        u64::from_le_bytes(word)
    }

    fn write(&self, at: u64, word: u64) {
        self.file.write_all_at(&word.to_le_bytes(), at).unwrap();
    }

    /// Where a part of the file begins, by the header.
    fn part(&self, header_field: &str) -> u64 {
        self.word(field("HeaderBlock", header_field).offset as u64)
    }

    /// Where a field of the first struct of its kind stands.
    fn place(&self, header_field: &str, structure_name: &str, field_name: &str) -> u64 {
        self.part(header_field) + field(structure_name, field_name).offset as u64
    }

    /// Makes everybody look at rows and status again, as who changes them does.
    fn announce(&self) {
        let at = self.place("control_at", "ChannelControl", "membership");
        let mut count = [0; 4];
        self.file.read_exact_at(&mut count, at).unwrap();
        self.file.write_all_at(&u32::from_le_bytes(count).wrapping_add(1).to_le_bytes(), at).unwrap();
    }

    /// Everybody is told the same reason, and nobody gets in any more.
    #[track_caller]
    fn assert_poisoned(&self, reason: Corruption) {
        let channel = self.name();
        assert_eq!(self.channel.info().status, ChannelStatus::Corrupted(reason));
        let wanted = OpenError::Corrupted { channel: channel.clone(), reason };
        assert_same(&spsc::open(&channel).unwrap_err(), &wanted, "opening");
        for error in [self.channel.sender().map(drop), self.channel.receiver().map(drop)].map(Result::unwrap_err) {
            match error {
                JoinError::Corrupted { reason: told, .. } => assert_eq!(told, reason),
                JoinError::RoleTaken { .. } => {}
                other => panic!("{other}"),
            }
        }
    }
}

#[test]
fn a_record_header_that_no_sender_writes_is_noticed() {
    let header = |kind: u64, sequence: u64, length: u64| sequence << 34 | kind << 32 | length;
    for (what, word, reason) in [
        ("a length without a kind", header(0, 0, 5), Corruption::RecordHeader),
        ("a sequence without a kind", header(0, 1, 0), Corruption::RecordHeader),
        ("an unknown kind", header(3, 1, 5), Corruption::RecordHeader),
        ("all ones", u64::MAX, Corruption::RecordHeader),
        ("a message from the past", header(1, 0, 5), Corruption::RecordHeader),
        ("a message from the future", header(1, 2, 5), Corruption::RecordHeader),
        ("longer than allowed", header(1, 1, 1785), Corruption::RecordLength),
        ("as long as a number can be", header(1, 1, u32::MAX.into()), Corruption::RecordLength),
        ("padding of another length", header(2, 1, 4096), Corruption::RecordHeader),
        ("padding from the past", header(2, 0, 4072), Corruption::RecordHeader),
        ("padding with a message from the past behind it", header(2, 1, 4072), Corruption::RecordHeader),
    ] {
        let victim = Victim::new();
        let (mut sender, mut receiver) = victim.ends();
        sender.send(b"one").unwrap();
        drop(receiver.recv().unwrap());
        victim.write(victim.part("data_at") + 16, word);
        assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Corrupted(reason), "{what}");
        assert_eq!(receiver.recv().unwrap_err(), RecvError::Corrupted(reason), "{what}, again");
        assert_eq!(sender.try_send(b"two"), Err(TrySendError::Corrupted(reason)), "{what}, the other side");
        victim.assert_poisoned(reason);
    }
}

#[test]
fn a_record_that_crosses_the_end_of_the_ring_is_noticed() {
    // Far from the end and close to it; just beyond it and far beyond.
    for (received, left, length) in
        [(3, 4096 - 3 * 1008, 1065), (3, 4096 - 3 * 1008, 1784), (4, 64, 57), (4, 64, 100), (4, 64, 1784)]
    {
        let victim = Victim::new();
        let (mut sender, mut receiver) = victim.ends();
        for _ in 0..received {
            sender.send(&[0; 1000]).unwrap();
            assert_eq!(receiver.recv_into(&mut [0; 1000]), Ok(1000));
            receiver.publish_released();
        }
        victim.write(victim.part("data_at") + 4096 - left, received << 34 | 1 << 32 | length);
        let mut buffer = vec![0; length as usize];
        assert_eq!(receiver.recv_into(&mut buffer), Err(RecvError::Corrupted(Corruption::RecordLength)), "{length}");
        victim.assert_poisoned(Corruption::RecordLength);
    }
}

/// The same where the receiver has been beyond the end already and came back.
#[test]
fn a_record_that_crosses_the_end_of_the_ring_is_noticed_when_it_comes_again() {
    let victim = Victim::new();
    let (mut sender, mut receiver) = victim.ends();
    for _ in 0..4 {
        sender.send(&[0; 1000]).unwrap();
        assert_eq!(receiver.recv_into(&mut [0; 1000]), Ok(1000));
        receiver.publish_released();
    }
    // One fills the 64 bytes that are left, and one stands at the beginning.
    sender.send_batch([[1; 56], [2; 56]]).unwrap();
    receiver.recv_batch(8).unwrap().hand_back();
    victim.write(victim.part("data_at") + 4096 - 64, 4 << 34 | 1 << 32 | 200);
    assert_eq!(receiver.recv_into(&mut [0; 200]), Err(RecvError::Corrupted(Corruption::RecordLength)));
    victim.assert_poisoned(Corruption::RecordLength);
}

#[test]
fn padding_that_lies_about_its_length_is_noticed() {
    let victim = Victim::new();
    let (mut sender, mut receiver) = victim.ends();
    sender.send(b"one").unwrap();
    drop(receiver.recv().unwrap());
    // What would be the next message stands at the beginning of the ring, where honest padding leads.
    victim.write(victim.part("data_at"), 1 << 34 | 1 << 32 | 5);
    victim.write(victim.part("data_at") + 16, 1 << 34 | 2 << 32 | 100);
    assert_eq!(receiver.recv().unwrap_err(), RecvError::Corrupted(Corruption::RecordHeader));
    victim.assert_poisoned(Corruption::RecordHeader);
}

#[test]
fn garbage_in_the_middle_of_a_batch_gives_none_of_it() {
    let victim = Victim::new();
    let (mut sender, mut receiver) = victim.ends();
    sender.send_batch(["one", "two", "three"]).unwrap();
    victim.write(victim.part("data_at") + 32, u64::MAX);
    assert_eq!(receiver.recv_batch(8).unwrap_err(), RecvError::Corrupted(Corruption::RecordHeader));
    victim.assert_poisoned(Corruption::RecordHeader);
}

#[test]
fn a_consumed_position_that_no_receiver_writes_is_noticed() {
    for (what, consumed) in [("ahead", 1 << 20), ("behind", u64::MAX - 7), ("crooked", 12), ("far", 1 << 63)] {
        let victim = Victim::new();
        let (mut sender, _receiver) = victim.ends();
        while sender.try_send(&[0; 504]).is_ok() {}
        victim.write(victim.place("gates_at", "Gate", "consumed"), consumed);
        let timeout = sender.send_timeout(&[0; 504], Duration::from_secs(1));
        assert_eq!(timeout, Err(SendTimeoutError::Corrupted(Corruption::Positions)), "{what}");
        assert_eq!(
            sender.send(b"x"),
            Err(SendError::Corrupted(Corruption::Positions)),
            "{what}, though that would fit"
        );
        victim.assert_poisoned(Corruption::Positions);
    }
}

#[test]
fn positions_at_which_no_record_can_start_are_noticed() {
    for alignment in [16, 64, 128] {
        let crooked = alignment as u64 / 2; // a multiple of 8 all the same
        let options = Options::new().record_alignment(alignment);
        let places: [fn(&Victim) -> u64; 2] = [
            |victim| victim.place("gates_at", "Gate", "consumed"),
            |victim| victim.place("lanes_at", "LaneControl", "committed"),
        ];
        for (join, place) in [(true, places[0]), (false, places[1]), (false, places[0])] {
            let victim = Victim::with(&options);
            victim.channel.sender().unwrap().send(&[0; 504]).unwrap();
            victim.write(place(&victim), crooked);
            let outcome = if join { victim.channel.receiver().map(drop) } else { victim.channel.sender().map(drop) };
            match outcome {
                Err(JoinError::Corrupted { reason: Corruption::Positions, .. }) => {}
                other => panic!("{alignment}: {other:?}"),
            }
            victim.assert_poisoned(Corruption::Positions);
        }
        // Of a receiver that is there.
        let victim = Victim::with(&options);
        let (mut sender, _receiver) = victim.ends();
        while sender.try_send(&[0; 504]).is_ok() {}
        victim.write(places[0](&victim), crooked);
        assert_eq!(sender.try_send(&[0; 504]), Err(TrySendError::Corrupted(Corruption::Positions)), "{alignment}");
    }
}

#[test]
fn positions_that_contradict_each_other_are_noticed_at_joining() {
    let place = |victim: &Victim, receiver: bool| match receiver {
        true => victim.place("gates_at", "Gate", "consumed"),
        false => victim.place("lanes_at", "LaneControl", "committed"),
    };
    for (what, consumed, value) in [
        ("committed, crooked", false, 12),
        ("committed, far ahead", false, 1 << 40),
        ("consumed, crooked", true, 4),
        ("consumed, beyond what any channel carries", true, 1 << 62),
        ("consumed, at the end of all numbers", true, u64::MAX - 7),
    ] {
        let victim = Victim::new();
        victim.channel.sender().unwrap().send(b"x").unwrap();
        victim.write(place(&victim, consumed), value);
        let outcome = if consumed { victim.channel.receiver().map(drop) } else { victim.channel.sender().map(drop) };
        match outcome {
            Err(JoinError::Corrupted { reason: Corruption::Positions, .. }) => {}
            other => panic!("{what}: {other:?}"),
        }
        victim.assert_poisoned(Corruption::Positions);
    }
}

#[test]
fn a_row_that_no_participant_writes_is_noticed() {
    for word in [4, 0x7f, 5 << 8 | 0x10, u64::MAX] {
        let victim = Victim::new();
        let (mut sender, mut receiver) = victim.ends();
        victim.write(victim.place("participants_at", "ParticipantRow", "state"), word);
        victim.announce();
        assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Corrupted(Corruption::Participant), "{word:#x}");
        assert_eq!(sender.try_send(b"x"), Err(TrySendError::Corrupted(Corruption::Participant)));
        victim.assert_poisoned(Corruption::Participant);
    }
}

#[test]
fn a_status_that_does_not_exist_is_noticed() {
    let victim = Victim::new();
    let (mut sender, mut receiver) = victim.ends();
    sender.send(b"one").unwrap();
    victim.write(structure("StatusCell").at.unwrap(), 77);
    victim.announce();
    assert_eq!(sender.try_send(b"two"), Err(TrySendError::Corrupted(Corruption::Status)));
    assert_eq!(receiver.recv().unwrap().to_vec(), b"one", "what is sound still comes");
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Corrupted(Corruption::Status));
    victim.assert_poisoned(Corruption::Status);
}

/// What a peer writes that writes anything.
struct Numbers(Random);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0.next()
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A word that is likelier than chance to hit something.
    fn word(&mut self, old: u64) -> u64 {
        match self.below(8) {
            0 => 0,
            1 => u64::MAX,
            2 => old ^ 1 << self.below(64),
            3 => old.wrapping_add(self.below(64)).wrapping_sub(32),
            4 => self.below(1 << 4) << 34 | 1 << 32 | self.below(2000),
            5 => self.below(1 << 4) << 34 | 2 << 32 | self.below(4096),
            6 => self.below(16),
            _ => self.next(),
        }
    }
}

/// Words anywhere behind the immutable header change while both ends work, leave and come back.
#[test]
fn random_garbage_never_does_more_than_end_the_channel() {
    std::thread::scope(|scope| {
        for seed in [1, 2] {
            scope.spawn(move || {
                let mut numbers = Numbers(Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed)));
                (0..600).for_each(|_| torment(&mut numbers));
            });
        }
    });
}

fn torment(numbers: &mut Numbers) {
    let victim = Victim::new();
    let length = victim.file.metadata().unwrap().len();
    let (mut sender, mut receiver) = (victim.channel.sender().ok(), victim.channel.receiver().ok());
    for _ in 0..60 {
        match numbers.below(13) {
            0 | 1 => {
                // Control words, or the ring, or anything behind the header block.
                let at = match numbers.below(3) {
                    0 => 4096 + numbers.below(4096),
                    1 => 8192 + numbers.below(4096),
                    _ => 1024 + numbers.below(length - 1024),
                } & !7;
                victim.write(at, numbers.word(victim.word(at)));
            }
            2 => victim.announce(),
            3 => sender = None,
            4 => receiver = None,
            5 => sender = sender.or_else(|| victim.channel.sender().ok()),
            6 => receiver = receiver.or_else(|| victim.channel.receiver().ok()),
            7 => drop((victim.channel.info(), memlane::inspect(&victim.name()), spsc::open(&victim.name()))),
            8 => {
                let batch = receiver.as_mut().map(|receiver| receiver.try_recv_batch(numbers.below(9) as usize));
                if let Some(Ok(batch)) = batch {
                    assert!(batch.iter().all(|message| message.to_vec().len() <= 1784));
                }
            }
            9 => {
                let message = receiver.as_mut().map(Receiver::try_recv);
                if let Some(Ok(message)) = message {
                    assert!(message.to_vec().len() <= 1784 && message.copy_to(&mut [0; 1784]).is_ok());
                }
            }
            10 => {
                // A buffer that is longer than most messages, and one that is shorter than some.
                let mut buffer = vec![0; numbers.below(2000) as usize];
                let length = receiver.as_mut().map(|receiver| receiver.try_recv_into(&mut buffer));
                assert!(!matches!(length, Some(Ok(length)) if length > buffer.len().min(1784)));
                // It does not wait where something can be taken at once.
                if let Some(receiver) = receiver.as_mut()
                    && receiver.try_recv().map(Message::hand_back).is_ok()
                {
                    let _ = receiver.recv_into(&mut buffer);
                }
            }
            11 => {
                let grant = sender.as_mut().map(|sender| sender.try_reserve(numbers.below(2000) as usize));
                if let Some(Ok(mut grant)) = grant {
                    let length = grant.len();
                    grant.write_at(length / 2, &vec![7; length - length / 2]).unwrap();
                    grant.commit(length).unwrap();
                }
            }
            _ => drop(sender.as_mut().map(|sender| sender.try_send(&vec![5; numbers.below(1785) as usize]))),
        }
    }
}

#[test]
fn counters_that_a_peer_wrote_do_not_overflow() {
    let victim = Victim::new();
    let (mut sender, _receiver) = victim.ends();
    sender.send(b"one, which its row does not count yet").unwrap();
    for counter in ["messages", "bytes"] {
        victim.write(victim.place("participants_at", "ParticipantRow", counter), u64::MAX);
    }
    assert_eq!(victim.channel.info().participants[0].counters.messages, 0, "it went round");
    assert_eq!(memlane::inspect(&victim.name()).unwrap().participants[0].counters.bytes, 36);
}
