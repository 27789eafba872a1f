//! Opening: everything that is not a channel of ours, in its time and with our options, is refused by its own error.

mod support;

use memlane::spsc::{self, Options};
use memlane::{Corruption, CreateError, Denied, FenceMode, NotAChannel, OpenError};
use std::fs;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use support::image::{self, Image, forge};
use support::{SOMEBODY, Scratch, assert_same, child, is_root, lock_file};

/// A channel of 4 KiB, and its name.
fn probe(scratch: &Scratch) -> String {
    let name = scratch.name("probe");
    Options::new().capacity(4096).create(&name).unwrap();
    name
}

/// What opening the channel is refused with.
#[track_caller]
fn refusal(name: &str) -> OpenError {
    match spsc::open(name) {
        Err(error) => error,
        Ok(_) => panic!("{name} was opened"),
    }
}

/// Asserts that a channel works: a message goes in and comes out.
#[track_caller]
fn assert_works(channel: &spsc::Channel) {
    channel.sender().unwrap().send(b"still here").unwrap();
    assert_eq!(channel.receiver().unwrap().recv().unwrap().to_vec(), b"still here");
}

fn not_a_channel(name: &str, found: NotAChannel) -> OpenError {
    OpenError::NotAChannel { channel: name.to_owned(), found }
}

#[test]
fn an_absent_channel_is_not_found() {
    let scratch = Scratch::new();
    let file = scratch.name("file");
    fs::write(&file, "in the way").unwrap();
    for name in [scratch.name("absent"), scratch.name("no/such/folder"), format!("{file}/below")] {
        assert_same(&refusal(&name), &OpenError::NotFound { channel: name.clone(), path: name.clone() }, &name);
    }
}

#[test]
fn a_name_that_is_none_is_refused_without_a_look() {
    for name in ["", ".hidden", "two words", "a/", "\0/x"] {
        let wanted = OpenError::Create(CreateError::InvalidName { channel: name.to_owned() });
        assert_same(&refusal(name), &wanted, name);
    }
}

#[test]
fn what_stands_there_instead_of_a_channel_is_named() {
    let scratch = Scratch::new();
    let empty = scratch.name("empty");
    fs::write(&empty, "").unwrap();
    let foreign = scratch.name("foreign");
    fs::write(&foreign, "x".repeat(20_000)).unwrap();
    let beginning = scratch.name("beginning-of-a-magic");
    fs::write(&beginning, b"\x89memlan").unwrap();
    let folder = scratch.name("folder");
    fs::create_dir(&folder).unwrap();
    let fifo = scratch.name("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, 0o600.into()).unwrap();
    let socket = scratch.name("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let dangling = scratch.name("dangling");
    symlink(scratch.path().join("nowhere"), &dangling).unwrap();
    let link = scratch.name("link");
    symlink(probe(&scratch), &link).unwrap();
    for (name, found) in [
        (empty.as_str(), NotAChannel::Empty),
        (&foreign, NotAChannel::Foreign),
        (&beginning, NotAChannel::Foreign),
        (&folder, NotAChannel::Directory),
        (&fifo, NotAChannel::Fifo),
        (&socket, NotAChannel::Socket),
        (&dangling, NotAChannel::Symlink),
        (&link, NotAChannel::Symlink),
        ("/dev/null", NotAChannel::Device),
    ] {
        assert_same(&refusal(name), &not_a_channel(name, found), name);
    }
}

#[test]
fn a_truncated_file_tells_what_it_has_and_what_it_needs() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    let file = fs::File::options().write(true).open(&name).unwrap();
    let total = file.metadata().unwrap().len();
    assert_eq!(total, 4096 + 4096 + 4096, "header, control, ring");
    for (length, needed) in
        [(total - 1, total), (8192, total), (4096, total), (2048, total), (1024, total), (1023, 4096), (8, 4096)]
    {
        file.set_len(length).unwrap();
        let wanted = OpenError::Truncated { channel: name.clone(), length, needed };
        assert_same(&refusal(&name), &wanted, &format!("{length} bytes"));
    }
}

#[test]
fn a_file_that_is_too_long_is_refused() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    fs::File::options().write(true).open(&name).unwrap().set_len(12_289).unwrap();
    let wanted = OpenError::BadHeader {
        channel: name.clone(),
        field: "file length",
        found: "12289".into(),
        wanted: "12288".into(),
    };
    assert_same(&refusal(&name), &wanted, "one byte too long");
}

#[test]
fn another_layout_version_is_named() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    let (major, minor) = memlane::LAYOUT_VERSION;
    let supported = format!("{major}.{minor}");
    for (newer_major, newer_minor) in [(major + 1, minor), (major, minor + 1), (major - 1, minor), (u16::MAX, u16::MAX)]
    {
        forge(&name, |image| {
            image.set("major", newer_major.into()).set("minor", newer_minor.into());
        });
        let found = format!("{newer_major}.{newer_minor}");
        let wanted =
            OpenError::WrongVersion { channel: name.clone(), found: found.clone(), supported: supported.clone() };
        assert_same(&refusal(&name), &wanted, &found);
    }
}

#[test]
fn a_kind_from_the_future_is_refused() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    forge(&name, |image| {
        image.set("kind", 4711);
    });
    let wanted = OpenError::WrongKind {
        channel: name.clone(),
        file: "number 4711, unknown to this version".into(),
        ours: "one of the kinds of this version".into(),
    };
    assert_same(&refusal(&name), &wanted, "kind 4711");
}

#[test]
fn a_file_from_before_the_last_reboot_is_stale() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    image::make_stale(&name);
    let wanted = OpenError::Stale { channel: name.clone(), boot: "11".repeat(16) };
    assert_same(&refusal(&name), &wanted, "another boot");
    assert_eq!(memlane::inspect(&name).unwrap().status, memlane::ChannelStatus::Stale, "looking is allowed");
}

#[test]
fn another_message_type_is_refused() {
    let scratch = Scratch::new();
    let quotes = scratch.name("quotes");
    Options::new().capacity(4096).type_name("Quote").create(&quotes).unwrap();
    let bytes = probe(&scratch);
    for (name, ours, file, asked) in
        [(&quotes, "Trade", "Quote", "Trade"), (&quotes, "", "Quote", "bytes"), (&bytes, "Quote", "bytes", "Quote")]
    {
        let error = Options::new().type_name(ours).open(name).unwrap_err();
        let wanted = OpenError::TypeMismatch { channel: name.clone(), file: file.into(), ours: asked.into() };
        assert_same(&error, &wanted, asked);
    }
    assert_works(&Options::new().type_name("Quote").open(&quotes).unwrap());
    assert_works(&spsc::open(&quotes).unwrap());
}

#[test]
fn an_option_that_differs_from_the_file_is_named() {
    let scratch = Scratch::new();
    let name = scratch.name("probe");
    let ours =
        Options::new().capacity(8192).max_message(100).payload_alignment(16).record_alignment(64).persistent(true);
    let ours = ours.fence(FenceMode::Symmetric);
    ours.create(&name).unwrap();
    let o = Options::new;
    for (options, field, file, asked) in [
        (o().capacity(4096), "capacity", "8192", "4096"),
        (o().capacity(8193), "capacity", "8192", "8193, which is rounded up to 16384"),
        (o().max_message(99), "max_message", "100", "99"),
        (o().payload_alignment(8), "payload_alignment", "16", "8"),
        (o().record_alignment(16), "record_alignment", "64", "16"),
        (o().payload_alignment(16).record_alignment(8), "record_alignment", "64", "8"),
        (o().persistent(false), "persistent", "true", "false"),
        (o().fence(FenceMode::Asymmetric), "fence", "symmetric", "asymmetric"),
    ] {
        let wanted = OpenError::OptionsMismatch { channel: name.clone(), field, file: file.into(), ours: asked.into() };
        assert_same(&options.open(&name).unwrap_err(), &wanted, field);
    }
    assert_works(&ours.open(&name).unwrap());
    assert_works(&o().capacity(4097).open(&name).unwrap());
    assert_works(&spsc::open(&name).unwrap());
}

#[test]
fn without_its_own_lock_file_a_channel_is_not_opened() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    let lock = lock_file(&name);
    let path = lock.display().to_string();
    let kept = scratch.join("kept");
    fs::rename(&lock, &kept).unwrap();
    let spoil: [(&str, fn(&Path, &Path)); 7] = [
        ("missing", |_, _| {}),
        ("a symbolic link to the right one", |lock, kept| symlink(kept, lock).unwrap()),
        ("a FIFO", |lock, _| rustix::fs::mkfifoat(rustix::fs::CWD, lock, 0o600.into()).unwrap()),
        ("a folder", |lock, _| fs::create_dir(lock).unwrap()),
        ("empty", |lock, _| fs::write(lock, "").unwrap()),
        ("of another instance", |lock, _| fs::write(lock, [7; 16]).unwrap()),
        ("cut short", |lock, kept| fs::write(lock, &fs::read(kept).unwrap()[..15]).unwrap()),
    ];
    for (what, act) in spoil {
        act(&lock, &kept);
        let wanted = OpenError::LockFile { channel: name.clone(), path: path.clone() };
        assert_same(&refusal(&name), &wanted, what);
        let _ = fs::remove_file(&lock).or_else(|_| fs::remove_dir(&lock));
    }
    fs::rename(&kept, &lock).unwrap();
    assert_works(&spsc::open(&name).unwrap());
}

#[test]
fn a_closed_channel_is_not_opened() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    spsc::open(&name).unwrap().close();
    assert_same(&refusal(&name), &OpenError::Closed { channel: name.clone() }, "closed");
}

#[test]
fn a_poisoned_channel_tells_why() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    let mut image = Image::load(&name);
    for (word, reason) in [
        (0x103, Corruption::RecordHeader),
        (0x203, Corruption::RecordLength),
        (0x303, Corruption::Positions),
        (0x403, Corruption::Status),
        (0x503, Corruption::Participant),
        (0x7703, Corruption::Unknown),
        (0x0003, Corruption::Unknown),
        (0x0004, Corruption::Status),
        (0x0101, Corruption::Status),
        (0x100_0003, Corruption::Status),
        (u64::MAX, Corruption::Status),
    ] {
        image.set_status(word).store();
        let wanted = OpenError::Corrupted { channel: name.clone(), reason };
        assert_same(&refusal(&name), &wanted, &format!("status {word:#x}"));
    }
    image.set_status(0).store();
    let wanted = OpenError::BadHeader {
        channel: name.clone(),
        field: "status",
        found: "initialising".into(),
        wanted: "live: a file with a name is complete".into(),
    };
    assert_same(&refusal(&name), &wanted, "status 0");
}

#[test]
fn a_file_of_another_user_is_refused_unless_that_is_asked_for() {
    if !is_root("a file of another user") {
        return;
    }
    let scratch = Scratch::new();
    let name = probe(&scratch);
    chown(&name, Some(SOMEBODY), None).unwrap();
    let wanted = OpenError::ForeignOwner { channel: name.clone(), owner: SOMEBODY };
    assert_same(&refusal(&name), &wanted, "another owner");
    assert_works(&Options::new().any_owner(true).open(&name).unwrap());
}

#[test]
fn without_permission_a_channel_is_not_opened() {
    child::alone("without_permission_a_channel_is_not_opened", || {
        if !is_root("becoming another user") {
            return child::skip("needs root to become another user");
        }
        let scratch = Scratch::new();
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let closed = probe(&scratch);
        let readable = scratch.name("readable");
        Options::new().capacity(4096).mode(0o644).create(&readable).unwrap();
        let shared = scratch.name("shared");
        Options::new().capacity(4096).mode(0o666).create(&shared).unwrap();
        let hidden = Scratch::new();
        fs::set_permissions(hidden.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let inside = probe(&hidden);
        // SAFETY: takes an integer; this process is the test's own.
        assert_eq!(unsafe { libc::seteuid(SOMEBODY) }, 0);
        let file = |mode| Denied::File { mode, owner: 0, user: SOMEBODY };
        let folder =
            Denied::Folder { folder: hidden.path().display().to_string(), mode: 0o700, owner: 0, user: SOMEBODY };
        for (name, denied) in [(&closed, file(0o600)), (&readable, file(0o644)), (&inside, folder)] {
            assert_same(&refusal(name), &OpenError::Permission { channel: name.clone(), denied }, name);
        }
        assert_works(&spsc::open(&shared).unwrap());
        let info = memlane::inspect(&readable).unwrap();
        assert_eq!(info.capacity, 4096, "who may read may look");
        // SAFETY: as above; root again, to clean up.
        assert_eq!(unsafe { libc::seteuid(0) }, 0);
    });
}

#[test]
fn a_foreign_file_is_left_as_it_was() {
    let scratch = Scratch::new();
    let name = scratch.name("letter");
    fs::write(&name, "dear reader").unwrap();
    refusal(&name);
    Options::new().open_or_create(&name).unwrap_err();
    memlane::remove(&name).unwrap_err();
    assert_eq!(fs::read(&name).unwrap(), b"dear reader");
    assert_eq!(scratch.files(), ["letter"]);
}

#[test]
fn a_file_that_is_open_read_only_elsewhere_can_be_opened() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    let elsewhere = fs::File::options().read(true).custom_flags(libc::O_CLOEXEC).open(&name).unwrap();
    assert_works(&spsc::open(&name).unwrap());
    let mut magic = [0; 8];
    elsewhere.read_exact_at(&mut magic, 0).unwrap();
    assert_eq!(&magic, b"\x89memlane");
}
