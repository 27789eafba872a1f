//! Receivers of a broadcast that run as another user and may only read: whatever they try and whatever becomes of them, the
//! participants go on.

mod support;

use memlane::broadcast::{self, Options, Policy, Start};
use memlane::{OpenError, RecvError, RemoveError};
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, chown};
use support::account::Account;
use support::child::{self, Child};
use support::{SOMEBODY, Scratch, is_root, lock_file, space};

#[test]
fn child_part() {
    child::play(&[
        ("reads as another user", |arguments| {
            space::become_user(SOMEBODY, SOMEBODY);
            reads_as_another_user(&arguments[0], &arguments[1]);
        }),
        ("tries to write as another user", |arguments| {
            space::become_user(SOMEBODY, SOMEBODY);
            tries_to_write(&arguments[0], &arguments[1]);
            reads_as_another_user(&arguments[0], &arguments[1]);
        }),
    ]);
}

/// Receives until the end, or until it is killed, and tells now and then that it goes on.
fn reads_as_another_user(name: &str, lock: &str) {
    assert!(File::options().write(true).open(name).is_err() && File::open(lock).is_err(), "it may only read");
    assert!(matches!(Options::new().any_owner(true).open(name), Err(OpenError::Permission { .. })));
    let mut rx = Options::new().any_owner(true).open_read_only(name).unwrap();
    child::tell("reads");
    let mut account = Account::default();
    loop {
        match rx.recv() {
            Ok(message) => account.got_bytes(&message),
            Err(RecvError::Lagged { lost }) => account.told(lost),
            Err(error) => break assert_eq!(error, RecvError::Disconnected),
        }
        if account.received % 1000 == 1 {
            child::tell("goes on");
        }
    }
    child::tell(format!("all {}", account.next()));
    child::hear();
}

/// What a reader could think of to change something, or to keep others from something.
fn tries_to_write(name: &str, lock: &str) {
    let file = File::open(name).unwrap();
    assert!(File::options().write(true).open(format!("/proc/self/fd/{}", file.as_raw_fd())).is_err());
    assert!(fs::write(name, b"mine").is_err() && fs::remove_file(name).is_err() && fs::remove_file(lock).is_err());
    assert!(file.set_len(0).is_err() && fs::set_permissions(name, fs::Permissions::from_mode(0o666)).is_err());
    assert!(fs::rename(name, format!("{name}.mine")).is_err());
    assert!(matches!(memlane::remove_forced(name), Err(RemoveError::Permission { .. })));
    let rx = Options::new().any_owner(true).open_read_only(name).unwrap();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mapped: Vec<_> = maps.lines().filter(|line| line.ends_with(name)).collect();
    assert!(!mapped.is_empty() && mapped.iter().all(|line| line.contains(" r--s ")), "{mapped:?}");
    for mapping in mapped {
        let (start, end) = mapping.split_once(' ').unwrap().0.split_once('-').unwrap();
        let [start, end] = [start, end].map(|number| usize::from_str_radix(number, 16).unwrap());
        // SAFETY: a mapping of this process, of which the kernel refuses to let it write.
        let refused = unsafe { libc::mprotect(start as *mut _, end - start, libc::PROT_READ | libc::PROT_WRITE) };
        assert_ne!(refused, 0);
        // A store by the kernel, which is an error instead of a signal.
        // SAFETY: the kernel looks whether the address can be written to.
        assert_eq!(unsafe { libc::read(File::open("/dev/zero").unwrap().as_raw_fd(), start as *mut _, 8) }, -1);
    }
    drop(rx);
    // SAFETY: an all-zero flock is valid: a read lock is filled in on everything, from the first byte to the last.
    let mut everything: libc::flock = unsafe { std::mem::zeroed() };
    everything.l_type = libc::F_RDLCK as libc::c_short;
    // SAFETY: the descriptor is open, and fcntl reads one flock.
    let locked = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &everything) };
    assert_eq!(locked, 0, "a lock that means nothing");
    // It stays: the others go on beside it.
    std::mem::forget(file);
}

#[test]
fn three_that_may_only_read_disturb_neither_the_sender_nor_a_receiver_whatever_becomes_of_them() {
    const ROUNDS: u64 = 2000;
    /// Fewer than a ring holds.
    const AT_ONCE: u64 = 100;
    if !is_root("becoming another user") {
        return;
    }
    for policy in [Policy::Overwrite, Policy::Evict, Policy::Block] {
        let scratch = Scratch::new();
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let name = scratch.name("prices");
        let channel = Options::new().capacity(4096).policy(policy).mode(0o644).create(&name).unwrap();
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let lock = lock_file(&name);
        let start = |part| Child::start(part, &[&name, lock.to_str().unwrap()]);
        let [mut killed, mut stopped] = [0; 2].map(|_| start("reads as another user"));
        let mut writes = start("tries to write as another user");
        for reader in [&killed, &stopped, &writes] {
            reader.expect("reads");
        }
        let mut account = Account::default();
        for round in 0..ROUNDS {
            for number in round * AT_ONCE..(round + 1) * AT_ONCE {
                tx.send(&number.to_le_bytes()).unwrap();
            }
            for _ in 0..AT_ONCE {
                let message: u64 = rx.recv().unwrap().read().unwrap();
                account.got(message);
            }
            if round == ROUNDS / 4 {
                for reader in [&killed, &stopped] {
                    reader.expect("goes on");
                }
                killed.kill();
                stopped.stop();
            }
        }
        assert_eq!(account, Account { received: ROUNDS * AT_ONCE, lost: 0 });
        assert_eq!(channel.info().participants.len(), 2, "they have no seats");
        assert!(matches!(channel.remove(), Err(RemoveError::InUse { participants: 2, .. })));
        drop(tx);
        stopped.resume();
        for reader in [&mut stopped, &mut writes] {
            let told = std::iter::from_fn(|| Some(reader.line())).find(|line| line != "goes on").unwrap();
            assert_eq!(told, format!("all {}", ROUNDS * AT_ONCE), "received, or told that it was lost");
            reader.say("enough");
            reader.finish();
        }
        drop(rx);
        channel.remove().unwrap();
    }
}

#[test]
fn a_channel_of_another_user_has_to_be_asked_for() {
    if !is_root("giving a file away") {
        return;
    }
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = Options::new().mode(0o644).create(&name).unwrap();
    channel.sender().unwrap().send(b"10").unwrap();
    chown(&name, Some(SOMEBODY), None).unwrap();
    assert!(matches!(broadcast::open_read_only(&name), Err(OpenError::ForeignOwner { owner: SOMEBODY, .. })));
    let mut rx = Options::new().any_owner(true).open_read_only_from(&name, Start::Oldest).unwrap();
    assert_eq!(rx.recv().unwrap(), b"10");
}
