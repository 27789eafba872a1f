//! `docs/layout.md` describes the files that the engine writes: found again at the documented places, byte by byte.

mod support;

use memlane::FenceMode;
use memlane::spsc::Options;
use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;
use support::image::forge;
use support::layout::{self, RESERVED, field, structure};
use support::{Scratch, lock_file};

/// A region file, read by the documentation alone.
struct Probe(Vec<u8>);

impl Probe {
    fn number(&self, at: u64, bytes: usize) -> u64 {
        let mut word = [0; 8];
        word[..bytes].copy_from_slice(&self.0[at as usize..][..bytes]);
        u64::from_le_bytes(word)
    }

    /// A field of a struct that stands at `base`.
    fn field(&self, base: u64, name: &str, field_name: &str) -> u64 {
        let field = field(name, field_name);
        self.number(base + field.offset as u64, field.bytes)
    }

    fn header(&self, field_name: &str) -> u64 {
        self.field(0, "HeaderBlock", field_name)
    }

    fn bytes(&self, base: u64, name: &str, field_name: &str) -> &[u8] {
        &self.0[base as usize..][field(name, field_name).range()]
    }

    /// A part, whose documented reserved space has to be zero.
    fn assert_reserved_is_zero(&self, base: u64, name: &str) {
        for field in structure(name).fields.iter().filter(|field| field.name == RESERVED) {
            assert!(self.0[base as usize..][field.range()].iter().all(|&byte| byte == 0), "{name} at {}", field.offset);
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_fields_of_each_struct_follow_each_other_and_fill_it() {
    assert_eq!(layout::structures().len(), 12);
    for structure in layout::structures() {
        let mut end = 0;
        for field in &structure.fields {
            assert_eq!(field.offset, end, "{}: `{}` does not follow its predecessor", structure.name, field.name);
            end += field.bytes;
        }
        assert_eq!(end, structure.bytes, "{} is not filled", structure.name);
    }
}

/// The name of a type that tells its layout.
const NAME: &str = "Quote{px:f64@0,qty:u64@8}#16/8";

#[test]
fn a_file_holds_what_the_page_says_where_it_says() {
    let scratch = Scratch::new();
    let name = scratch.name("probe");
    let options =
        Options::new().capacity(8192).max_message(100).payload_alignment(16).record_alignment(64).persistent(true);
    let options = options.type_name(NAME).fence(FenceMode::Symmetric).participant_name("tester");
    let channel = options.create(&name).unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send_batch(["first", "second"]).unwrap();
    rx.recv().unwrap();
    rx.publish_released();
    let probe = Probe(fs::read(&name).unwrap());
    let info = channel.info();

    assert_eq!(probe.bytes(0, "HeaderBlock", "magic"), b"\x89memlane");
    assert_eq!((probe.header("major"), probe.header("minor")), {
        let (major, minor) = memlane::LAYOUT_VERSION;
        (major.into(), minor.into())
    });
    assert_eq!((probe.header("kind"), probe.header("backend"), probe.header("fence")), (1, 1, 2));
    assert_eq!(hexadecimal(probe.bytes(0, "HeaderBlock", "instance")), info.instance);
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    assert_eq!(hexadecimal(probe.bytes(0, "HeaderBlock", "boot")), boot.trim().replace('-', ""));
    assert_eq!(probe.header("created_unix_ns"), info.created_unix_ns);
    assert_eq!(probe.header("total_bytes"), probe.0.len() as u64);
    assert_eq!((probe.header("options"), probe.header("capacity"), probe.header("max_message")), (1, 8192, 100));
    assert_eq!((probe.header("senders"), probe.header("receivers"), probe.header("lanes")), (1, 1, 1));
    assert_eq!(probe.header("lock_inode"), fs::metadata(lock_file(&name)).unwrap().ino());
    assert_eq!((probe.header("participants"), probe.header("payload_alignment")), (2, 16));
    assert_eq!(probe.header("record_alignment"), 64);
    assert_eq!(probe.header("creator_pid"), std::process::id().into());
    assert_eq!(probe.header("type_hash"), info.type_hash);
    assert_eq!((probe.header("type_size"), probe.header("type_alignment"), probe.header("type_form")), (16, 8, 2));
    assert_eq!(probe.header("type_name_bytes"), NAME.len() as u64);
    let (text, padding) = probe.bytes(0, "HeaderBlock", "type_name").split_at(NAME.len());
    assert_eq!((text, padding.iter().all(|&byte| byte == 0)), (NAME.as_bytes(), true));
    assert_eq!(probe.header("crc"), crc32c::crc32c(&probe.0[..1020]).into());
    assert_eq!(probe.field(structure("StatusCell").at.unwrap(), "StatusCell", "word"), 1);

    let [row, control, lane, gate] = ["ParticipantRow", "ChannelControl", "LaneControl", "Gate"];
    let bytes = |name| structure(name).bytes as u64;
    let (rows_at, control_at) = (probe.header("participants_at"), probe.header("control_at"));
    let (lanes_at, gates_at, data_at) = (probe.header("lanes_at"), probe.header("gates_at"), probe.header("data_at"));
    assert_eq!((rows_at, control_at), (4096, 4096 + 2 * bytes(row)));
    assert_eq!((lanes_at, gates_at), (control_at + bytes(control), control_at + bytes(control) + bytes(lane)));
    assert_eq!(data_at, (gates_at + bytes(gate)).next_multiple_of(4096));
    assert_eq!(probe.header("total_bytes"), data_at + 8192);

    for (number, role) in [(0, 0), (1, 1)] {
        let at = rows_at + number * bytes(row);
        assert_eq!(probe.field(at, row, "state"), (4096 + number) << 8 | role << 7 | 1, "life, role, live");
        assert_eq!(probe.field(at, row, "pid"), std::process::id().into());
        assert_eq!(probe.field(at, row, "started_unix_ns"), info.participants[number as usize].started_unix_ns);
        assert!(probe.bytes(at, row, "name").starts_with(b"tester\0"));
        assert_eq!(probe.field(at, row, "messages"), 2 - number);
        probe.assert_reserved_is_zero(at, row);
    }
    assert_eq!(probe.field(control_at, control, "membership"), 2, "two joined");
    assert_eq!(probe.field(lanes_at, lane, "count"), 2);
    assert_eq!(probe.field(lanes_at, lane, "committed"), 2 * 64, "two records that start at lines");
    assert_eq!(probe.field(gates_at, gate, "consumed"), 64);
    for (at, name) in [(control_at, control), (lanes_at, lane), (gates_at, gate)] {
        probe.assert_reserved_is_zero(at, name);
    }

    for (number, text) in [(0, &b"first"[..]), (1, b"second")] {
        let at = data_at + number * 64;
        assert_eq!(probe.number(at, 8), number << 34 | 1 << 32 | text.len() as u64, "sequence, kind, length");
        assert_eq!(&probe.0[at as usize + 16..][..text.len()], text);
    }
    assert_eq!(probe.number(data_at + 128, 8), 0, "the header behind the last record");

    let lock = fs::read(lock_file(&name)).unwrap();
    assert_eq!(lock, probe.bytes(0, "HeaderBlock", "instance"));
    assert!(lock_file(&name).ends_with(format!("probe.{}.lock", info.instance)));
}

#[test]
fn padding_stands_at_the_end_of_the_ring_as_documented() {
    let scratch = Scratch::new();
    let name = scratch.name("probe");
    let channel = Options::new().capacity(4096).create(&name).unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    for message in [&[1; 1784], &[2; 1784]] {
        tx.send(message).unwrap();
        assert_eq!(rx.recv().unwrap().to_vec(), message);
    }
    rx.publish_released();
    // 3584 bytes are used, 512 are left: the third message goes to the beginning.
    tx.send_batch([[3; 1784]]).unwrap();
    let probe = Probe(fs::read(&name).unwrap());
    let data_at = probe.header("data_at");
    assert_eq!(probe.number(data_at + 3584, 8), 2 << 34 | 2 << 32 | (512 - 8), "padding in front of message 2");
    assert_eq!(probe.number(data_at, 8), 2 << 34 | 1 << 32 | 1784);
    assert_eq!(probe.0[data_at as usize + 8..][..1784], [3; 1784]);
    let lane = probe.header("lanes_at");
    assert_eq!(probe.field(lane, "LaneControl", "committed"), 4096 + 1792);
}

#[test]
fn a_value_stands_in_its_slot_as_documented() {
    let scratch = Scratch::new();
    let name = scratch.name("probe");
    let options = memlane::watch::Options::new().max_message(50).payload_alignment(32).max_receivers(3);
    let mut tx = options.create(&name).unwrap().sender().unwrap();
    for value in [&b"first"[..], b"second"].iter().cycle().take(17) {
        tx.set(value).unwrap();
    }
    let probe = Probe(fs::read(&name).unwrap());
    let (value_at, data_at) = (probe.header("queue_at"), probe.header("data_at"));
    let bytes = |name| structure(name).bytes as u64;
    assert_eq!((probe.header("kind"), probe.header("slots"), probe.header("priorities")), (4, 16, 0));
    assert_eq!((probe.header("capacity"), probe.header("lanes"), probe.header("cells_at")), (0, 0, 0));
    assert_eq!(value_at, 4096 + 4 * bytes("ParticipantRow") + bytes("ChannelControl"));
    assert_eq!(data_at, (value_at + bytes("ValueControl")).next_multiple_of(4096));
    assert_eq!(probe.header("total_bytes"), data_at + 16 * 128, "50 bytes behind 32 are two lines");
    assert_eq!(probe.field(value_at, "ValueControl", "root"), 17);
    probe.assert_reserved_is_zero(value_at, "ValueControl");
    for (version, value) in [(16, &b"second"[..]), (17, b"first")] {
        let at = data_at + version % 16 * 128;
        assert_eq!((probe.number(at, 8), probe.number(at + 8, 8)), (2 * version, value.len() as u64));
        assert_eq!(&probe.0[at as usize + 32..][..value.len()], value);
    }
}

#[test]
fn a_call_stands_in_its_frame_as_documented() {
    let scratch = Scratch::new();
    for retry in [false, true] {
        let name = scratch.name(if retry { "retried" } else { "probe" });
        let options = memlane::rpc::Options::new().frames(3).max_request(50).max_response(30).retry(retry);
        let channel = options.max_clients(2).max_servers(1).create(&name).unwrap();
        let (_first, client, server) =
            (channel.client().unwrap(), channel.client().unwrap(), channel.server().unwrap());
        let _pending = client.start(b"request", Duration::MAX).unwrap();
        let probe = Probe(fs::read(&name).unwrap());
        let [queue_at, cells_at, data_at] = ["queue_at", "cells_at", "data_at"].map(|part| probe.header(part));
        let bytes = |name| structure(name).bytes as u64;
        assert_eq!((probe.header("kind"), probe.header("slots"), probe.header("priorities")), (6, 3, 1));
        assert_eq!((probe.header("capacity"), probe.header("lanes"), probe.header("max_response")), (0, 0, 30));
        assert_eq!(probe.header("options"), if retry { 16 } else { 0 });
        assert_eq!(queue_at, 4096 + 3 * bytes("ParticipantRow") + bytes("ChannelControl"));
        assert_eq!(cells_at, queue_at + bytes("QueueControl") + bytes("RingControl"));
        assert_eq!(data_at, (cells_at + 64 * 8).next_multiple_of(4096));
        assert_eq!(probe.header("total_bytes"), data_at + 3 * 128);
        let frame = probe.number(cells_at, 8) & 0xffff;
        assert_eq!(probe.number(cells_at, 8), 1 << 16 | frame, "the first cell, of the first lap");
        let at = data_at + frame * 128;
        assert_eq!(probe.number(at, 8), 1 << 16 | 1 << 12 | 1, "asked by row 1");
        assert_eq!(probe.number(at + 8, 8), 7, "never taken");
        assert_eq!(probe.number(at + 16, 8), u64::MAX << 12 | 1, "row 1, for ever");
        assert_eq!(&probe.0[at as usize + 32..][..7], b"request");
        server.next().unwrap().respond(b"answer").unwrap();
        let probe = Probe(fs::read(&name).unwrap());
        assert_eq!(probe.number(at, 8), 3 << 16 | 6 << 12 | 1, "answered, to row 1");
        assert_eq!((probe.number(at + 8, 8), probe.number(at + 24, 4)), (1 << 32 | 7, 6));
        let answer_at = at as usize + if retry { 88 } else { 32 };
        assert_eq!(&probe.0[answer_at..][..6], b"answer");
    }
}

/// The write lock that somebody else holds on a byte of this file, as its first byte and its length.
fn write_lock_on(file: &fs::File, byte: i64) -> Option<(i64, i64)> {
    // SAFETY: an all-zero flock is valid.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    (lock.l_type, lock.l_start, lock.l_len) = (libc::F_RDLCK as i16, byte, 1);
    // SAFETY: the descriptor is open, and fcntl reads and writes one flock.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &mut lock) }, 0);
    (i32::from(lock.l_type) == libc::F_WRLCK).then_some((lock.l_start, lock.l_len))
}

/// Locks bytes of a file on behalf of its description.
fn lock(file: &fs::File, kind: i32, start: i64, length: i64) {
    // SAFETY: an all-zero flock is valid.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    (lock.l_type, lock.l_start, lock.l_len) = (kind as i16, start, length);
    // SAFETY: the descriptor is open, and fcntl reads one flock.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &lock) }, 0);
}

#[test]
fn the_lock_file_is_locked_as_documented() {
    let scratch = Scratch::new();
    let name = scratch.name("probe");
    let channel = Options::new().capacity(4096).create(&name).unwrap();
    let open = || fs::File::options().read(true).write(true).open(lock_file(&name)).unwrap();
    let (probe, locks) = (open(), || [0, 4095, 4096, 8191, 8192, 1 << 61].map(|byte| write_lock_on(&open(), byte)));
    assert_eq!(locks(), [None; 6]);
    let sender = channel.sender().unwrap();
    let block = Some((4096, 4096));
    assert_eq!(locks(), [None, None, block, block, None, None]);
    let receiver = channel.receiver().unwrap();
    assert_eq!(locks(), [None, None, block, block, None, None], "one lock for a process");
    drop(sender);
    assert_eq!(locks(), [None, None, block, block, None, None], "as long as a seat is taken");
    let lives: Vec<_> = channel.info().participants.iter().map(|participant| participant.life).collect();
    assert_eq!(lives, [4096, 4097]);
    // A process that is killed leaves its row as it is.
    std::mem::forget(receiver);
    let alive = || channel.info().participants[1].alive;
    assert_eq!(alive(), Some(true));

    // Another channel, whose rows are this one's, and whose locks nobody holds.
    drop(channel);
    let other = scratch.name("other");
    let instance_of = |name: &str| lock_file(name).display().to_string().rsplit('.').nth(1).unwrap().to_owned();
    fs::copy(&name, &other).unwrap();
    let other_lock = format!("{other}.{}.lock", instance_of(&name));
    fs::copy(lock_file(&name), &other_lock).unwrap();
    let alive = || memlane::inspect(&other).unwrap().participants[1].alive;
    assert_eq!(alive(), None, "a copy of the lock file is not the one that the header names");
    forge(&other, |image| {
        image.set("lock_inode", fs::metadata(&other_lock).unwrap().ino());
    });
    let probe_other = fs::File::options().read(true).write(true).open(&other_lock).unwrap();
    drop(probe);
    assert_eq!(alive(), Some(false), "nobody holds the block");
    lock(&probe_other, libc::F_WRLCK, 4096, 4096);
    assert_eq!(alive(), Some(true), "as a process does");
    for (start, length) in [(4096, 1), (4097, 4096), (0, 8192), (0, 1 << 61), (0, 0)] {
        lock(&probe_other, libc::F_UNLCK, 0, 0);
        lock(&probe_other, libc::F_WRLCK, start, length);
        assert_eq!(alive(), Some(false), "{length} bytes from {start}: a lock of another shape");
    }
    lock(&probe_other, libc::F_UNLCK, 0, 0);
    lock(&probe_other, libc::F_RDLCK, 4096, 4096);
    assert_eq!(alive(), Some(false), "a read lock means nothing");
}

#[test]
fn permits_stand_in_places_as_documented() {
    let scratch = Scratch::new();
    let name = scratch.name("probe");
    let channel = memlane::semaphore::Options::new().permits(5).max_held(3).max_handles(2).create(&name).unwrap();
    let _other = channel.semaphore().unwrap();
    let mut semaphore = channel.semaphore().unwrap();
    let held = semaphore.acquire_many(2).unwrap();
    drop(semaphore.acquire().unwrap());
    let probe = Probe(fs::read(&name).unwrap());
    let (control_at, data_at) = (probe.header("queue_at"), probe.header("data_at"));
    assert_eq!((probe.header("kind"), probe.header("capacity"), probe.header("slots")), (7, 5, 3));
    assert_eq!((probe.header("senders"), probe.header("receivers"), probe.header("lanes")), (0, 2, 0));
    assert_eq!(probe.header("total_bytes"), data_at + 3 * 64);
    let pool = probe.field(control_at, "PermitControl", "pool");
    assert_eq!((pool >> 40, pool >> 14 & 1, pool >> 15 & 0x1ff_ffff), (2, 0, 1), "three came to a place each");
    let mut places: Vec<_> = (0..3).map(|place| probe.number(data_at + place * 64, 8)).collect();
    places.sort_unstable();
    // Acquired once by the one in row 1; or, besides, given back.
    let (twice, three_times) = (2 << 18 | 2 << 16 | 1, 3 << 18 | 1 << 16 | 1);
    assert_eq!(places, [twice, twice, three_times]);
    probe.assert_reserved_is_zero(control_at, "PermitControl");
    drop(held);
}

#[test]
fn an_event_is_a_word_as_documented() {
    let scratch = Scratch::new();
    let name = scratch.name("probe");
    let mut event = memlane::event::Options::new().max_handles(2).create(&name).unwrap().event().unwrap();
    event.set(0b100).unwrap();
    event.set(0b001).unwrap();
    let probe = Probe(fs::read(&name).unwrap());
    let control_at = probe.header("queue_at");
    assert_eq!((probe.header("kind"), probe.header("capacity"), probe.header("slots")), (8, 0, 0));
    assert_eq!(probe.field(control_at, "EventControl", "word"), 2 << 32 | 0b101);
    assert_eq!(probe.header("total_bytes"), probe.header("data_at"));
    probe.assert_reserved_is_zero(control_at, "EventControl");
}
