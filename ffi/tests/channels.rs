//! Creating, opening, looking at and removing channels through the C calls: what options do, and every way to fail.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::ffi::{CStr, CString, c_char};
use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt, chown};
use support::image::{forge, make_stale};
use support::{SOMEBODY, Scratch, is_root, lock_file};

fn create(name: &str) -> ChannelHandle {
    open(name, MEMLANE_SPSC, MEMLANE_CREATE, &small(MEMLANE_SPSC))
}

fn remove(name: &str) -> Status {
    let name = CString::new(name).unwrap();
    // SAFETY: the pointer is valid.
    unsafe { memlane_remove(name.as_ptr()) }
}

fn remove_forced(name: &str) -> Status {
    let name = CString::new(name).unwrap();
    // SAFETY: the pointer is valid.
    unsafe { memlane_remove_forced(name.as_ptr()) }
}

fn inspect(name: &str) -> (Status, Stats) {
    let name = CString::new(name).unwrap();
    // SAFETY: zero is a value of every field.
    let mut stats = Stats { size: size_of::<Stats>(), ..unsafe { std::mem::zeroed() } };
    // SAFETY: the pointers are valid.
    (unsafe { memlane_inspect(name.as_ptr(), &mut stats) }, stats)
}

fn text(bytes: &[c_char]) -> String {
    // SAFETY: the library puts a zero byte into every text.
    unsafe { CStr::from_ptr(bytes.as_ptr()) }.to_str().unwrap().to_owned()
}

#[test]
fn a_channel_is_created_opened_and_removed() {
    let scratch = Scratch::new();
    for kind in kinds() {
        let name = scratch.name("prices");
        fails(open_status(&name), MEMLANE_NOT_FOUND, &format!("channel {name} does not exist"));
        let channel = open(&name, kind, MEMLANE_CREATE, &small(kind));
        fails(try_open(&name, kind, MEMLANE_CREATE, &small(kind)).0, MEMLANE_ALREADY_EXISTS, "exists already");
        let again = open(&name, kind, MEMLANE_OPEN, &options());
        let (tx, rx) = (sender(channel), receiver(again));
        ok(send(tx, b"across", 0));
        assert_eq!(recv(rx, 0).unwrap(), b"across");
        fails(remove(&name), MEMLANE_IN_USE, "is in use by 2 live");
        fails(memlane_channel_remove(channel), MEMLANE_IN_USE, "is in use by 2 live");
        ok(memlane_sender_close(tx));
        ok(memlane_receiver_close(rx));
        ok(memlane_channel_remove(channel));
        fails(memlane_channel_remove(channel), MEMLANE_NOT_FOUND, "does not exist");
        fails(remove(&name), MEMLANE_NOT_FOUND, "does not exist");
        fails(try_sender(channel).0, MEMLANE_REMOVED, "was removed");
        assert_eq!(scratch.files(), [""; 0]);
    }
}

#[test]
fn open_or_create_tells_what_it_did() {
    let scratch = Scratch::new();
    for kind in kinds() {
        let name = scratch.name("prices");
        let open_or_create = || try_open(&name, kind, MEMLANE_OPEN_OR_CREATE, &small(kind));
        assert_eq!(open_or_create().0, MEMLANE_CREATED);
        let (status, channel) = open_or_create();
        assert_eq!(status, MEMLANE_OK);
        let tx = sender(channel);
        ok(send(tx, b"old", 0));
        make_stale(&name);
        assert_eq!(open_or_create().0, MEMLANE_OK, "somebody lives in it, whatever its boot id");
        ok(memlane_sender_close(tx));
        fails(try_open(&name, kind, MEMLANE_OPEN, &options()).0, MEMLANE_STALE, "before the last reboot");
        assert_eq!(inspect(&name).1.state, MEMLANE_STATE_STALE);
        assert_eq!(open_or_create().0, MEMLANE_REPLACED_STALE);
        assert_eq!(open_or_create().0, MEMLANE_OK);
        ok(remove(&name));
    }
}

#[test]
fn a_channel_with_semaphores_wants_its_peers_trusted() {
    let scratch = Scratch::new();
    let name = scratch.name("semaphores");
    let untrusting = Options { backend: MEMLANE_BACKEND_SEMAPHORE, ..options() };
    let trusting = Options { flags: MEMLANE_TRUST_PEERS, ..untrusting };
    fails(try_open(&name, MEMLANE_MPMC, MEMLANE_CREATE, &untrusting).0, MEMLANE_INVALID_OPTION, "needs trust_peers");
    let channel = open(&name, MEMLANE_MPMC, MEMLANE_CREATE, &trusting);
    assert_eq!(stats(channel).backend, MEMLANE_BACKEND_SEMAPHORE);
    fails(try_open(&name, MEMLANE_MPMC, MEMLANE_OPEN, &options()).0, MEMLANE_TRUST_NEEDED, "set trust_peers");
    let again = open(&name, MEMLANE_MPMC, MEMLANE_OPEN, &trusting);
    let (tx, rx) = (sender(channel), receiver(again));
    ok(send(tx, b"woken", 0));
    assert_eq!(recv(rx, -1).unwrap(), b"woken");
}

#[test]
fn a_channel_is_as_its_options_say() {
    let scratch = Scratch::new();
    let name = scratch.name("spsc");
    let options = Options {
        capacity: 10_000,
        max_message: 500,
        payload_alignment: 64,
        record_alignment: 128,
        persistent: MEMLANE_YES,
        fence: MEMLANE_FENCE_SYMMETRIC,
        backend: MEMLANE_BACKEND_FUTEX,
        mode: 0o640,
        flags: MEMLANE_PREFAULT | MEMLANE_LOCK_MEMORY | MEMLANE_HUGE_PAGES | MEMLANE_ANY_OWNER,
        type_name: c"Quote".as_ptr(),
        participant_name: c"gateway".as_ptr(),
        ..options()
    };
    let channel = open(&name, MEMLANE_SPSC, MEMLANE_CREATE, &options);
    let stats = stats(channel);
    assert_eq!((stats.kind, stats.state, stats.backend), (MEMLANE_SPSC, MEMLANE_STATE_LIVE, MEMLANE_BACKEND_FUTEX));
    assert_eq!((stats.capacity, stats.max_message, stats.payload_alignment), (16384, 500, 64));
    assert_eq!(stats.record_alignment, 128);
    assert_eq!((stats.persistent, stats.fence, text(&stats.type_name)), (1, MEMLANE_FENCE_SYMMETRIC, "Quote".into()));
    assert_eq!((stats.creator_pid, stats.participants, text(&stats.instance).len()), (std::process::id(), 0, 32));
    assert_eq!(stats.total_bytes, fs::metadata(&name).unwrap().len());
    assert_eq!(fs::metadata(&name).unwrap().permissions().mode() & 0o777, 0o640);
    let (status, seen) = inspect(&name);
    ok(status);
    assert_eq!((seen.capacity, text(&seen.instance)), (16384, text(&stats.instance)));
    let _tx = sender(channel);
    assert_eq!(memlane::inspect(&name).unwrap().participants[0].name, "gateway");
    let mut grant = reserve(_tx, 1);
    assert_eq!(grant.data as usize % 64, 0);
    ok(abort(&mut grant));

    let name = scratch.name("mpmc");
    let options = Options {
        slots: 7,
        priorities: 3,
        senders: 2,
        receivers: 3,
        delivery_limit: 5,
        on_death: MEMLANE_DISCARD,
        flags: MEMLANE_REMOVE_ON_CLOSE,
        ..c_calls::options()
    };
    let channel = open(&name, MEMLANE_MPMC, MEMLANE_CREATE, &options);
    let stats = c_calls::stats(channel);
    assert_eq!((stats.kind, stats.slots, stats.priorities, stats.max_message), (MEMLANE_MPMC, 7, 3, 64_000));
    assert_eq!((stats.free, stats.persistent), (7, 0));
    let queue = memlane::inspect(&name).unwrap().queue.unwrap();
    assert_eq!((queue.delivery_limit, queue.discard_on_death), (5, true));
    let (_one, _two) = (sender(channel), sender(channel));
    fails(try_sender(channel).0, MEMLANE_ROLE_TAKEN, "has all of its 2 senders");
    ok(memlane_sender_close(_one));
    ok(memlane_sender_close(_two));
    ok(memlane_channel_close(channel));
    fails(open_status(&name), MEMLANE_NOT_FOUND, "does not exist");
    // What is not set gives way to what is.
    for (senders, receivers) in [(1000, 0), (0, 1000)] {
        let options = Options { senders, receivers, ..options };
        ok(memlane_channel_close(open(&name, MEMLANE_MPMC, MEMLANE_CREATE, &options)));
    }
}

#[test]
fn options_that_are_not_set_are_the_defaults() {
    // SAFETY: zero is a value of every field.
    let zero: Options = unsafe { std::mem::zeroed() };
    for kind in kinds() {
        let mut channel = ChannelHandle::default();
        // SAFETY: the pointers are valid or null.
        ok(unsafe { memlane_channel_private(&mut channel, kind, std::ptr::null()) });
        let wanted = stats(channel);
        let expected = match kind {
            MEMLANE_SPSC | MEMLANE_BROADCAST => (1 << 20, 0),
            MEMLANE_MPSC => (64 << 10, 0),
            _ => (0, 256),
        };
        assert_eq!((wanted.capacity, wanted.slots), expected);
        for options in [zero, options()] {
            let stats = stats(private(kind, &options));
            assert_eq!(
                (stats.capacity, stats.slots, stats.max_message),
                (wanted.capacity, wanted.slots, wanted.max_message)
            );
        }
    }
}

#[test]
fn options_of_programs_older_and_newer_than_the_library_are_understood() {
    #[repr(C)]
    struct Newer {
        known: Options,
        unknown: u64,
    }
    let mut newer = Newer { known: Options { size: size_of::<Newer>(), ..small(MEMLANE_SPSC) }, unknown: 0 };
    let mut channel = ChannelHandle::default();
    let mut create = |newer: &Newer| {
        // SAFETY: the options are as long as their size says.
        unsafe { memlane_channel_private(&mut channel, MEMLANE_SPSC, (&raw const *newer).cast()) }
    };
    ok(create(&newer));
    newer.unknown = 1;
    fails(create(&newer), MEMLANE_INVALID_OPTION, "does not know");
    newer.unknown = 0;
    for size in [0, 1, 87, 4097, usize::MAX] {
        newer.known.size = size;
        fails(create(&newer), MEMLANE_INVALID_ARGUMENT, "set it to sizeof(memlane_options)");
    }
}

#[test]
fn options_of_the_first_version_suffice() {
    // What lies behind an older program's struct is something else.
    let small = Options { size: 88, record_alignment: 77, policy: 77, ..small(MEMLANE_SPSC) };
    let mut channel = ChannelHandle::default();
    // SAFETY: the options are as long as their size says.
    ok(unsafe { memlane_channel_private(&mut channel, MEMLANE_SPSC, &small) });
    assert_eq!((stats(channel).capacity, stats(channel).record_alignment), (4096, 8));
}

#[test]
fn a_struct_of_another_version_is_filled_as_far_as_it_goes() {
    #[repr(C)]
    struct Newer {
        known: Counters,
        unknown: u64,
    }
    let (_, tx, _) = pair(MEMLANE_SPSC);
    // SAFETY: zero is a value of every field.
    let mut newer = Newer { unknown: 77, ..unsafe { std::mem::zeroed() } };
    newer.known.size = size_of::<Newer>();
    // SAFETY: the struct is as long as its size says.
    ok(unsafe { memlane_sender_stats(tx, (&raw mut newer).cast()) });
    assert_eq!((newer.known.size, newer.unknown), (size_of::<Counters>(), 77));
    assert_ne!(newer.known.life, 0);
    for size in [0, 1, 87] {
        newer.known.size = size;
        // SAFETY: as above.
        let status = unsafe { memlane_sender_stats(tx, (&raw mut newer).cast()) };
        fails(status, MEMLANE_INVALID_ARGUMENT, "set it to the size of the struct");
    }
}

#[test]
fn options_that_a_channel_cannot_have_are_named() {
    let bad: [(u32, &str, Options); 23] = [
        (MEMLANE_SPSC, "slots", Options { slots: 1, ..options() }),
        (MEMLANE_SPSC, "priorities", Options { priorities: 1, ..options() }),
        (MEMLANE_SPSC, "senders", Options { senders: 1, ..options() }),
        (MEMLANE_SPSC, "receivers", Options { receivers: 1, ..options() }),
        (MEMLANE_SPSC, "delivery_limit", Options { delivery_limit: 1, ..options() }),
        (MEMLANE_SPSC, "on_death", Options { on_death: MEMLANE_DISCARD, ..options() }),
        (MEMLANE_SPSC, "payload_alignment", Options { payload_alignment: 24, ..options() }),
        (MEMLANE_SPSC, "record_alignment", Options { record_alignment: 24, ..options() }),
        (MEMLANE_SPSC, "policy", Options { policy: MEMLANE_POLICY_EVICT, ..options() }),
        (MEMLANE_BROADCAST, "policy", Options { policy: 5, ..options() }),
        (MEMLANE_SPSC, "max_message", Options { max_message: usize::MAX, ..options() }),
        (MEMLANE_SPSC, "persistent", Options { persistent: 3, ..options() }),
        (MEMLANE_SPSC, "fence", Options { fence: 3, ..options() }),
        (MEMLANE_SPSC, "backend", Options { backend: 9, ..options() }),
        (MEMLANE_SPSC, "flags", Options { flags: 1 << 31, ..options() }),
        (MEMLANE_SPSC, "type_name", Options { type_name: c"\xff".as_ptr(), ..options() }),
        (MEMLANE_SPSC, "participant_name", Options { participant_name: c"\xff".as_ptr(), ..options() }),
        (MEMLANE_MPMC, "capacity", Options { capacity: 4096, ..options() }),
        (MEMLANE_MPMC, "record_alignment", Options { record_alignment: 64, ..options() }),
        (MEMLANE_MPMC, "priorities", Options { priorities: 65_537, ..options() }),
        (MEMLANE_MPMC, "delivery_limit", Options { delivery_limit: 65_536, ..options() }),
        (MEMLANE_MPMC, "on_death", Options { on_death: 3, ..options() }),
        (MEMLANE_MPMC, "slots", Options { slots: 65_537, ..options() }),
    ];
    for (kind, option, options) in bad {
        let mut channel = ChannelHandle::default();
        // SAFETY: the pointers are valid.
        let status = unsafe { memlane_channel_private(&mut channel, kind, &options) };
        fails(status, MEMLANE_INVALID_OPTION, option);
        assert_eq!(channel.id, 0, "nothing is written on failure");
    }
}

#[test]
fn what_differs_from_the_file_is_named() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let typed = Options { type_name: c"Quote".as_ptr(), ..small(MEMLANE_SPSC) };
    open(&name, MEMLANE_SPSC, MEMLANE_CREATE, &typed);
    let open_with = |kind, options: &Options| try_open(&name, kind, MEMLANE_OPEN, options).0;
    ok(open_with(MEMLANE_SPSC, &options()));
    fails(open_with(MEMLANE_MPMC, &options()), MEMLANE_WRONG_KIND, "is of kind spsc");
    let other = Options { type_name: c"Trade".as_ptr(), ..options() };
    fails(
        open_with(MEMLANE_SPSC, &other),
        MEMLANE_TYPE_MISMATCH,
        "carries messages of type Quote, and was opened for Trade",
    );
    let other = Options { capacity: 1 << 20, ..options() };
    fails(open_with(MEMLANE_SPSC, &other), MEMLANE_OPTIONS_MISMATCH, "has capacity 4096");
    let other = Options { persistent: MEMLANE_YES, ..options() };
    fails(open_with(MEMLANE_SPSC, &other), MEMLANE_OPTIONS_MISMATCH, "persistent");
    ok(open_with(MEMLANE_SPSC, &Options { persistent: MEMLANE_NO, ..options() }));
}

#[test]
fn what_is_no_channel_or_a_damaged_one_is_named() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let damaged = |damage: &dyn Fn()| {
        let channel = create(&name);
        damage();
        ok(memlane_channel_close(channel));
        let status = open_status(&name);
        fs::remove_file(&name).unwrap();
        status
    };
    let cut = || fs::File::options().write(true).open(&name).unwrap().set_len(5000).unwrap();
    fails(damaged(&|| fs::write(&name, "text").unwrap()), MEMLANE_NOT_A_CHANNEL, "a file of another program");
    fails(damaged(&|| forge(&name, |image| _ = image.set("major", 99))), MEMLANE_WRONG_VERSION, "has file layout 99");
    fails(damaged(&cut), MEMLANE_TRUNCATED, "it has 5000 bytes");
    fails(damaged(&|| forge(&name, |image| _ = image.set("capacity", 7))), MEMLANE_BAD_HEADER, "damaged header");
    fails(damaged(&|| fs::remove_file(lock_file(&name)).unwrap()), MEMLANE_LOCK_FILE, "its lock file");
    fails(remove(scratch.path().to_str().unwrap()), MEMLANE_NOT_A_CHANNEL, "a directory");
    if is_root("a file of another user") {
        fails(damaged(&|| chown(&name, Some(SOMEBODY), None).unwrap()), MEMLANE_FOREIGN_OWNER, "set any_owner");
    }
}

#[test]
fn what_no_sender_writes_is_corruption_for_everybody() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = create(&name);
    let (tx, rx) = (sender(channel), receiver(channel));
    let stats = stats(channel);
    let file = fs::File::options().write(true).open(&name).unwrap();
    file.write_all_at(&[0xff; 8], stats.total_bytes - stats.capacity).unwrap();
    fails(recv(rx, -1).unwrap_err(), MEMLANE_CORRUPTED, "a record header is not one that a sender writes");
    fails(send(tx, b"x", -1), MEMLANE_CORRUPTED, "remove it and create it again");
    fails(open_status(&name), MEMLANE_CORRUPTED, "corrupted");
    assert_eq!(c_calls::stats(channel).state, MEMLANE_STATE_CORRUPTED);
}

#[test]
fn who_uses_a_channel_that_is_removed_learns_of_it() {
    let scratch = Scratch::new();
    for kind in kinds() {
        let name = scratch.name("prices");
        let channel = open(&name, kind, MEMLANE_CREATE, &small(kind));
        let (tx, rx) = (sender(channel), receiver(channel));
        ok(send(tx, b"last", 0));
        ok(remove_forced(&name));
        fails(send(tx, b"x", -1), MEMLANE_REMOVED, "was removed");
        assert_eq!(recv(rx, -1).unwrap(), b"last");
        assert_eq!(recv(rx, -1), Err(MEMLANE_REMOVED));
    }
}

#[test]
fn names_and_places_that_are_none_are_named() {
    let scratch = Scratch::new();
    for name in ["", ".hidden", "with space", &"x".repeat(101)] {
        fails(open_status(name), MEMLANE_INVALID_NAME, "is not a channel name");
        fails(remove(name), MEMLANE_INVALID_NAME, "is not a channel name");
    }
    let mut channel = ChannelHandle::default();
    // SAFETY: the pointers are valid or null.
    let status =
        unsafe { memlane_channel_open(&mut channel, c"\xff".as_ptr(), MEMLANE_SPSC, MEMLANE_OPEN, std::ptr::null()) };
    fails(status, MEMLANE_INVALID_NAME, "is not UTF-8");
    let lost = scratch.name("nowhere/prices");
    fails(try_open(&lost, MEMLANE_SPSC, MEMLANE_CREATE, &options()).0, MEMLANE_NO_FOLDER, "make it first");
    let huge = Options { slots: 65_536, max_message: 1 << 30, ..options() };
    fails(try_open(&scratch.name("huge"), MEMLANE_MPMC, MEMLANE_CREATE, &huge).0, MEMLANE_NO_SPACE, "no room for");
    assert_eq!(scratch.files(), [""; 0]);
}

#[test]
fn an_anonymous_channel_is_handed_over_by_its_descriptors() {
    for kind in kinds() {
        let mut channel = ChannelHandle::default();
        let (mut region, mut locks) = (-1, -1);
        // SAFETY: the pointers are valid.
        ok(unsafe { memlane_channel_anonymous(&mut channel, kind, &small(kind)) });
        // SAFETY: the pointers are valid.
        ok(unsafe { memlane_channel_descriptors(channel, &mut region, &mut locks) });
        ok(memlane_channel_close(channel));
        let mut other = ChannelHandle::default();
        let mut open_them = |region, locks| {
            // SAFETY: the pointers are valid or null.
            unsafe { memlane_channel_open_descriptors(&mut other, kind, region, locks, std::ptr::null()) }
        };
        fails(open_them(-1, locks), MEMLANE_INVALID_ARGUMENT, "region is -1");
        fails(open_them(region, -5), MEMLANE_INVALID_ARGUMENT, "locks is -5");
        fails(open_them(1_000_000, locks), MEMLANE_IO, "duplicating a descriptor failed");
        ok(open_them(region, locks));
        for descriptor in [region, locks] {
            // SAFETY: it is this test's own.
            assert_eq!(unsafe { libc::close(descriptor) }, 0, "they are still the caller's");
        }
        let (tx, rx) = (sender(other), receiver(other));
        ok(send(tx, b"anonymous", 0));
        assert_eq!(recv(rx, 0).unwrap(), b"anonymous");
    }
    let (channel, _, _) = pair(MEMLANE_SPSC);
    let (mut region, mut locks) = (-1, -1);
    // SAFETY: the pointers are valid.
    let status = unsafe { memlane_channel_descriptors(channel, &mut region, &mut locks) };
    fails(status, MEMLANE_INVALID_ARGUMENT, "channel (private) is not anonymous");
    assert_eq!((region, locks), (-1, -1));
}

#[test]
fn a_channel_of_c_is_one_of_rust() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    ok(send(sender(create(&name)), b"from C", 0));
    let mut rx = memlane::spsc::open(&name).unwrap().receiver().unwrap();
    assert_eq!(rx.recv().unwrap().to_vec(), b"from C");
}

#[test]
fn a_sender_that_leaves_is_told_that_its_file_is_gone_and_a_late_commit_that_the_channel_is_closed() {
    for kind in kinds() {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = open(&name, kind, MEMLANE_CREATE, &small(kind));
        let (tx, rx) = (sender(channel), receiver(channel));
        ok(send(tx, b"into the orphan", 0));
        fs::remove_file(&name).unwrap();
        fails(memlane_sender_close(tx), MEMLANE_REMOVED, "was removed");
        fails(memlane_sender_close(tx), MEMLANE_INVALID_HANDLE, "");
        ok(memlane_receiver_close(rx));

        let channel = open(&scratch.name("closed"), kind, MEMLANE_CREATE, &small(kind));
        let (tx, _rx) = (sender(channel), receiver(channel));
        let (status, mut grant) = try_reserve(tx, 8, 0);
        ok(status);
        ok(memlane_channel_shutdown(channel));
        // SAFETY: the pointer is valid.
        fails(unsafe { memlane_commit(&mut grant, 8) }, MEMLANE_DISCONNECTED, "closed");
        ok(memlane_sender_close(tx));

        // A guardian is this process's, and the channel does not know of the wish.
        let watched = Options { flags: MEMLANE_WATCH_PEERS, ..small(kind) };
        let channel = open(&scratch.name("watched"), kind, MEMLANE_CREATE, &watched);
        let tx = sender(channel);
        assert_eq!(memlane::inspect(&scratch.name("watched")).unwrap().watched_by, [std::process::id()]);
        ok(memlane_sender_close(tx));
        assert_eq!(memlane::inspect(&scratch.name("watched")).unwrap().watched_by, [] as [u32; 0]);

        // A worker that comes when all is done.
        let late = Options { flags: MEMLANE_ENDS_WHEN_DRAINED, ..small(kind) };
        let channel = open(&scratch.name("done"), kind, MEMLANE_CREATE, &late);
        ok(memlane_sender_close(sender(channel)));
        assert_eq!(recv(receiver(channel), -1).unwrap_err(), MEMLANE_DISCONNECTED);
    }
}
