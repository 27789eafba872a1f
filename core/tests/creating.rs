//! Creating: what may go wrong says what and leaves nothing behind; what is created is as it was asked for.

mod support;

use memlane::spsc::{self, Options};
use memlane::{CreateError, Denied, FenceMode, NotAChannel, OpenError, Origin, Shortage, mpmc};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use support::{SOMEBODY, Scratch, assert_same, child, files_in, lock_file, space};

/// What creating the channel is refused with.
#[track_caller]
fn refusal(options: &Options, name: &str) -> CreateError {
    match options.create(name) {
        Err(error) => error,
        Ok(_) => panic!("{name} was created"),
    }
}

fn mode_of(path: impl AsRef<Path>) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_channel_is_two_files_and_nothing_else() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = Options::new().create(&name).unwrap();
    assert_eq!(channel.origin(), Origin::Created);
    let lock = format!("prices.{}.lock", channel.info().instance);
    assert_eq!(scratch.files(), ["prices".to_owned(), lock]);
    let blocks = fs::metadata(&name).unwrap().blocks() * 512;
    assert!(blocks >= channel.info().total_bytes, "every byte is backed by memory now");
}

/// Bytes that the filesystem of this folder still takes.
fn free_in(folder: &Path) -> u64 {
    let told = rustix::fs::statvfs(folder).unwrap();
    told.f_bavail * told.f_frsize
}

#[test]
fn a_full_disk_is_an_error_at_creation_and_leaves_nothing() {
    child::alone("a_full_disk_is_an_error_at_creation_and_leaves_nothing", || {
        let scratch = Scratch::new();
        if !space::private_mounts() {
            return;
        }
        space::mount("tmpfs", scratch.path(), "size=1m").unwrap();
        let name = scratch.name("large");
        let folder = || scratch.path().display().to_string();
        let no_space = |bytes, shortage| CreateError::NoSpace {
            channel: name.clone(),
            bytes,
            shortage,
            smaller: "a smaller capacity",
        };
        // The lock file's page is not given back yet when the error looks.
        let full = Shortage::Filesystem { folder: folder(), free: free_in(scratch.path()) - 4096 };
        let wanted = no_space(8192 + (1 << 20), full);
        assert_same(&refusal(&Options::new(), &name), &wanted, "1 MiB and a header into 1 MiB");
        assert_eq!(scratch.files(), [""; 0]);
        let small = Options::new().capacity(256 << 10);
        for round in 0..16 {
            // What a failure had kept would add up.
            assert!(matches!(refusal(&Options::new(), &name), CreateError::NoSpace { .. }), "round {round}");
        }
        small.create(&name).unwrap();
        memlane::remove(&name).unwrap();
        assert_eq!(scratch.files(), [""; 0]);

        space::mount("tmpfs", scratch.path(), "nr_inodes=2").unwrap();
        let wanted = no_space(8192 + (256 << 10), Shortage::Inodes { folder: folder() });
        assert_same(&refusal(&small, &name), &wanted, "room for one file where two are needed");
        assert_eq!(scratch.files(), [""; 0]);
    });
}

#[test]
fn a_file_size_limit_is_an_error_and_no_signal() {
    child::alone("a_file_size_limit_is_an_error_and_no_signal", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        for limit in [1 << 20, 8192, 15, 0] {
            space::limit(rustix::process::Resource::Fsize, limit);
            let shortage = || Shortage::FileSize { limit };
            let no_space = |channel: &str, smaller| CreateError::NoSpace {
                channel: channel.to_owned(),
                bytes: 8192 + (1 << 20),
                shortage: shortage(),
                smaller,
            };
            assert_same(
                &refusal(&Options::new(), &name),
                &no_space(&name, "a smaller capacity"),
                &format!("limit {limit}"),
            );
            let wanted = no_space("(anonymous)", "a smaller capacity");
            assert_same(&Options::new().anonymous().unwrap_err(), &wanted, &format!("anonymous, limit {limit}"));
            assert_eq!(scratch.files(), [""; 0]);
        }
    });
}

#[test]
fn too_little_memory_is_an_error_and_no_abort() {
    child::alone("too_little_memory_is_an_error_and_no_abort", || {
        // Far more than the arenas that the C library maps and gives back as threads come and go.
        let (capacity, scratch) = (1usize << 30, Scratch::new());
        let large = Options::new().capacity(capacity);
        space::limit(rustix::process::Resource::As, space::address_space() + capacity as u64 / 2);
        let name = scratch.name("large");
        for (what, error) in [
            ("private", large.private().unwrap_err()),
            ("anonymous", large.anonymous().unwrap_err()),
            ("named", refusal(&large, &name)),
        ] {
            assert!(matches!(error, CreateError::NoSpace { bytes, .. } if bytes > capacity as u64), "{what}: {error}");
        }
        assert_eq!(scratch.files(), [""; 0]);
    });
}

/// Not by filling up what there is, which would end this process, and others.
#[test]
fn more_than_the_machine_has_is_refused_at_once() {
    let scratch = Scratch::new();
    let name = scratch.name("huge");
    let queue = mpmc::Options::new().slots(65_536).max_message(1 << 30);
    for (what, error) in [
        ("named", queue.create(&name).unwrap_err()),
        ("anonymous", queue.anonymous().unwrap_err()),
        ("private", queue.private().unwrap_err()),
    ] {
        assert!(matches!(error, CreateError::NoSpace { .. }), "{what}: {error}");
        assert!(error.to_string().contains("choose fewer slots or a smaller max_message"), "{what}: {error}");
    }
    assert_eq!(scratch.files(), [""; 0]);
}

#[test]
fn what_stands_in_the_way_is_left_alone() {
    let scratch = Scratch::new();
    let channel = scratch.name("channel");
    let kept = Options::new().create(&channel).unwrap().info().instance;
    let letter = scratch.name("letter");
    fs::write(&letter, "dear reader").unwrap();
    let folder = scratch.name("folder");
    fs::create_dir(&folder).unwrap();
    let dangling = scratch.name("dangling");
    symlink(scratch.join("nowhere"), &dangling).unwrap();
    let before = scratch.files();
    for (name, found) in [
        (&channel, None),
        (&letter, Some(NotAChannel::Foreign)),
        (&folder, Some(NotAChannel::Directory)),
        (&dangling, Some(NotAChannel::Symlink)),
    ] {
        let refusal_to_open = found.map(|found| Box::new(OpenError::NotAChannel { channel: name.clone(), found }));
        let wanted = CreateError::AlreadyExists { channel: name.clone(), refusal: refusal_to_open };
        assert_same(&refusal(&Options::new(), name), &wanted, name);
        assert_eq!(scratch.files(), before);
    }
    assert_eq!(memlane::inspect(&channel).unwrap().instance, kept);
    assert_eq!(fs::read(&letter).unwrap(), b"dear reader");
}

#[test]
fn a_missing_folder_is_named() {
    let scratch = Scratch::new();
    let name = scratch.name("no/such/prices");
    let folder = scratch.name("no/such");
    assert_same(&refusal(&Options::new(), &name), &CreateError::NoFolder { channel: name.clone(), folder }, "path");
    assert_eq!(scratch.files(), [""; 0]);
}

#[test]
fn a_name_that_is_none_is_refused() {
    let long = "x".repeat(101);
    for name in ["", ".", "..", ".hidden", "two words", "naïve", "a\0b", "a\nb", "a/", "/", "./", "x/..", &long] {
        let wanted = CreateError::InvalidName { channel: name.to_owned() };
        assert_same(&refusal(&Options::new(), name), &wanted, name);
        assert_eq!(memlane::channel_path(name), None, "{name:?}");
    }
}

#[test]
fn an_option_out_of_its_range_is_named_and_leaves_nothing() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let o = Options::new;
    for (options, option) in [
        (o().capacity((1 << 31) + 1), "capacity"),
        (o().capacity(usize::MAX), "capacity"),
        (o().capacity(4096).max_message(1785), "max_message"),
        (o().max_message(1 << 31), "max_message"),
        (o().max_message(usize::MAX), "max_message"),
        (o().payload_alignment(0), "payload_alignment"),
        (o().payload_alignment(4), "payload_alignment"),
        (o().payload_alignment(48), "payload_alignment"),
        (o().payload_alignment(128), "payload_alignment"),
        (o().payload_alignment(4).max_message(10), "payload_alignment"),
        (o().payload_alignment(usize::MAX).max_message(10), "payload_alignment"),
        (o().record_alignment(0), "record_alignment"),
        (o().record_alignment(4).max_message(10), "record_alignment"),
        (o().record_alignment(96), "record_alignment"),
        (o().record_alignment(256), "record_alignment"),
        (o().record_alignment(usize::MAX).max_message(10), "record_alignment"),
        (o().payload_alignment(64).record_alignment(8), "record_alignment"),
        (o().payload_alignment(64).record_alignment(32).max_message(10), "record_alignment"),
        (o().type_name(&"x".repeat(65_536)), "type_name"),
        (o().type_name("a\0b"), "type_name"),
        (o().mode(0o400), "mode"),
        (o().mode(0o200), "mode"),
        (o().mode(0o700), "mode"),
        (o().mode(0o667), "mode"),
        (o().mode(0o1600), "mode"),
        (o().mode(u32::MAX), "mode"),
    ] {
        match refusal(&options, &name) {
            CreateError::InvalidOption { channel, option: named, .. } => {
                assert_eq!((channel, named), (name.clone(), option))
            }
            other => panic!("{option}: {other}"),
        }
        assert_eq!(scratch.files(), [""; 0]);
    }
}

#[test]
fn limits_themselves_are_allowed() {
    let scratch = Scratch::new();
    for (number, (options, capacity, max_message)) in [
        (Options::new(), 1 << 20, (1 << 20) / 16 * 7 - 8),
        (Options::new().capacity(0), 4096, 1784),
        (Options::new().capacity(4096), 4096, 1784),
        (Options::new().capacity(4097), 8192, 3576),
        (Options::new().capacity(4096).max_message(1784), 4096, 1784),
        (Options::new().capacity(4096).max_message(0), 4096, 0),
        (Options::new().max_message(1 << 20), 4 << 20, 1 << 20),
        (Options::new().capacity(4096).payload_alignment(64), 4096, 1728),
        (Options::new().capacity(4096).record_alignment(64), 4096, 1784),
        (Options::new().capacity(4096).record_alignment(128), 4096, 1784),
        (Options::new().capacity(4096).payload_alignment(64).record_alignment(128), 4096, 1728),
        (Options::new().record_alignment(128).max_message(1000), 1 << 20, 1000),
        (Options::new().type_name(&"x".repeat(65_535)), 1 << 20, (1 << 20) / 16 * 7 - 8),
        (Options::new().type_name("[u8;300]"), 1 << 20, 300),
        (Options::new().type_name("[u8;3000]").max_message(1000), 1 << 20, 1000),
        (Options::new().type_name("[u8;1048576]"), 4 << 20, 1 << 20),
        (Options::new().type_name("[u128]").capacity(4096), 4096, 1776),
        (Options::new().fence(FenceMode::Symmetric), 1 << 20, (1 << 20) / 16 * 7 - 8),
    ]
    .into_iter()
    .enumerate()
    {
        let channel = options.create(&scratch.name(&format!("channel-{number}"))).unwrap();
        assert_eq!((channel.capacity(), channel.max_message()), (capacity, max_message), "channel {number}");
    }
    assert_eq!(Options::new().capacity(1 << 31).private().unwrap().max_message(), (1 << 31) / 16 * 7 - 8);
}

#[test]
fn mode_bits_are_as_asked_whatever_the_umask() {
    child::alone("mode_bits_are_as_asked_whatever_the_umask", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        for umask in [0o777, 0o022, 0] {
            rustix::process::umask(umask.into());
            // The lock file is for those who may write, and closed to those who may only read.
            for (mode, lock) in [(0o600, 0o600), (0o640, 0o600), (0o660, 0o660), (0o644, 0o600), (0o666, 0o666)] {
                Options::new().capacity(4096).mode(mode).create(&name).unwrap();
                assert_eq!((mode_of(&name), mode_of(lock_file(&name))), (mode, lock), "umask {umask:o}");
                memlane::remove(&name).unwrap();
            }
            Options::new().capacity(4096).create(&name).unwrap();
            assert_eq!(mode_of(&name), 0o600, "by default");
            memlane::remove(&name).unwrap();
        }
    });
}

#[test]
fn an_overlay_filesystem_is_refused() {
    child::alone("an_overlay_filesystem_is_refused", || {
        let scratch = Scratch::new();
        if !space::private_mounts() {
            return;
        }
        space::mount("tmpfs", scratch.path(), "").unwrap();
        let [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map(|folder| scratch.join(folder));
        for folder in [&lower, &upper, &work, &merged] {
            fs::create_dir(folder).unwrap();
        }
        let below = lower.join("below").display().to_string();
        Options::new().create(&below).unwrap();
        let options = format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
        if let Err(error) = space::mount("overlay", &merged, &options) {
            return child::skip(format_args!("no overlay: {error}"));
        }
        let (before, filesystem) = (files_in(&merged), "an overlay filesystem");
        let name = merged.join("prices").display().to_string();
        let wanted = CreateError::UnsupportedFilesystem { channel: name.clone(), filesystem };
        assert_same(&refusal(&Options::new(), &name), &wanted, "creating");
        assert_eq!(files_in(&merged), before);
        let name = merged.join("below").display().to_string();
        let wanted = OpenError::UnsupportedFilesystem { channel: name.clone(), filesystem };
        assert_same(&spsc::open(&name).unwrap_err(), &wanted, "opening");
    });
}

#[test]
fn a_folder_where_this_user_may_not_write_is_refused() {
    child::alone("a_folder_where_this_user_may_not_write_is_refused", || {
        let scratch = Scratch::new();
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755)).unwrap();
        if chown(scratch.path(), Some(0), None).is_err() {
            return child::skip("needs root to become another user");
        }
        // SAFETY: takes an integer; this process is the test's own.
        assert_eq!(unsafe { libc::seteuid(SOMEBODY) }, 0);
        let name = scratch.name("prices");
        let folder = scratch.path().display().to_string();
        let denied = Denied::Writing { folder, mode: 0o755, owner: 0, user: SOMEBODY };
        let wanted = CreateError::Permission { channel: name.clone(), denied };
        assert_same(&refusal(&Options::new(), &name), &wanted, "creating");
        // SAFETY: as above; root again, to clean up.
        assert_eq!(unsafe { libc::seteuid(0) }, 0);
        assert_eq!(scratch.files(), [""; 0]);
    });
}
