//! Images that are wrong all over, in the largest channels: what they cost in time.
//!
//! A wrong byte is found by the first call that meets it. A hundred thousand wrong words that each look almost right can keep a
//! call busy instead: cells that are all ones, stamps of later laps, rows that say "live" of thousands who are not. Each pattern
//! is written into a fresh channel of 65,536 slots, 8 priorities and 1,024 seats, or a lane of 8 MiB, in which both ends had
//! work in hand; then one call is made, and its overrun taken: how long after its deadline it came back, less what its thread waited
//! for a processor. A call that waits has 10 ms and may be late by 10 ms; so may one that does not wait; a join and a look have
//! 100 ms in all. What is late is tried again: the machine may have been busy, and bytes are slow every time.

#![allow(unsafe_code, reason = "taking open-file-description locks is unsafe, and everything else here is not")]

use crate::kinds::Kind;
use crate::measure;
use crate::random::Random;
use crate::scratch::Scratch;
use anyhow::{Context, Result, ensure};
use memlane::{mpmc, spsc};
use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

/// How long a call waits, and how late it may be.
const DEADLINE: Duration = Duration::from_millis(10);
const LATE: Duration = Duration::from_millis(10);

/// Longer than a slice, at whose end a call that waits looks after the others.
const SLICE: Duration = Duration::from_millis(120);

/// What a join and a look may take.
const LOOK: Duration = Duration::from_millis(100);

/// How often a call is tried that was late.
const TRIES: u32 = 3;

/// Where what stands, by `docs/layout.md`.
struct Parts {
    image: Vec<u8>,
    senders: usize,
    rows: Range<usize>,
    control: Range<usize>,
    /// mpmc: the controls of its rings.
    rings: Range<usize>,
    cells: Range<usize>,
    /// Slots, or the ring of a lane.
    data: Range<usize>,
    slot_bytes: usize,
    slots: usize,
}

const ROW_BYTES: usize = 256;
const RING_CONTROL_BYTES: usize = 256;

impl Parts {
    fn of(file: &File) -> Result<Self> {
        let mut image = vec![0; file.metadata()?.len() as usize];
        file.read_exact_at(&mut image, 0)?;
        let number = |at: usize, bytes: usize| {
            image[at..at + bytes].iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte))
        };
        let [rows_at, control_at, data_at, cells_at] = [112, 120, 144, 240].map(|at| number(at, 8));
        let (slots, priorities, senders) = (number(224, 4), number(228, 2), number(92, 4));
        let cells = slots.next_power_of_two().max(64) * priorities * 8;
        let rings_at = cells_at.saturating_sub(priorities * RING_CONTROL_BYTES);
        let (rings, cells) = if slots == 0 { (0..0, 0..0) } else { (rings_at..cells_at, cells_at..cells_at + cells) };
        let control_end = if slots == 0 { data_at } else { rings_at };
        Ok(Self {
            senders,
            rows: rows_at..control_at,
            control: control_at..control_end,
            rings,
            cells,
            data: data_at..image.len(),
            slot_bytes: (image.len() - data_at).checked_div(slots).unwrap_or(0),
            slots,
            image,
        })
    }

    fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.image[at..at + 8].try_into().expect("eight bytes"))
    }

    fn set(&mut self, at: usize, word: u64) {
        self.image[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }

    /// Each word of this part becomes another one.
    fn each(&mut self, part: Range<usize>, step: usize, change: impl Fn(usize, u64) -> u64) {
        for (number, at) in part.step_by(step).enumerate() {
            let word = change(number, self.word(at));
            self.set(at, word);
        }
    }

    /// All rows say what those say that are alive; or something else, by their number.
    fn live_rows(&mut self, change: impl Fn(usize, u64) -> u64) {
        let senders = self.senders;
        let [sender, receiver] = [0, senders].map(|row| self.word(self.rows.start + row * ROW_BYTES));
        let of = |row| if row < senders { sender } else { receiver };
        self.each(self.rows.clone(), ROW_BYTES, |row, _| change(row, of(row)));
    }

    /// All slots are in this state, and the rows' in turn.
    fn all_slots(&mut self, state: u64) {
        let rows = self.rows.len() / ROW_BYTES;
        self.each(self.data.clone(), self.slot_bytes, |slot, _| 1 << 19 | state << 16 | (slot % rows) as u64);
    }
}

/// What is written.
struct Pattern {
    name: &'static str,
    write: fn(&mut Parts),
    /// Whether somebody else holds locks of no participant's shape all over the lock file.
    foreign_locks: bool,
}

const fn pattern(name: &'static str, write: fn(&mut Parts)) -> Pattern {
    Pattern { name, write, foreign_locks: false }
}

/// Lives, or epochs, of nobody.
fn of_the_dead(row: usize, word: u64) -> u64 {
    word.wrapping_add((row as u64 + 1) << 44)
}

/// A stamp so many laps later.
fn laps(count: u64) -> u64 {
    count << 16
}

/// Of both kinds.
const OF_ALL: &[Pattern] = &[
    pattern("nothing", |_| ()),
    pattern("rows say live", |parts| parts.live_rows(|_, word| word)),
    pattern("rows of the dead", |parts| parts.live_rows(of_the_dead)),
    pattern("rows all ones", |parts| parts.image[parts.rows.clone()].fill(0xff)),
    pattern("control all ones", |parts| parts.image[parts.control.clone()].fill(0xff)),
    pattern("data all ones", |parts| parts.image[parts.data.clone()].fill(0xff)),
    pattern("random words", |parts| {
        for part in
            [parts.rows.clone(), parts.control.clone(), parts.rings.clone(), parts.cells.clone(), parts.data.clone()]
        {
            let random = Random::new(7, part.start as u64);
            let random = std::cell::RefCell::new(random);
            parts.each(part, 8, |_, _| random.borrow_mut().below(u64::MAX));
        }
    }),
    Pattern { name: "foreign locks", write: |parts| parts.live_rows(|_, word| word), foreign_locks: true },
    Pattern {
        name: "foreign locks, rows of the dead",
        write: |parts| parts.live_rows(of_the_dead),
        foreign_locks: true,
    },
];

const OF_QUEUES: &[Pattern] = &[
    pattern("cells all ones", |parts| parts.image[parts.cells.clone()].fill(0xff)),
    pattern("cells all zeros", |parts| parts.image[parts.cells.clone()].fill(0)),
    pattern("stamps a lap ahead", |parts| parts.each(parts.cells.clone(), 8, |_, cell| cell + laps(1))),
    pattern("stamps two laps ahead", |parts| parts.each(parts.cells.clone(), 8, |_, cell| cell + laps(2))),
    pattern("cells of this lap, one slot", |parts| parts.each(parts.cells.clone(), 8, |_, _| laps(1))),
    pattern("cells of this lap, all slots", |parts| {
        let slots = parts.slots as u64;
        parts.each(parts.cells.clone(), 8, |cell, _| laps(1) | (cell as u64 % slots));
    }),
    pattern("cells all ones, rows say live", |parts| {
        parts.image[parts.cells.clone()].fill(0xff);
        parts.live_rows(|_, word| word);
    }),
    pattern("cells of this lap, rows of the dead", |parts| {
        let slots = parts.slots as u64;
        parts.each(parts.cells.clone(), 8, |cell, _| laps(1) | (cell as u64 % slots));
        parts.live_rows(of_the_dead);
    }),
    pattern("heads far ahead", |parts| parts.each(parts.rings.clone(), RING_CONTROL_BYTES, |_, head| head + (1 << 40))),
    pattern("tails far ahead", |parts| {
        let tails = parts.rings.start + 128..parts.rings.end;
        parts.each(tails, RING_CONTROL_BYTES, |_, tail| tail + (1 << 62));
    }),
    pattern("heads and tails all ones", |parts| parts.image[parts.rings.clone()].fill(0xff)),
    pattern("all slots produced", |parts| parts.all_slots(1)),
    pattern("all slots consumed", |parts| parts.all_slots(2)),
    pattern("all slots to be redelivered", |parts| parts.all_slots(3)),
    pattern("all slots returned", |parts| parts.all_slots(4)),
    pattern("all slots consumed, rows say live", |parts| {
        parts.all_slots(2);
        parts.live_rows(|_, word| word);
    }),
    pattern("all slots consumed, rows of the dead", |parts| {
        parts.all_slots(2);
        parts.live_rows(of_the_dead);
    }),
    pattern("all slots to be redelivered, rows of the dead", |parts| {
        parts.all_slots(3);
        parts.live_rows(of_the_dead);
    }),
];

const OF_LANES: &[Pattern] = &[
    pattern("the ring all zeros", |parts| parts.image[parts.data.clone()].fill(0)),
    pattern("committed far ahead", |parts| {
        let at = parts.control.start + 256;
        let committed = parts.word(at);
        parts.set(at, committed + (1 << 40));
    }),
    pattern("empty messages all over", |parts| {
        parts.each(parts.data.clone(), 8, |number, _| (number as u64) << 34 | 1 << 32)
    }),
    pattern("paddings all over", |parts| parts.each(parts.data.clone(), 8, |_, _| 2 << 32)),
];

/// Handles of a channel that had work in hand before it was damaged.
struct Handles<C, S, R> {
    name: String,
    channel: C,
    senders: Vec<S>,
    receivers: Vec<R>,
}

/// What is called, and what it may take in all.
struct Call<H> {
    name: &'static str,
    allowed: Duration,
    /// What is done with the damaged channel before, for as long as it likes.
    first: fn(&mut H),
    call: fn(&mut H),
}

/// A call with this deadline.
const fn within<H>(deadline: Duration, name: &'static str, call: fn(&mut H)) -> Call<H> {
    Call { name, allowed: deadline.saturating_add(LATE), first: |_| (), call }
}

/// A join or a look.
const fn look<H>(name: &'static str, call: fn(&mut H)) -> Call<H> {
    Call { name, allowed: LOOK, first: |_| (), call }
}

/// The call was made: what came of it is not asked.
fn done<T>(outcome: T) {
    drop(black_box(outcome));
}

/// What makes a kind's largest channel, and the calls, which have the same words in all kinds.
macro_rules! calls {
    ($kind:ident) => {{
        type Used = Handles<$kind::Channel, $kind::Sender, $kind::Receiver>;
        const NOW: Duration = Duration::ZERO;
        const CALLS: &[Call<Used>] = &[
            within(DEADLINE, "recv_timeout", |h| done(h.receivers[0].recv_timeout(DEADLINE))),
            within(DEADLINE, "recv_batch_timeout", |h| done(h.receivers[0].recv_batch_timeout(8, DEADLINE))),
            within(DEADLINE, "send_timeout", |h| done(h.senders[0].send_timeout(b"more", DEADLINE))),
            within(DEADLINE, "reserve_timeout", |h| done(h.senders[0].reserve_timeout(8, DEADLINE))),
            Call {
                first: |h| while h.receivers[0].try_recv().is_ok() {},
                ..within(SLICE, "recv_timeout, over a slice", |h| done(h.receivers[0].recv_timeout(SLICE)))
            },
            Call {
                first: |h| while h.senders[0].try_send(b"more").is_ok() {},
                ..within(SLICE, "send_timeout, over a slice", |h| done(h.senders[0].send_timeout(b"more", SLICE)))
            },
            within(NOW, "try_recv", |h| done(h.receivers[0].try_recv())),
            within(NOW, "try_recv_batch", |h| done(h.receivers[0].try_recv_batch(8))),
            within(NOW, "try_send", |h| done(h.senders[0].try_send(b"more"))),
            look("info", |h| done(h.channel.info())),
            look("inspect", |h| done(memlane::inspect(&h.name))),
            look("open", |h| done($kind::open(&h.name))),
            look("join as sender", |h| h.senders.extend(h.channel.sender())),
            look("join as receiver", |h| h.receivers.extend(h.channel.receiver())),
            look("leave as sender", |h| h.senders.clear()),
            look("leave as receiver", |h| h.receivers.clear()),
            look("remove", |h| done(memlane::remove(&h.name))),
            look("remove_forced", |h| done(memlane::remove_forced(&h.name))),
        ];
        /// Some messages were received, some wait, one is in hand, and so is room for one.
        fn prepare(name: String, channel: $kind::Channel) -> Result<Used> {
            let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
            for number in 0..32u32 {
                tx.send(&number.to_le_bytes())?;
            }
            for _ in 0..8 {
                rx.recv()?;
            }
            std::mem::forget(rx.recv()?);
            let _held = std::mem::ManuallyDrop::new(tx.reserve(8)?);
            Ok(Handles { name, channel, senders: vec![tx], receivers: vec![rx] })
        }
        (CALLS, prepare as fn(_, _) -> _)
    }};
}

/// Tries all of them on this kind, or all, and prints the largest overruns.
pub fn run(only: Option<&'static Kind>) -> Result<()> {
    let mut late = Vec::new();
    if only.is_none_or(|kind| kind.name == "mpmc") {
        let (calls, prepare) = calls!(mpmc);
        let shape =
            mpmc::Options::new().slots(65_536).priorities(8).max_message(32).max_senders(512).max_receivers(512);
        attack("mpmc", &[OF_ALL, OF_QUEUES], calls, |name| prepare(name.clone(), shape.create(&name)?), &mut late)?;
    }
    if only.is_none_or(|kind| kind.name == "spsc") {
        let (calls, prepare) = calls!(spsc);
        let shape = spsc::Options::new().capacity(8 << 20);
        attack("spsc", &[OF_ALL, OF_LANES], calls, |name| prepare(name.clone(), shape.create(&name)?), &mut late)?;
    }
    ensure!(late.is_empty(), "bytes cost time:\n  {}", late.join("\n  "));
    Ok(())
}

/// Makes every call on every image, and notes which were late.
fn attack<H>(
    kind: &str,
    patterns: &[&[Pattern]],
    calls: &[Call<H>],
    prepare: impl Fn(String) -> Result<H>,
    late: &mut Vec<String>,
) -> Result<()> {
    let (mut waits, mut looks) = (Vec::new(), Vec::new());
    for pattern in patterns.iter().copied().flatten() {
        for call in calls {
            let what = || format!("{kind}: {}: {}", pattern.name, call.name);
            let mut least = Duration::MAX;
            for _ in 0..TRIES {
                least = least.min(take(pattern, call, &prepare).with_context(what)?);
                if least <= call.allowed {
                    break;
                }
            }
            if least > call.allowed {
                late.push(format!("{} took {least:.1?}", what()));
            }
            let (times, deadline) =
                if call.allowed == LOOK { (&mut looks, Duration::ZERO) } else { (&mut waits, call.allowed - LATE) };
            times.push((least.saturating_sub(deadline), what()));
        }
    }
    for (which, times) in [("overrun of a deadline", waits), ("join, look or leave", looks)] {
        let count = times.len();
        let (longest, what) = times.into_iter().max().context("no call was made")?;
        println!("largest {which}: {:.3} ms, {what}; of {count}", longest.as_secs_f64() * 1e3);
    }
    Ok(())
}

/// How long this call takes on this image, less what the thread waited for a processor.
fn take<H>(pattern: &Pattern, call: &Call<H>, prepare: impl Fn(String) -> Result<H>) -> Result<Duration> {
    let scratch = Scratch::new()?;
    let mut handles = prepare(scratch.channel())?;
    let file = OpenOptions::new().read(true).write(true).open(scratch.channel())?;
    let mut parts = Parts::of(&file)?;
    (pattern.write)(&mut parts);
    file.write_all_at(&parts.image[parts.rows.start..], parts.rows.start as u64)?;
    drop((file, parts));
    let _foreign = if pattern.foreign_locks { Some(lock_all_over(&scratch)?) } else { None };
    (call.first)(&mut handles);
    let thread = rustix::thread::gettid().as_raw_nonzero().get() as u32;
    let (delayed, started) = (measure::thread_delay(thread)?, Instant::now());
    (call.call)(&mut handles);
    let elapsed = started.elapsed();
    Ok(elapsed.saturating_sub(measure::thread_delay(thread)?.saturating_sub(delayed)))
}

/// Locks of two bytes all over the lock file, wherever nobody holds one: no participant's.
fn lock_all_over(scratch: &Scratch) -> Result<File> {
    let lock = scratch.files()?.into_iter().find(|name| name.ends_with(".lock")).context("no lock file")?;
    let file = OpenOptions::new().read(true).write(true).open(scratch.path(&lock))?;
    let near = (0..2048).map(|row| row * 2);
    let far = (1..2048).map(|block| block * 4096 + 1);
    for start in near.chain(far) {
        // SAFETY: all of it is plain numbers.
        let mut request: libc::flock = unsafe { std::mem::zeroed() };
        (request.l_type, request.l_start, request.l_len) = (libc::F_WRLCK as _, start, 2);
        // SAFETY: the kernel reads a request of ours. Where a participant holds a lock it is refused.
        unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const request) };
    }
    Ok(file)
}
