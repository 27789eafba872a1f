//! Creating while others do the same, or were killed in the middle of it.

mod support;

use memlane::spsc::{self, Options};
use memlane::{CreateError, JoinError, Origin, RemoveError};
use std::fs;
use std::sync::Barrier;
use support::child::{self, Child};
use support::image::make_stale;
use support::{Scratch, lock_file};

const AT_ONCE: usize = 16;

fn small() -> Options {
    Options::new().capacity(4096)
}

#[test]
fn child_part() {
    child::play(&[
        ("opens or creates", |arguments| {
            child::tell("ready");
            assert_eq!(child::hear(), "go");
            let channel = small().open_or_create(&arguments[0]).unwrap();
            child::tell(format_args!("{:?}", channel.origin()));
            child::tell(channel.info().instance);
        }),
        ("comes and goes", |arguments| {
            for _ in 0..400 {
                let channel = small().open_or_create(&arguments[0]).unwrap();
                match channel.sender() {
                    Ok(_) | Err(JoinError::RoleTaken { .. } | JoinError::Removed { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
                match memlane::remove(&arguments[0]) {
                    Ok(()) | Err(RemoveError::NotFound { .. } | RemoveError::InUse { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }),
        ("holds a sender", |arguments| {
            let _sender = spsc::open(&arguments[0]).unwrap().sender().unwrap();
            child::tell("joined");
            child::stay();
        }),
    ]);
}

/// What happened when many opened or created a channel at once: how often it was each origin, with all on one instance.
fn origins(outcomes: Vec<(String, String)>, scratch: &Scratch) -> [usize; 3] {
    assert_eq!(outcomes.len(), AT_ONCE);
    let instance = &outcomes[0].1;
    assert!(outcomes.iter().all(|(_, other)| other == instance), "several instances: {outcomes:?}");
    let lock = format!("prices.{instance}.lock");
    assert_eq!(scratch.files(), ["prices".to_owned(), lock], "two files and nothing else");
    ["Opened", "Created", "ReplacedStale"].map(|name| outcomes.iter().filter(|(origin, _)| origin == name).count())
}

fn many_threads(name: &str) -> Vec<(String, String)> {
    let barrier = Barrier::new(AT_ONCE);
    let one = || {
        barrier.wait();
        let channel = small().open_or_create(name).unwrap();
        (format!("{:?}", channel.origin()), channel.info().instance)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn many_processes(name: &str) -> Vec<(String, String)> {
    let mut children: Vec<_> = (0..AT_ONCE).map(|_| Child::start("opens or creates", &[name])).collect();
    children.iter().for_each(|child| child.expect("ready"));
    children.iter_mut().for_each(|child| child.say("go"));
    let mut outcome = |child: &mut Child| {
        let [origin, instance] = child.finish().try_into().unwrap();
        (origin, instance)
    };
    children.iter_mut().map(&mut outcome).collect()
}

#[test]
fn of_many_threads_one_creates_and_the_others_open() {
    for _ in 0..30 {
        let scratch = Scratch::new();
        let outcomes = many_threads(&scratch.name("prices"));
        assert_eq!(origins(outcomes, &scratch), [AT_ONCE - 1, 1, 0]);
    }
}

#[test]
fn of_many_processes_one_creates_and_the_others_open() {
    for _ in 0..3 {
        let scratch = Scratch::new();
        let outcomes = many_processes(&scratch.name("prices"));
        assert_eq!(origins(outcomes, &scratch), [AT_ONCE - 1, 1, 0]);
    }
}

#[test]
fn of_many_threads_one_replaces_a_stale_channel() {
    for _ in 0..100 {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        small().create(&name).unwrap();
        make_stale(&name);
        let outcomes = many_threads(&name);
        assert_eq!(origins(outcomes, &scratch), [AT_ONCE - 1, 0, 1]);
    }
}

#[test]
fn of_many_processes_one_replaces_a_stale_channel() {
    for _ in 0..3 {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        small().create(&name).unwrap();
        make_stale(&name);
        let outcomes = many_processes(&name);
        assert_eq!(origins(outcomes, &scratch), [AT_ONCE - 1, 0, 1]);
    }
}

#[test]
fn of_many_that_insist_on_creating_one_succeeds() {
    for _ in 0..30 {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let barrier = Barrier::new(AT_ONCE);
        let one = || {
            barrier.wait();
            match small().create(&name) {
                Ok(_) => 1,
                Err(CreateError::AlreadyExists { .. }) => 0,
                Err(error) => panic!("{error}"),
            }
        };
        let created: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(created, 1);
        assert_eq!(scratch.files().len(), 2, "{:?}", scratch.files());
        spsc::open(&name).unwrap().sender().unwrap().send(b"works").unwrap();
    }
}

/// Creating and removing at full speed, in several processes: whoever opens or creates gets something that works, and
/// nothing is left in the end.
#[test]
fn channels_that_come_and_go_leave_nothing_behind() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let mut children: Vec<_> = (0..4).map(|_| Child::start("comes and goes", &[&name])).collect();
    children.iter_mut().for_each(|child| drop(child.finish()));
    let _ = memlane::remove(&name);
    assert_eq!(scratch.files(), [""; 0]);
}

#[test]
fn a_stale_channel_starts_afresh_and_says_so() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let old = small().create(&name).unwrap();
    old.sender().unwrap().send(b"from before").unwrap();
    let (old_instance, old_lock) = (old.info().instance, lock_file(&name));
    drop(old);
    make_stale(&name);
    let channel = small().open_or_create(&name).unwrap();
    assert_eq!(channel.origin(), Origin::ReplacedStale);
    let info = channel.info();
    assert!(info.instance != old_instance && info.lanes[0].messages == 0);
    assert!(!old_lock.exists());
    assert_eq!(small().open_or_create(&name).unwrap().origin(), Origin::Opened);
}

#[test]
fn a_stale_channel_without_its_lock_file_starts_afresh_too() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    small().create(&name).unwrap();
    fs::remove_file(lock_file(&name)).unwrap();
    make_stale(&name);
    assert_eq!(small().open_or_create(&name).unwrap().origin(), Origin::ReplacedStale);
}

/// What a creator that was killed between its two files leaves.
fn leave_orphan(scratch: &Scratch, digit: &str) -> std::path::PathBuf {
    let orphan = scratch.join(&format!("prices.{}.lock", digit.repeat(32)));
    let digit = u8::from_str_radix(digit, 16).unwrap();
    fs::write(&orphan, [digit << 4 | digit; 16]).unwrap();
    orphan
}

#[test]
fn lock_files_of_nobody_are_swept_by_the_next_creation() {
    let scratch = Scratch::new();
    let orphan = leave_orphan(&scratch, "a");
    // Names that look alike but are not lock files of this channel.
    let others = ["prices.old.lock", "prices2.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.lock", "prices.lock"];
    others.iter().for_each(|file| fs::write(scratch.join(file), "").unwrap());
    let channel = small().create(&scratch.name("prices")).unwrap();
    assert!(!orphan.exists());
    assert!(others.iter().all(|file| scratch.join(file).exists()));
    channel.sender().unwrap();
}

/// What a replacer that was killed between naming the fresh region and renaming it leaves.
#[test]
fn the_unfinished_replacement_of_a_stale_channel_is_swept() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    leave_orphan(&scratch, "a");
    fs::write(scratch.join(&format!(".memlane-{}.tmp", "a".repeat(32))), "").unwrap();
    let instance = small().create(&name).unwrap().info().instance;
    assert_eq!(scratch.files(), ["prices".to_owned(), format!("prices.{instance}.lock")]);
}

/// A file of somebody else that has the name of a lock file, but is none.
#[test]
fn only_lock_files_are_swept() {
    let scratch = Scratch::new();
    let letter = scratch.join(&format!("prices.{}.lock", "b".repeat(32)));
    fs::write(&letter, "dear reader, this is no lock file").unwrap();
    small().create(&scratch.name("prices")).unwrap();
    assert!(letter.exists());
}

#[test]
fn the_lock_file_of_a_live_participant_is_never_swept() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    small().create(&name).unwrap();
    let lock = lock_file(&name);
    let mut child = Child::start("holds a sender", &[&name]);
    child.expect("joined");
    // Somebody deletes the region by hand; its participant lives on.
    fs::remove_file(&name).unwrap();
    small().create(&name).unwrap();
    assert!(lock.exists(), "a participant lives in it");
    child.kill();
    fs::remove_file(&name).unwrap();
    small().create(&name).unwrap();
    assert!(!lock.exists(), "nobody lives in it any more");
}
