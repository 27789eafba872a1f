//! Places that lack something: memory control groups, filesystems that copy on write, that are read-only, or that hold huge pages.

mod support;

use memlane::spsc::{self, Options};
use memlane::{CreateError, Shortage};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::child::{alone, fork, join, skip};
use support::{Scratch, space};

/// A memory control group of our own, with this limit in bytes; `None` where none can be made.
fn memory_group(limit: u64) -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = |controllers: &str| {
        groups.lines().find_map(|line| line.split_once(':')?.1.strip_prefix(controllers)?.strip_prefix(":/"))
    };
    let first = own("memory").map(|group| (Path::new("/sys/fs/cgroup/memory").join(group), "memory.limit_in_bytes"));
    let second = own("").map(|group| (Path::new("/sys/fs/cgroup").join(group), "memory.max"));
    for (parent, file) in [first, second].into_iter().flatten() {
        let group = parent.join(format!("memlane-test-{}", std::process::id()));
        if fs::create_dir(&group).is_ok() {
            if fs::write(group.join(file), limit.to_string()).is_ok() {
                return Some(group);
            }
            let _ = fs::remove_dir(&group);
        }
    }
    None
}

/// Beyond the limit, the kernel would kill.
#[test]
fn a_channel_beyond_the_limit_of_the_memory_control_group_is_refused() {
    const LIMIT: u64 = 32 << 20;
    alone("a_channel_beyond_the_limit_of_the_memory_control_group_is_refused", || {
        let scratch = Scratch::new();
        let Some(group) = memory_group(LIMIT) else { return skip("no memory control group can be made here") };
        let child = fork(|| {
            fs::write(group.join("cgroup.procs"), std::process::id().to_string()).unwrap();
            let large = Options::new().capacity(64 << 20);
            let name = scratch.name("prices");
            for refused in [
                large.create(&name),
                large.anonymous(),
                large.private(),
                large.open_or_create(&name).map_err(|error| {
                    let memlane::OpenError::Create(error) = error else { panic!("{error}") };
                    error
                }),
            ] {
                let error = refused.unwrap_err();
                let CreateError::NoSpace { shortage: Shortage::MemoryGroup { group: named, limit, free }, .. } = &error
                else {
                    panic!("{error}")
                };
                assert_eq!((Path::new(named), *limit), (group.as_path(), LIMIT));
                assert!(*free <= LIMIT);
                let text = error.to_string();
                let end = format!(
                    "no room for 67117056 bytes: the memory control group {named} is limited to 33554432 bytes, of which {free} \
                     are left; choose a smaller capacity, or raise that limit (memory.max)"
                );
                assert!(text.ends_with(&end), "{text}");
            }
            assert_eq!(scratch.files(), [""; 0]);
            let channel = Options::new().capacity(4 << 20).create(&name).unwrap();
            let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
            sender.send(b"what fits is made").unwrap();
            receiver.recv().unwrap();
            drop((sender, receiver));
            channel.remove().unwrap();
        });
        let joined = std::panic::catch_unwind(|| join(child));
        fs::remove_dir(&group).unwrap();
        joined.unwrap();
    });
}

/// Sends messages that fill the ring several times over.
fn laps(channel: &spsc::Channel) {
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    for number in 0..300u32 {
        let message = vec![number.to_le_bytes()[0]; 32 << 10];
        sender.send(&message).unwrap();
        assert_eq!(receiver.recv().unwrap().to_vec(), message);
    }
}

/// Waits until all that was written to this folder's filesystem is on its disk, so that what is written next is new to it.
fn written(folder: &Path) {
    rustix::fs::syncfs(fs::File::open(folder).unwrap()).unwrap();
}

/// btrfs writes every page to a new place, unless it is told otherwise.
#[test]
fn a_full_disk_that_copies_on_write_harms_nobody() {
    alone("a_full_disk_that_copies_on_write_harms_nobody", || {
        if !space::private_mounts() {
            return;
        }
        let scratch = Scratch::new();
        let disk = scratch.join("disk");
        fs::File::create(&disk).unwrap().set_len(128 << 20).unwrap();
        let made = Command::new("mkfs.btrfs").arg("-q").arg(&disk).output();
        if !made.is_ok_and(|made| made.status.success()) {
            return skip("no mkfs.btrfs");
        }
        let folder = scratch.join("mounted");
        fs::create_dir(&folder).unwrap();
        let mounted = Command::new("mount").args(["-o", "loop"]).args([&disk, &folder]).output().unwrap();
        if !mounted.status.success() {
            return skip(format_args!("no btrfs: {}", String::from_utf8_lossy(&mounted.stderr)));
        }
        let name = folder.join("prices").display().to_string();
        let channel = Options::new().capacity(4 << 20).create(&name).unwrap();
        laps(&channel);
        written(&folder);
        space::fill_incompressibly(&folder);
        for _ in 0..3 {
            laps(&channel);
            written(&folder);
        }
        drop(channel);
        fs::remove_file(folder.join("filling")).unwrap();
        memlane::remove(&name).unwrap();
    });
}

#[test]
fn a_filesystem_that_is_mounted_read_only_is_named_as_such() {
    alone("a_filesystem_that_is_mounted_read_only_is_named_as_such", || {
        if !space::private_mounts() {
            return;
        }
        let scratch = Scratch::new();
        space::mount("tmpfs", scratch.path(), "").unwrap();
        let [old, new] = ["old", "new"].map(|file| scratch.name(file));
        drop(Options::new().capacity(4096).create(&old).unwrap());
        space::remount_read_only(scratch.path()).unwrap();
        let folder = scratch.path().display();
        let said = |name: &str, what: &str| {
            format!(
                "channel {name}: no permission to {what} it: the filesystem of {folder} is mounted read-only; use a folder on \
                 another one (MEMLANE_DIR, or a path), or mount it for writing"
            )
        };
        assert_eq!(Options::new().create(&new).unwrap_err().to_string(), said(&new, "create"));
        assert_eq!(spsc::open(&old).unwrap_err().to_string(), said(&old, "open"));
        assert_eq!(memlane::remove(&old).unwrap_err().to_string(), said(&old, "remove"));
        assert_eq!(memlane::inspect(&old).unwrap().capacity, 4096, "looking writes nothing");
    });
}

#[test]
fn a_folder_of_huge_pages_is_named_as_such() {
    alone("a_folder_of_huge_pages_is_named_as_such", || {
        if !space::private_mounts() {
            return;
        }
        let scratch = Scratch::new();
        if let Err(error) = space::mount("hugetlbfs", scratch.path(), "") {
            return skip(format_args!("no hugetlbfs: {error}"));
        }
        let name = scratch.name("prices");
        let folder = scratch.path().display();
        assert_eq!(
            Options::new().create(&name).unwrap_err().to_string(),
            format!(
                "channel {name}: {folder} is on hugetlbfs, whose files hold whole huge pages and cannot be written to as lock \
                 files are; use a folder on a tmpfs such as /dev/shm, and the option huge_pages"
            )
        );
        assert_eq!(scratch.files(), [""; 0]);
    });
}
