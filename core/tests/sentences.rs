//! What people read when something fails: each situation, produced for real, and its sentence, word for word.
//!
//! A sentence says what happened, to which channel or path, and what to do. Those of places that lack something stand in
//! `environment_limits.rs` and `folders.rs`, those of errors that are not easily produced in `messages.rs`.

mod support;

use memlane::spsc::{self, Options};
use memlane::{Backend, FenceMode, Granted, SendBatchError, SendError, mpmc};
use rustix::process::Resource;
use std::fmt::Display;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use support::child::{alone, fork, join, skip};
use support::stage::trust;
use support::{SOMEBODY, Scratch, image, is_root, space};

fn small() -> Options {
    Options::new().capacity(4096)
}

/// The sentence of what has to fail, without the folder that the channels stand in.
#[track_caller]
fn said<T, E: Display>(scratch: &Scratch, outcome: Result<T, E>) -> String {
    let error = outcome.err().expect("a failure");
    error
        .to_string()
        .replace(&scratch.path().display().to_string(), "/folder")
        .replace(&"/y".repeat(2100), "/y…")
        .replace(&"x".repeat(218), "x…")
}

macro_rules! assert_say {
    ($scratch:expr, $($outcome:expr => $sentence:literal;)*) => {
        $(assert_eq!(said(&$scratch, $outcome), $sentence, "{}", stringify!($outcome));)*
    };
}

fn set_mode(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn names_and_options() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let long = scratch.name(&"x".repeat(218));
    let deep = scratch.name("x") + &"/y".repeat(2100);
    let kept = small().create(&scratch.name("kept")).unwrap();
    let kept_name = scratch.name("kept");
    assert!(Options::new().capacity(4000).open(&kept_name).is_ok(), "rounded up as at creation");
    let queue = || mpmc::Options::new();
    assert_say!(scratch,
        small().create("two words") =>
            "`two words` is not a channel name: use 1 to 100 of A-Z a-z 0-9 . _ - without a leading dot, or a path with \
             a / whose last part has at most 217 bytes";
        spsc::open("two words") =>
            "`two words` is not a channel name: use 1 to 100 of A-Z a-z 0-9 . _ - without a leading dot, or a path with \
             a / whose last part has at most 217 bytes";
        memlane::remove("two words") =>
            "`two words` is not a channel name: use 1 to 100 of A-Z a-z 0-9 . _ - without a leading dot, or a path with \
             a / whose last part has at most 217 bytes";
        small().create(&long) =>
            "`/folder/x…` is not a channel name: use 1 to 100 of A-Z a-z 0-9 . _ - without a leading dot, or a path with \
             a / whose last part has at most 217 bytes";
        small().create(&deep) =>
            "channel /folder/x/y…: looking at the folder failed: File name too long (os error 36); use a shorter path: its \
             last part may have 217 bytes, and all of it about 4,000";
        spsc::open(&deep) =>
            "channel /folder/x/y…: opening the file failed: File name too long (os error 36); use a shorter path: its last \
             part may have 217 bytes, and all of it about 4,000";
        Options::new().capacity(3 << 30).create(&name) =>
            "channel /folder/prices: option capacity is 3221225472, which has to be at most 2147483648 bytes";
        small().max_message(2000).create(&name) =>
            "channel /folder/prices: option max_message is 2000, which has to be at most 7/16 of the capacity (1784)";
        small().mode(0o777).create(&name) =>
            "channel /folder/prices: option mode is 0o777, which has to be read and write for the owner, and at most \
             read and write for group and others";
        queue().slots(0).create(&name) => "channel /folder/prices: option slots is 0, which has to be 1 to 65536";
        small().backend(Backend::Semaphore).create(&name) =>
            "channel /folder/prices: option backend is semaphore, which needs trust_peers: a faulty peer could crash \
             this process through the C library";
        Options::new().capacity(5000).open(&kept_name) =>
            "channel /folder/kept has capacity 4096, and was opened with 5000, which is rounded up to 8192; leave \
             capacity out to take the channel's";
        small().type_name("Trade").open(&kept_name) =>
            "channel /folder/kept carries messages of type bytes, and was opened for Trade; use that type, or another \
             name";
        mpmc::open(&kept_name) =>
            "channel /folder/kept is of kind spsc, and was opened as mpmc; open it as what it is, or use another name";
    );
    drop(kept);
}

#[test]
fn what_stands_there() {
    let scratch = Scratch::new();
    let [live, closed, stale, folder, cut, semaphores, none] =
        ["live", "closed", "stale", "folder", "cut", "semaphores", "none"].map(|name| scratch.name(name));
    let channel = small().create(&live).unwrap();
    small().create(&closed).unwrap().close();
    drop(small().create(&stale).unwrap());
    image::make_stale(&stale);
    fs::create_dir(&folder).unwrap();
    drop(small().create(&cut).unwrap());
    fs::File::options().write(true).open(&cut).unwrap().set_len(4096).unwrap();
    let options = small().backend(Backend::Semaphore);
    drop(options.clone().trust_peers(trust()).create(&semaphores).unwrap());
    let elsewhere = scratch.name("no/such/channel");
    assert_say!(scratch,
        small().create(&live) => "channel /folder/live exists already: open it, or remove it first";
        mpmc::Options::new().create(&live) =>
            "channel /folder/live cannot be created, since its name is taken: channel /folder/live is of kind spsc, and \
             was opened as mpmc; open it as what it is, or use another name";
        small().create(&closed) =>
            "channel /folder/closed cannot be created, since its name is taken: channel /folder/closed was closed; \
             remove it and create it again";
        small().create(&stale) =>
            "channel /folder/stale cannot be created, since its name is taken: channel /folder/stale is from before the \
             last reboot; open_or_create starts it afresh, or remove it";
        small().create(&folder) =>
            "channel /folder/folder cannot be created, since its name is taken: /folder/folder is not a channel but a \
             directory; use another name";
        small().create(&cut) =>
            "channel /folder/cut cannot be created, since its name is taken: channel /folder/cut is truncated: it has \
             4096 bytes and needs 12288; remove it and create it again";
        small().create(&elsewhere) =>
            "channel /folder/no/such/channel: the folder /folder/no/such does not exist; make it first, or correct the \
             path";
        spsc::open(&none) => "channel /folder/none does not exist; create it first";
        spsc::open(&elsewhere) => "channel /folder/no/such/channel does not exist; create it first";
        spsc::open(&closed) => "channel /folder/closed was closed; remove it and create it again";
        spsc::open(&stale) =>
            "channel /folder/stale is from before the last reboot; open_or_create starts it afresh, or remove it";
        spsc::open(&folder) => "/folder/folder is not a channel but a directory; use another name";
        spsc::open(&cut) =>
            "channel /folder/cut is truncated: it has 4096 bytes and needs 12288; remove it and create it again";
        spsc::open(&semaphores) =>
            "channel /folder/semaphores wakes by semaphores, through which a faulty peer could harm this process; set \
             trust_peers to vouch for all who can write to it, or create it with futexes";
        memlane::remove(&none) => "channel /folder/none does not exist; nothing was removed";
        memlane::remove(&folder) => "/folder/folder is not a channel but a directory; it is left alone";
    );
    fs::remove_file(&live).unwrap();
    assert_say!(scratch, channel.sender() => "channel /folder/live was removed, by a program or by the system (logind at its user's last logout: RemoveIPC); open or create it again";);
}

#[test]
fn seats() {
    let scratch = Scratch::new();
    let [lane, queue] = ["lane", "queue"].map(|name| scratch.name(name));
    let lane = small().create(&lane).unwrap();
    let queue = mpmc::Options::new().slots(8).max_senders(2).max_receivers(1).create(&queue).unwrap();
    let _held = (lane.sender().unwrap(), queue.sender().unwrap(), queue.sender().unwrap(), queue.receiver().unwrap());
    // This process's, which is another one each time.
    let numbered = |outcome: Result<(), memlane::JoinError>| {
        outcome.map_err(|error| error.to_string().replace(&format!("process {}", std::process::id()), "process 42"))
    };
    assert_say!(scratch,
        numbered(lane.sender().map(drop)) =>
            "channel /folder/lane has its sender already (process 42); stop that one first";
        numbered(queue.sender().map(drop)) =>
            "channel /folder/queue has all of its 2 senders (process 42 is one); stop one, or create the channel with \
             more seats for senders";
        numbered(queue.receiver().map(drop)) =>
            "channel /folder/queue has its receiver already (process 42); stop that one first";
        memlane::remove(&scratch.name("lane")) =>
            "channel /folder/lane is in use by 1 live participant(s); stop them, or remove it by force";
    );
}

#[test]
fn permissions() {
    alone("permissions", || {
        if !is_root("becoming another user") {
            return skip("needs root to become another user");
        }
        if !space::private_mounts() {
            return;
        }
        space::mount("tmpfs", Path::new("/dev/shm"), "mode=1777").unwrap();
        let scratch = Scratch::new();
        set_mode(scratch.path(), 0o755);
        let [file, shut, own, closed] = ["file", "shut", "own", "closed"].map(|name| scratch.name(name));
        drop(small().create(&file).unwrap());
        fs::create_dir(&closed).unwrap();
        set_mode(&closed, 0o700);
        let inside = scratch.name("closed/prices");
        drop(small().create(&inside).unwrap());
        drop(small().create("prices").unwrap());
        let default = memlane::channel_path("prices").unwrap().display().to_string();
        drop(small().create(&own).unwrap());
        set_mode(&own, 0o400);
        chown(&own, Some(SOMEBODY), None).unwrap();
        drop(small().mode(0o666).create(&shut).unwrap());
        join(fork(|| {
            space::become_user(SOMEBODY, SOMEBODY);
            assert_say!(scratch,
                small().create(&scratch.name("new")) =>
                    "channel /folder/new: no permission to create it: user 54321 may not make or remove files in /folder \
                     (mode 0755, of user 0); ask its owner, or use another folder (MEMLANE_DIR, or a path)";
                small().create(&scratch.name("closed/new")) =>
                    "channel /folder/closed/new: no permission to create it: user 54321 may not enter the folder \
                     /folder/closed (mode 0700, of user 0); use a folder that every participant may enter (MEMLANE_DIR, \
                     or a path)";
                spsc::open(&inside) =>
                    "channel /folder/closed/prices: no permission to open it: user 54321 may not enter the folder \
                     /folder/closed (mode 0700, of user 0); use a folder that every participant may enter (MEMLANE_DIR, \
                     or a path)";
                spsc::open(&default) =>
                    "channel /dev/shm/memlane-0/prices.lane: no permission to open it: /dev/shm/memlane-0 is the private \
                     folder of user 0; channels for several users stand in a folder that all of them may enter \
                     (MEMLANE_DIR, or a path)";
                Options::new().any_owner(true).open(&file) =>
                    "channel /folder/file: no permission to open it: its file (mode 0600, of user 0) is not for user \
                     54321 to read and write; its owner decides that by the option mode, or by chmod";
                spsc::open(&own) =>
                    "channel /folder/own: no permission to open it: its file is this user's own, but has mode 0400; take \
                     reading and writing back by chmod u+rw";
                memlane::remove(&shut) =>
                    "channel /folder/shut: no permission to remove it: user 54321 may not make or remove files in \
                     /folder (mode 0755, of user 0); ask its owner, or use another folder (MEMLANE_DIR, or a path)";
            );
        }));
    });
}

#[test]
fn limits_of_the_process() {
    alone("limits_of_the_process", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        let queue = || mpmc::Options::new().slots(64);
        space::limit(Resource::Fsize, 8192);
        assert_say!(scratch,
            queue().create(&scratch.name("new")) =>
                "channel /folder/new: no room for 4141056 bytes: this process may write files of at most 8192 bytes \
                 (ulimit -f); choose fewer slots or a smaller max_message, or raise that limit";
        );
        space::limit(Resource::Nofile, 3);
        assert_say!(scratch,
            spsc::open(&name) =>
                "channel /folder/prices: opening the file failed: Too many open files (os error 24); close some \
                 descriptors, or raise the limit (ulimit -n)";
            channel.sender() =>
                "channel /folder/prices: locking the lock file failed: Too many open files (os error 24); close some \
                 descriptors, or raise the limit (ulimit -n)";
        );
        let kept = small().lock_memory(true).private().unwrap();
        assert_eq!(kept.memory().locked, Granted::Yes, "root may");
    });
}

#[test]
fn memory_that_cannot_be_locked() {
    alone("memory_that_cannot_be_locked", || {
        if !is_root("becoming another user") {
            return skip("needs root to become another user");
        }
        let scratch = Scratch::new();
        set_mode(scratch.path(), 0o777);
        let name = scratch.name("prices");
        space::limit(Resource::Memlock, 64 << 10);
        join(fork(|| {
            space::become_user(SOMEBODY, SOMEBODY);
            let channel = Options::new().lock_memory(true).create(&name).unwrap();
            let Granted::No(reason) = &channel.memory().locked else { panic!("{:?}", channel.memory()) };
            assert_eq!(
                reason,
                "Cannot allocate memory (os error 12); this process may lock only so much memory; raise the limit (ulimit -l)"
            );
            // Everything that this process maps from now on is to be locked.
            // SAFETY: takes an integer.
            assert_eq!(unsafe { libc::mlockall(libc::MCL_FUTURE) }, 0);
            assert_say!(scratch,
                spsc::open(&name) =>
                    "channel /folder/prices: mapping the file failed: Resource temporarily unavailable (os error 11); \
                     this process locks all of its memory (mlockall) and has reached its limit; raise it (ulimit -l)";
            );
        }));
    });
}

#[test]
fn a_system_without_membarrier_or_locks() {
    alone("a_system_without_membarrier_or_locks", || {
        let scratch = Scratch::new();
        let [asymmetric, symmetric] = ["asymmetric", "symmetric"].map(|name| scratch.name(name));
        drop(small().fence(FenceMode::Asymmetric).create(&asymmetric).unwrap());
        let channel = small().fence(FenceMode::Symmetric).create(&symmetric).unwrap();
        space::refuse_system_call(libc::SYS_membarrier);
        assert_say!(scratch,
            spsc::open(&asymmetric) =>
                "channel /folder/asymmetric needs membarrier, which this system refuses; create it with symmetric fences";
        );
        space::refuse_locks();
        assert_say!(scratch,
            channel.sender() =>
                "channel /folder/symmetric: locking the lock file failed: Invalid argument (os error 22); memlane \
                 needs open-file-description locks (Linux 3.15), which this kernel or sandbox does not have";
            small().create(&scratch.name("new")) =>
                "channel /folder/new: locking the lock file failed: Invalid argument (os error 22); memlane needs \
                 open-file-description locks (Linux 3.15), which this kernel or sandbox does not have";
        );
    });
}

#[test]
fn transfers() {
    let batch = SendBatchError { sent: 3, error: SendError::Disconnected };
    let channel = small().private().unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    let scratch = Scratch::new();
    assert_say!(scratch,
        sender.send(&[0; 2000]) =>
            "the message has 2000 bytes; this channel takes at most 1784: create it with a larger max_message";
        receiver.try_recv() => "the channel is empty";
        Err::<(), _>(SendError::Removed) =>
            "the channel was removed, by a program or by the system (logind at its user's last logout: RemoveIPC); open \
             or create it again";
        Err::<(), _>(SendError::Forked) =>
            "this handle belongs to the parent process; open the channel again after a fork";
        Err::<(), _>(batch) => "every receiver has left, or the channel was closed (after 3 messages of the batch)";
    );
}
