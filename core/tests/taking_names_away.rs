//! Taking a channel's name away: one at a time, without any lock that somebody could hold who may only read it, by force
//! whatever stands there, and never because of a boot id alone.

mod support;

use memlane::{ChannelStatus, NotAChannel, OpenError, Origin, RemoveError, mpmc, spsc};
use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileExt, symlink};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use support::child::{self, Child};
use support::image::{Image, make_stale};
use support::{Scratch, assert_same, layout, lock_file, space};

/// A channel of a kind, made at a name.
type Make = fn(&str);

/// A sender of whatever kind.
type Joined = Box<dyn std::any::Any>;

const KINDS: [(&str, Make); 2] = [
    ("spsc", |name| drop(spsc::Options::new().capacity(4096).create(name).unwrap())),
    ("mpmc", |name| drop(mpmc::Options::new().slots(4).create(name).unwrap())),
];

fn join(kind: &str, name: &str) -> Joined {
    match kind {
        "spsc" => Box::new(spsc::open(name).unwrap().sender().unwrap()),
        _ => Box::new(mpmc::open(name).unwrap().sender().unwrap()),
    }
}

fn open_or_create(kind: &str, name: &str) -> Origin {
    match kind {
        "spsc" => spsc::Options::new().capacity(4096).open_or_create(name).unwrap().origin(),
        _ => mpmc::Options::new().slots(4).open_or_create(name).unwrap().origin(),
    }
}

#[test]
fn child_part() {
    child::play(&[("joins", |arguments| {
        let _sender = join(&arguments[0], &arguments[1]);
        child::tell("joined");
        child::stay();
    })]);
}

/// Holds a read lock on all of a file, as everybody can who may read it.
fn lock_for_reading(name: &str) -> File {
    let file = File::open(name).unwrap();
    // SAFETY: an all-zero flock is valid: on everything, from the first byte to the last.
    let mut everything: libc::flock = unsafe { std::mem::zeroed() };
    everything.l_type = libc::F_RDLCK as libc::c_short;
    // SAFETY: the descriptor is open, and fcntl reads one flock.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &everything) }, 0);
    file
}

#[test]
fn a_read_lock_on_the_region_keeps_nobody_from_removing_or_replacing_it() {
    let ways: [(&str, fn(&str, &str)); 5] = [
        ("rm", |_, name| memlane::remove(name).unwrap()),
        ("rm --force", |_, name| memlane::remove_forced(name).unwrap()),
        ("replacing a stale one", |kind, name| {
            make_stale(name);
            assert_eq!(open_or_create(kind, name), Origin::ReplacedStale);
        }),
        ("rm of what is damaged", |_, name| {
            Image::load(name).set("crc", 0).store();
            memlane::remove(name).unwrap();
        }),
        ("rm without its lock file", |_, name| {
            fs::remove_file(lock_file(name)).unwrap();
            memlane::remove(name).unwrap();
        }),
    ];
    for (kind, make) in KINDS {
        for (way, act) in ways {
            let scratch = Scratch::new();
            let name = scratch.name("prices");
            make(&name);
            let _locked = lock_for_reading(&name);
            let _also_the_folder = lock_for_reading_of_folder(&scratch);
            act(kind, &name);
            let left = if way.starts_with("replacing") { 2 } else { 0 };
            assert_eq!(scratch.files().len(), left, "{kind}, {way}: {:?}", scratch.files());
        }
    }
}

/// What a reader can do to a folder: `flock` it.
fn lock_for_reading_of_folder(scratch: &Scratch) -> File {
    let folder = File::open(scratch.path()).unwrap();
    // SAFETY: the descriptor is open; flock takes two integers.
    assert_eq!(unsafe { libc::flock(folder.as_raw_fd(), libc::LOCK_EX) }, 0);
    folder
}

/// While some create channels and others remove them, each removal takes one channel away, whatever it was by: nobody
/// removes what somebody else put in the place of what he had looked at.
#[test]
fn every_removal_takes_one_channel_away() {
    // The channel may be gone by then.
    type Spoil = fn(&spsc::Channel, &str);
    let spoil: [(&str, Spoil); 3] = [
        ("sound", |_, _| {}),
        ("damaged", |_, name| {
            let crc = layout::field("HeaderBlock", "crc").offset as u64;
            let _ = File::options().write(true).open(name).map(|file| file.write_all_at(&[0; 4], crc));
        }),
        ("without lock file", |channel, name| {
            let _ = fs::remove_file(format!("{name}.{}.lock", channel.info().instance));
        }),
    ];
    for (what, spoil) in spoil {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        const CHANNELS: usize = 100;
        let (created, removed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for remove in [memlane::remove, memlane::remove_forced, memlane::remove, memlane::remove_forced] {
                let (name, created, removed) = (&name, &created, &removed);
                scope.spawn(move || {
                    while created.load(Relaxed) < CHANNELS || fs::exists(name).unwrap() {
                        match remove(name) {
                            Ok(()) => drop(removed.fetch_add(1, Relaxed)),
                            Err(RemoveError::NotFound { .. }) => {}
                            Err(error) => panic!("{what}: {error}"),
                        }
                    }
                });
            }
            while created.load(Relaxed) < CHANNELS {
                if let Ok(channel) = spsc::Options::new().capacity(4096).create(&name) {
                    spoil(&channel, &name);
                    created.fetch_add(1, Relaxed);
                }
            }
        });
        assert_eq!(removed.into_inner(), created.into_inner(), "{what}");
    }
}

#[test]
fn force_removes_whatever_file_stands_in_the_way_of_a_creation() {
    let plant: [(&str, fn(&Scratch, &str)); 5] = [
        ("zeros", |_, name| fs::write(name, [0; 8]).unwrap()),
        ("nothing", |_, name| fs::write(name, "").unwrap()),
        ("the start of a header", |_, name| fs::write(name, b"\x89memlane\x01\0").unwrap()),
        ("a letter", |_, name| fs::write(name, "dear reader").unwrap()),
        ("a link", |scratch, name| {
            fs::write(scratch.join("elsewhere"), "stays").unwrap();
            symlink(scratch.join("elsewhere"), name).unwrap();
        }),
    ];
    for (what, plant) in plant {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        plant(&scratch, &name);
        let orphan = scratch.join(&format!("prices.{}.lock", "a".repeat(32)));
        fs::write(&orphan, [0xaa; 16]).unwrap();
        spsc::Options::new().create(&name).unwrap_err();
        match memlane::remove(&name) {
            Ok(()) => assert_eq!(what, "the start of a header", "what is memlane's own is removed without force"),
            Err(error) => {
                assert!(error.to_string().contains("by force"), "{what}: {error}");
                memlane::remove_forced(&name).unwrap_or_else(|error| panic!("{what}: {error}"));
            }
        }
        let left: &[&str] = if what == "a link" { &["elsewhere"] } else { &[] };
        assert_eq!(scratch.files(), left, "{what}: with its lock files, and nothing that it leads to");
        spsc::Options::new().create(&name).unwrap();
    }
    let scratch = Scratch::new();
    fs::create_dir(scratch.join("prices")).unwrap();
    let folder = RemoveError::NotAChannel { channel: scratch.name("prices"), found: NotAChannel::Directory };
    assert_same(&memlane::remove_forced(&scratch.name("prices")).unwrap_err(), &folder, "never a folder");
}

/// Through such a filesystem, the locks of those who live cannot be seen.
#[test]
fn through_a_filesystem_that_hides_locks_only_force_removes() {
    child::alone("through_a_filesystem_that_hides_locks_only_force_removes", || {
        let scratch = Scratch::new();
        if !space::private_mounts() {
            return;
        }
        let [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map(|folder| scratch.join(folder));
        [&lower, &upper, &work, &merged].iter().for_each(|folder| fs::create_dir(folder).unwrap());
        let name = lower.join("prices").to_str().unwrap().to_owned();
        let channel = spsc::Options::new().capacity(4096).create(&name).unwrap();
        let mut sender = channel.sender().unwrap();
        let options = format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
        if let Err(error) = space::mount("overlay", &merged, &options) {
            return child::skip(format_args!("no overlay: {error}"));
        }
        let seen = merged.join("prices").to_str().unwrap().to_owned();
        let filesystem = "an overlay filesystem";
        let wanted = RemoveError::UnsupportedFilesystem { channel: seen.clone(), filesystem };
        assert_same(&memlane::remove(&seen).unwrap_err(), &wanted, "without force");
        assert!(fs::exists(&seen).unwrap());
        memlane::remove_forced(&seen).unwrap();
        assert!(!fs::exists(&seen).unwrap());
        sender.send(b"where it was made, it stands").unwrap();
    });
}

/// A container can have a boot id of its own: with somebody alive, a channel of another boot is as good as any.
#[test]
fn a_channel_of_another_boot_is_not_stale_while_somebody_lives_in_it() {
    for (kind, make) in KINDS {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        make(&name);
        let instance = memlane::inspect(&name).unwrap().instance;
        let mut child = Child::start("joins", &[kind, &name]);
        child.expect("joined");
        make_stale(&name);
        assert_eq!(open_or_create(kind, &name), Origin::Opened, "{kind}");
        match kind {
            "spsc" => drop(spsc::open(&name).unwrap().receiver().unwrap()),
            _ => drop(mpmc::open(&name).unwrap().receiver().unwrap()),
        }
        let info = memlane::inspect(&name).unwrap();
        assert_eq!((info.instance, info.status), (instance, ChannelStatus::Live), "{kind}");
        let in_use = RemoveError::InUse { channel: name.clone(), participants: 1 };
        assert_same(&memlane::remove(&name).unwrap_err(), &in_use, kind);
        child.kill();
        assert_eq!(memlane::inspect(&name).unwrap().status, ChannelStatus::Stale, "{kind}: nobody lives in it");
        assert_eq!(open_or_create(kind, &name), Origin::ReplacedStale, "{kind}");
    }
}

#[test]
fn an_anonymous_channel_is_never_stale() {
    let channel = spsc::Options::new().anonymous().unwrap();
    let (file, locks) = channel.descriptors().unwrap();
    make_stale(format!("/proc/self/fd/{}", file.as_raw_fd()));
    let [file, locks]: [OwnedFd; 2] = [file, locks].map(|descriptor| descriptor.try_clone_to_owned().unwrap());
    let opened = spsc::Options::new().open_descriptors(file, locks).unwrap();
    assert_eq!(opened.info().status, ChannelStatus::Live);
    opened.sender().unwrap().send(b"works").unwrap();
}

#[test]
fn a_stale_channel_of_another_kind_is_left_alone() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    KINDS[0].1(&name);
    make_stale(&name);
    let error = mpmc::Options::new().open_or_create(&name).unwrap_err();
    assert!(matches!(error, OpenError::WrongKind { .. }), "{error}");
    assert_eq!(memlane::inspect(&name).unwrap().status, ChannelStatus::Stale);
}
