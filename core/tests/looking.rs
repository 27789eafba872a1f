//! Looking at what others may change at any moment: files that are cut short under the look, and words that nobody writes who
//! keeps the rules. A look ends in facts or in an error by its name, never in a signal or a panic.

mod support;

use memlane::{ChannelStatus, Info, OpenError, RemoveError, mpmc, spsc};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use support::image::{Image, PAGE};
use support::{Scratch, child, layout, space};

const PAGE_BYTES: u64 = PAGE as u64;

/// A lane with messages, some of them received, and its name.
fn lane(scratch: &Scratch) -> String {
    let name = scratch.name("lane");
    let channel = spsc::Options::new().capacity(64 << 10).create(&name).unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    sender.send_batch([b"one", b"two"]).unwrap();
    receiver.recv().unwrap();
    name
}

/// A queue with messages, likewise.
fn queue(scratch: &Scratch) -> String {
    let name = scratch.name("queue");
    let options = mpmc::Options::new().slots(100).max_message(100).priorities(3).max_senders(2).max_receivers(2);
    let channel = options.create(&name).unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    sender.send_batch(["one", "two", "three"]).unwrap();
    receiver.recv().unwrap();
    name
}

/// A file that somebody cuts short and makes what it was before, again and again.
struct Cut {
    file: File,
    content: Vec<u8>,
    stop: AtomicBool,
}

impl Cut {
    fn new(name: &str) -> Self {
        let file = File::options().write(true).open(name).unwrap();
        Self { file, content: fs::read(name).unwrap(), stop: AtomicBool::new(false) }
    }

    /// Runs `act` meanwhile.
    fn meanwhile(&self, act: impl FnOnce()) {
        let total = self.content.len() as u64;
        let around = |at: u64| [at.saturating_sub(1), at, (at + 1).min(total)];
        let lengths: Vec<u64> =
            (0..=total / PAGE_BYTES).flat_map(|page| around(page * PAGE_BYTES)).chain([8, 200, 4104]).collect();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for (turn, length) in lengths.iter().cycle().enumerate().take_while(|_| !self.stop.load(Relaxed)) {
                    self.file.set_len(*length).unwrap();
                    std::thread::yield_now();
                    self.file.write_all_at(&self.content, 0).unwrap();
                    // For as long as a look takes, or less.
                    (0..turn % 64).for_each(|_| std::thread::yield_now());
                }
            });
            let _stops = StopOnDrop(&self.stop);
            act();
        });
    }
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// What may come of a look at a file that is being cut short.
#[track_caller]
fn assert_typed(outcome: Result<Info, OpenError>) -> bool {
    match outcome {
        Ok(_) => true,
        Err(OpenError::Truncated { .. } | OpenError::NotAChannel { .. } | OpenError::BadHeader { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_file_that_is_cut_short_under_a_look_is_an_error_and_no_signal() {
    child::alone("a_file_that_is_cut_short_under_a_look_is_an_error_and_no_signal", || {
        space::no_core();
        for make in [lane, queue] {
            let scratch = Scratch::new();
            let name = make(&scratch);
            Cut::new(&name).meanwhile(|| {
                let (mut whole, mut cut) = (0, 0);
                while whole < 100 || cut < 100 {
                    if assert_typed(memlane::inspect(&name)) { whole += 1 } else { cut += 1 }
                }
            });
        }
    });
}

#[test]
fn a_file_that_is_cut_short_under_its_removal_is_no_signal() {
    child::alone("a_file_that_is_cut_short_under_its_removal_is_no_signal", || {
        space::no_core();
        for (make, remove) in [(lane as fn(&Scratch) -> String, true), (queue, true), (lane, false), (queue, false)] {
            for _ in 0..60 {
                let scratch = Scratch::new();
                let name = make(&scratch);
                Cut::new(&name).meanwhile(|| {
                    let removed = if remove { memlane::remove(&name) } else { memlane::remove_forced(&name) };
                    match removed {
                        Ok(()) | Err(RemoveError::NotAChannel { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                });
            }
        }
    });
}

#[test]
fn a_file_that_is_shorter_than_its_header_says_is_truncated() {
    for make in [lane, queue] {
        let scratch = Scratch::new();
        let name = make(&scratch);
        let total = fs::metadata(&name).unwrap().len();
        for length in [total - 1, total / 2, 2 * PAGE_BYTES, PAGE_BYTES, PAGE_BYTES - 1] {
            File::options().write(true).open(&name).unwrap().set_len(length).unwrap();
            match memlane::inspect(&name) {
                Err(OpenError::Truncated { length: found, needed, .. }) => {
                    assert_eq!((found, needed), (length, total));
                }
                other => panic!("{length}: {other:?}"),
            }
        }
    }
}

/// What is looked at from outside and by a participant.
fn both(name: &str) -> [Info; 2] {
    let outside = memlane::inspect(name).unwrap();
    let kind = outside.kind;
    let inside =
        if kind == memlane::Kind::Spsc { spsc::open(name).unwrap().info() } else { mpmc::open(name).unwrap().info() };
    [outside, inside]
}

#[test]
fn a_look_from_outside_sees_what_a_participant_sees() {
    for make in [lane, queue] {
        let scratch = Scratch::new();
        let name = make(&scratch);
        let [outside, inside] = both(&name);
        assert_eq!(outside, inside);
        assert_eq!(outside.status, ChannelStatus::Live);
        assert!(!outside.participants.is_empty());
    }
    let scratch = Scratch::new();
    let name = scratch.name("large");
    let channel = spsc::Options::new().capacity(1 << 20).create(&name).unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    for length in (0..3000).map(|number| number * 37 % 5000) {
        // Nothing is published before the end of a stretch: the look has to walk, over the ring's end as well.
        sender.send(&vec![7; length]).unwrap();
        receiver.recv().unwrap();
        let [outside, inside] = both(&name);
        assert_eq!(outside.lanes, inside.lanes);
    }
}

/// A peer writes into the words of a channel what no participant writes: a debug build of the engine would panic at a sum
/// or a difference that overflows.
#[test]
fn forged_words_are_looked_at_without_a_panic() {
    const VALUES: [u64; 9] = [
        u64::MAX,
        u64::MAX - 7,
        0xaaaa_aaaa_aaaa_aaaa,
        0x5555_5555_5555_5555,
        1 << 63,
        (1 << 63) - 8,
        (1 << 62) - 8,
        1,
        8,
    ];
    for make in [lane, queue] {
        let scratch = Scratch::new();
        let name = make(&scratch);
        let content = fs::read(&name).unwrap();
        let data_at = Image::load(&name).get("data_at") as usize;
        let is_lane = name.ends_with("lane");
        let file = File::options().write(true).open(&name).unwrap();
        // Held open, since nobody opens what is poisoned or closed.
        let lane = is_lane.then(|| spsc::open(&name).unwrap());
        let queue = (!is_lane).then(|| mpmc::open(&name).unwrap());
        let look = || {
            let info = memlane::inspect(&name).unwrap();
            let inside = lane.as_ref().map(spsc::Channel::info).or(queue.as_ref().map(mpmc::Channel::info)).unwrap();
            assert_eq!((info.lanes.len(), info.queue.is_some()), (inside.lanes.len(), inside.queue.is_some()));
            for lane in info.lanes.iter().chain(&inside.lanes) {
                assert!(lane.used_bytes() <= lane.committed);
            }
            if let Some(queue) = &queue {
                assert!(queue.len() <= 300, "{} messages in 100 slots", queue.len());
            }
        };
        let status_at = layout::structure("StatusCell").at.unwrap() as usize;
        let words = (PAGE..data_at + 64).step_by(8).chain([status_at]);
        for at in words {
            for value in VALUES {
                file.write_all_at(&value.to_le_bytes(), at as u64).unwrap();
                look();
            }
            file.write_all_at(&content[at..at + 8], at as u64).unwrap();
        }
        for value in VALUES {
            // All words at once; the ring or the slots, too.
            let all: Vec<u8> = value.to_le_bytes().repeat((content.len() - PAGE) / 8);
            file.write_all_at(&all, PAGE_BYTES).unwrap();
            look();
        }
        drop((lane, queue));
        memlane::remove(&name).unwrap();
    }
}

/// What a look takes does not grow with the file.
#[test]
fn neither_a_look_nor_a_removal_has_room_for_the_file() {
    child::alone("neither_a_look_nor_a_removal_has_room_for_the_file", || {
        let scratch = Scratch::new();
        let name = scratch.name("large");
        drop(spsc::Options::new().capacity(64 << 20).create(&name).unwrap());
        space::limit(rustix::process::Resource::As, space::address_space() + (32 << 20));
        assert_eq!(memlane::inspect(&name).unwrap().capacity, 64 << 20);
        memlane::remove(&name).unwrap();
        assert_eq!(scratch.files(), [""; 0]);
    });
}
