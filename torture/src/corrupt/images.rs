//! Images that are wrong all over, in the largest channels: what they cost in time. What is wrong is in `patterns`.
//!
//! A wrong byte is found by the first call that meets it. A hundred thousand wrong words that each look almost right can keep a
//! call busy instead: cells that are all ones, stamps of later laps, rows that say "live" of thousands who are not. Each pattern
//! is written into a fresh channel of 65,536 slots, 8 priorities and 1,024 seats, or a lane of 8 MiB, in which both ends had
//! work in hand; then one call is made, and its overrun taken: how long after its deadline it came back, less what its thread waited
//! for a processor. A call that waits has 10 ms and may be late by 10 ms; so may one that does not wait; a join and a look have
//! 100 ms in all. What is late is tried again: the machine may have been busy, and bytes are slow every time.

#![allow(unsafe_code, reason = "taking open-file-description locks is unsafe, and everything else here is not")]

use super::parts::Parts;
use super::patterns::{Pattern, patterns};
use crate::measure;
use crate::scratch::Scratch;
use crate::subject::{ChannelOf, Kind, OptionsOf, ReceiverOf, SenderOf, Subject};
use anyhow::{Context, Result};
use std::fs::{File, OpenOptions};
use std::hint::black_box;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

/// How long a call waits, and how late it may be.
pub const DEADLINE: Duration = Duration::from_millis(10);
const LATE: Duration = Duration::from_millis(10);

/// Longer than a slice, at whose end a call that waits looks after the others.
pub const SLICE: Duration = Duration::from_millis(120);

/// What a join and a look may take.
const LOOK: Duration = Duration::from_millis(100);

/// How often a call is tried that was late.
const TRIES: u32 = 3;

/// Handles of a channel that had work in hand before it was damaged.
struct Handles<K: Subject> {
    name: String,
    channel: ChannelOf<K>,
    senders: Vec<SenderOf<K>>,
    receivers: Vec<ReceiverOf<K>>,
}

/// What is called, and what it may take in all.
pub struct Call<H> {
    pub name: &'static str,
    pub allowed: Duration,
    /// What is done with the damaged channel before, for as long as it likes.
    pub first: fn(&mut H),
    pub call: fn(&mut H),
}

/// A call with this deadline.
pub const fn within<H>(deadline: Duration, name: &'static str, call: fn(&mut H)) -> Call<H> {
    Call { name, allowed: deadline.saturating_add(LATE), first: |_| (), call }
}

/// A join or a look.
pub const fn look<H>(name: &'static str, call: fn(&mut H)) -> Call<H> {
    Call { name, allowed: LOOK, first: |_| (), call }
}

/// The call was made: what came of it is not asked.
pub fn done<T>(outcome: T) {
    drop(black_box(outcome));
}

/// All calls of a kind that carries messages: the same words in all of them.
fn calls<K: Subject>() -> [Call<Handles<K>>; 18] {
    const NOW: Duration = Duration::ZERO;
    [
        within(DEADLINE, "recv_timeout", |h| done(h.receivers[0].recv_timeout(DEADLINE))),
        within(DEADLINE, "recv_batch_timeout", |h| done(h.receivers[0].recv_batch_timeout(8, DEADLINE))),
        within(DEADLINE, "send_timeout", |h| done(h.senders[0].send_timeout(b"more", DEADLINE))),
        within(DEADLINE, "reserve_timeout", |h| done(h.senders[0].reserve_timeout(8, DEADLINE))),
        Call {
            first: |h| while h.receivers[0].try_recv().is_ok() {},
            ..within(SLICE, "recv_timeout, over a slice", |h| done(h.receivers[0].recv_timeout(SLICE)))
        },
        Call {
            // Where nobody holds it back, it is never full.
            first: |h| done((0..1 << 20).find(|_| h.senders[0].try_send(b"more").is_err())),
            ..within(SLICE, "send_timeout, over a slice", |h| done(h.senders[0].send_timeout(b"more", SLICE)))
        },
        within(NOW, "try_recv", |h| done(h.receivers[0].try_recv())),
        within(NOW, "try_recv_batch", |h| done(h.receivers[0].try_recv_batch(8))),
        within(NOW, "try_send", |h| done(h.senders[0].try_send(b"more"))),
        look("info", |h| done(h.channel.info())),
        look("inspect", |h| done(memlane::inspect(&h.name))),
        look("open", |h| done(OptionsOf::<K>::new().open(&h.name))),
        look("join as sender", |h| h.senders.extend(h.channel.sender())),
        look("join as receiver", |h| h.receivers.extend(h.channel.receiver())),
        look("leave as sender", |h| h.senders.clear()),
        look("leave as receiver", |h| h.receivers.clear()),
        look("remove", |h| done(memlane::remove(&h.name))),
        look("remove_forced", |h| done(memlane::remove_forced(&h.name))),
    ]
}

/// Some messages were received, some wait, one is in hand, and so is room for one.
fn prepare<K: Subject>(name: String) -> Result<Handles<K>> {
    let channel = K::large().create(&name)?;
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

/// [`attack`] with the calls of a kind that carries messages.
pub fn attack_messages<K: Subject>(kind: &K, late: &mut Vec<String>) -> Result<()> {
    attack(kind, &calls::<K>(), prepare::<K>, late)
}

/// Makes every call on every image, notes which were late, and prints the largest overruns. `prepare` makes the handles of a channel of
/// this name.
pub fn attack<H>(
    kind: &dyn Kind,
    calls: &[Call<H>],
    prepare: fn(String) -> Result<H>,
    late: &mut Vec<String>,
) -> Result<()> {
    let (mut waits, mut looks) = (Vec::new(), Vec::new());
    for pattern in patterns(kind.facts().store) {
        for call in calls {
            let what = || format!("{}: {}: {}", kind.name(), pattern.name, call.name);
            let mut least = Duration::MAX;
            for _ in 0..TRIES {
                least = least.min(take(pattern, call, prepare).with_context(what)?);
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
fn take<H>(pattern: &Pattern, call: &Call<H>, prepare: fn(String) -> Result<H>) -> Result<Duration> {
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
