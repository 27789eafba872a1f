//! Opens an arbitrary file image as a channel and uses it.
//!
//! The input overwrites parts of a real channel's file: `(offset: u16 in units of 8 bytes, length: u8, bytes)*`, behind a byte
//! of flags. Bit 0: the header's checksum is made right again, so that what lies behind it is reached. Bit 1: messages were
//! sent before. The other bits: which of [`KINDS`] it is. Whatever the file holds, safe calls return: a message, or a typed error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use memlane::generic::{Broadcast, ChannelKind, Mpmc, Mpsc, Options, Spsc};
use memlane::{event, semaphore, watch};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// Offset of the header's checksum, which covers everything before it.
const CHECKSUM_AT: usize = 1020;

/// Messages that are there before the damage, by length in bytes.
const LENGTHS: [usize; 4] = [0, 8, 100, 700];

/// A kind whose images are damaged.
trait Image: ChannelKind {
    /// A channel of few bytes, so that the input reaches most of them.
    fn small() -> Options<Self>;
}

impl Image for Spsc {
    fn small() -> Options<Self> {
        Options::<Self>::new().capacity(4096).type_name("[u64]")
    }
}

impl Image for Mpmc {
    fn small() -> Options<Self> {
        Options::<Self>::new().slots(6).max_message(700).priorities(2).max_senders(2).max_receivers(2)
    }
}

impl Image for Mpsc {
    fn small() -> Options<Self> {
        Options::<Self>::new().capacity(4096).max_senders(2)
    }
}

impl Image for Broadcast {
    fn small() -> Options<Self> {
        Options::<Self>::new().capacity(4096).max_receivers(2)
    }
}

/// What is done with a channel of a kind.
struct Kind {
    create: fn(&str, bool),
    open_and_use: fn(&str),
}

impl Kind {
    const fn of<K: Image>() -> Self {
        Self { create: create::<K>, open_and_use: open_and_use::<K> }
    }
}

macro_rules! kinds {
    ({} $($kind:ident $name:ident;)*) => {
        &[$(Kind::of::<memlane::generic::$kind>(),)*
            Kind { create: create_watch, open_and_use: open_and_use_watch },
            Kind { create: create_semaphore, open_and_use: open_and_use_semaphore },
            Kind { create: create_event, open_and_use: open_and_use_event }]
    };
}

/// The kinds, by the number that stands in the flags: the engine's list, and the kinds that carry no messages.
const KINDS: &[Kind] = memlane::with_kinds!(kinds {});

fuzz_target!(|data: &[u8]| {
    let Some((&flags, patches)) = data.split_first() else { return };
    // Where TMPDIR says: a folder on tmpfs is fast, and whoever made it removes it.
    let folder = std::env::temp_dir().join(format!("memlane-fuzz-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).expect("a folder");
    let name = folder.join("channel").display().to_string();
    let kind = &KINDS[usize::from(flags >> 2) % KINDS.len()];
    (kind.create)(&name, flags & 2 != 0);
    let file = OpenOptions::new().read(true).write(true).open(&name).expect("the channel's file");
    patch(&file, patches, flags & 1 != 0);

    let _ = memlane::inspect(&name);
    (kind.open_and_use)(&name);
});

/// Creates a channel; one that is filled holds messages, of which the first one was received.
fn create<K: Image>(name: &str, is_filled: bool) {
    let channel = K::small().create(name).expect("a fresh channel");
    if is_filled {
        let (mut tx, mut rx) =
            (channel.sender().expect("the first sender"), channel.receiver().expect("the first receiver"));
        LENGTHS.iter().for_each(|&length| tx.send(&vec![0xa5; length]).expect("room"));
        drop(rx.recv().expect("a message"));
    }
}

/// Opens the channel as one of this kind, and makes every call once at least.
fn open_and_use<K: Image>(name: &str) {
    let Ok(channel) = Options::<K>::new().open(name) else { return };
    let _ = channel.info();
    if let Ok(mut rx) = channel.receiver() {
        let mut buffer = vec![0; rx.max_message().min(1 << 20)];
        for _ in 0..600 {
            if rx.try_recv_into(&mut buffer).is_err() {
                break;
            }
        }
        let max = rx.max_message();
        let check = |message: Vec<u8>| assert!(message.len() <= max, "a message is longer than the channel allows");
        let _ = rx.try_recv().map(|message| (check(message.to_vec()), message.nack()));
        let _ = rx.try_recv_batch(8).map(|batch| batch.iter().for_each(|message| check(message.to_vec())));
        let _ = rx.recv_timeout(Duration::ZERO).map(|message| message.ack());
    }
    if let Ok(mut tx) = channel.sender() {
        for length in [0, 1, 700, 1 << 20] {
            let _ = tx.try_send(&vec![1; length]);
        }
        if let Ok(mut grant) = tx.try_reserve(32) {
            grant.write_at(8, &[3; 24]).expect("room that was reserved");
            let _ = grant.commit(32);
        }
        let _ = tx.send_timeout(&[2; 64], Duration::ZERO);
    }
}

/// The same of a watch: a value was set a few times.
fn create_watch(name: &str, is_filled: bool) {
    let channel = watch::Options::new().max_message(700).max_receivers(2).create(name).expect("a fresh channel");
    if is_filled {
        let mut tx = channel.sender().expect("the first sender");
        for length in LENGTHS {
            tx.set(&vec![0xa5; length]).expect("a value that fits");
        }
    }
}

fn open_and_use_watch(name: &str) {
    let Ok(channel) = watch::Options::new().open(name) else { return };
    let _ = channel.info();
    let max = channel.max_message();
    let check = |value: Vec<u8>| assert!(value.len() <= max, "a value is longer than the channel allows");
    if let Ok(mut rx) = channel.receiver() {
        let _ = (rx.has_changed(), rx.version());
        let _ = rx.get_into(&mut vec![0; max.min(1 << 20)]);
        let _ = rx.try_get().map(check);
        let _ = rx.changed_timeout(Duration::ZERO).map(check);
        let _ = rx.wait_for_timeout(|value| value.len() == 1, Duration::ZERO).map(check);
    }
    if let Ok(mut tx) = channel.sender() {
        for length in [0, 1, 700, 1 << 20] {
            let _ = tx.set(&vec![1; length]);
        }
    }
    if let Ok(mut rx) = channel.receiver() {
        let _ = rx.get().map(check);
    }
}

/// The same of a semaphore: permits came to places and back, and one is gone for good.
fn create_semaphore(name: &str, is_filled: bool) {
    let channel =
        semaphore::Options::new().permits(5).max_held(4).max_handles(3).create(name).expect("a fresh channel");
    if is_filled {
        let mut semaphore = channel.semaphore().expect("the first handle");
        let [first, ..] = [(); 3].map(|()| semaphore.acquire().expect("a permit"));
        first.forget().expect("it is held");
    }
}

fn open_and_use_semaphore(name: &str) {
    let Ok(channel) = semaphore::Options::new().open(name) else { return };
    let _ = channel.info();
    if let Ok(mut semaphore) = channel.semaphore() {
        let _ = (semaphore.available(), semaphore.try_acquire().map(drop));
        let _ = semaphore.acquire_timeout(Duration::ZERO).map(semaphore::Permit::forget);
        let _ = semaphore.add_permits(2);
        for permits in [0, 1, 3, u32::MAX] {
            let _ = semaphore.try_acquire_many(permits).map(|permit| {
                assert_eq!(permit.count(), permits as usize);
                permit.release()
            });
        }
    }
}

/// The same of an event: bits are set.
fn create_event(name: &str, is_filled: bool) {
    let channel = event::Options::new().max_handles(3).create(name).expect("a fresh channel");
    if is_filled {
        channel.event().expect("the first handle").set(5).expect("it is open");
    }
}

fn open_and_use_event(name: &str) {
    let Ok(channel) = event::Options::new().open(name) else { return };
    let _ = channel.info();
    if let Ok(mut event) = channel.event() {
        let _ = (event.bits(), event.has_fired(), event.try_wait());
        let _ = (event.set(6), event.clear(2), event.wait_timeout(Duration::ZERO));
        let _ = (event.wait_any_timeout(4, Duration::ZERO), event.wait_all_timeout(7, Duration::ZERO), event.clear(4));
    }
}

fn patch(file: &File, mut patches: &[u8], mend_checksum: bool) {
    let length = file.metadata().expect("its length").len();
    while let Some((head, bytes)) = patches.split_at_checked(3) {
        let offset = u64::from(u16::from_le_bytes([head[0], head[1]])) * 8;
        let (patch, after) = bytes.split_at(bytes.len().min(head[2].into()));
        patches = after;
        if offset + patch.len() as u64 <= length {
            file.write_all_at(patch, offset).expect("writing the image");
        }
    }
    if mend_checksum {
        let mut header = [0; CHECKSUM_AT];
        file.read_exact_at(&mut header, 0).expect("the header");
        file.write_all_at(&crc32c::crc32c(&header).to_le_bytes(), CHECKSUM_AT as u64).expect("writing the checksum");
    }
}
