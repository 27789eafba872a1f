//! What only semaphores promise: permits that are one participant's at a time, and come back; and a count of signals.

mod support;

use memlane::semaphore::{Channel, Options, Permit, Semaphore};
use memlane::{
    AcquireError, AcquireTimeoutError, CreateError, JoinError, Kind, OpenError, ReleaseError, Strategy,
    TryAcquireError, any, inspect,
};
use std::cell::UnsafeCell;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::child::{Child, hear, tell};
use support::random::Random;
use support::{PATIENCE, Scratch, Watchdog, child, eventually};

fn with(permits: usize) -> (Channel, Semaphore) {
    let channel = Options::new().permits(permits).private().unwrap();
    let semaphore = channel.semaphore().unwrap();
    (channel, semaphore)
}

/// What `inspect` says: available, held.
fn counts(channel: &Channel) -> (u64, u64) {
    let info = channel.info().semaphore.unwrap();
    (info.available, info.held)
}

#[test]
fn child_part() {
    child::play(&[
        ("holds", holds),
        ("uses permits until it is killed", uses_permits),
        ("adds and waits", adds_and_waits),
    ]);
}

fn open(arguments: &[String]) -> Semaphore {
    memlane::semaphore::open(&arguments[0]).unwrap().semaphore().unwrap()
}

/// Holds as many permits as it is told.
fn holds(arguments: &[String]) {
    let mut semaphore = open(arguments);
    let permits = semaphore.acquire_many(arguments[1].parse().unwrap()).unwrap();
    tell("holds");
    hear();
    drop(permits);
}

/// Acquires, one or several, and gives back, for ever.
fn uses_permits(arguments: &[String]) {
    let mut random = Random(arguments[1].parse::<u64>().unwrap() | 1);
    let mut semaphore = open(arguments);
    tell("begins");
    let mut held: Vec<Permit> = Vec::new();
    loop {
        let permits = random.below(3) as u32;
        match random.below(4) {
            0 => held.extend(semaphore.try_acquire_many(permits)),
            1 => held.extend(semaphore.acquire_timeout(Duration::from_micros(random.below(50) as u64))),
            _ if held.is_empty() => held.extend(semaphore.acquire()),
            2 => drop(held.swap_remove(random.below(held.len()))),
            _ => held.clear(),
        }
    }
}

/// Adds a permit for each that it uses up, for ever.
fn adds_and_waits(arguments: &[String]) {
    let mut semaphore = open(arguments);
    tell("begins");
    loop {
        let permit = semaphore.acquire().unwrap();
        drop(permit);
        semaphore.add_permits(0).unwrap();
    }
}

#[test]
fn there_are_as_many_permits_as_were_asked_for_and_each_is_there_once() {
    for (permits, max_held) in [(0, 64), (1, 64), (64, 64), (65, 65), (1000, 1000), (20_000, 16_384)] {
        let (channel, mut semaphore) = with(permits);
        assert_eq!(semaphore.max_held() as usize, max_held);
        let held: Vec<_> = (0..permits.min(max_held)).map(|_| semaphore.try_acquire().unwrap()).collect();
        assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits, "{permits}");
        let left = permits.saturating_sub(max_held) as u64;
        assert_eq!(counts(&channel), (left, held.len() as u64));
        drop(held);
        assert_eq!((semaphore.available(), counts(&channel)), (permits as u64, (permits as u64, 0)));
    }
}

/// What a semaphore of one permit protects: ThreadSanitizer, Miri and loom would report two at once; here, a count would be short.
struct Protected(UnsafeCell<u64>);

// SAFETY: only the holder of the one permit touches it.
unsafe impl Sync for Protected {}

#[test]
fn one_permit_is_a_lock() {
    const ROUNDS: u64 = 20_000;
    let _watchdog = Watchdog::new();
    let (channel, mut own) = with(1);
    let count = Arc::new(Protected(UnsafeCell::new(0)));
    let work = |semaphore: &mut Semaphore, count: &Protected| {
        for _ in 0..ROUNDS {
            let permit = semaphore.acquire().unwrap();
            // SAFETY: this thread has the only permit.
            unsafe { *count.0.get() += 1 };
            drop(permit);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let (mut semaphore, count) = (channel.semaphore().unwrap(), &count);
            scope.spawn(move || work(&mut semaphore, count));
        }
        work(&mut own, &count);
    });
    // SAFETY: the others have ended.
    assert_eq!(unsafe { *count.0.get() }, 4 * ROUNDS);
    assert_eq!(counts(&channel), (1, 0));
}

#[test]
fn a_permit_that_comes_back_wakes_one_that_sleeps() {
    let _watchdog = Watchdog::new();
    let (channel, mut own) = with(1);
    for round in 0..20 {
        let permit = own.acquire().unwrap();
        let mut other = channel.semaphore().unwrap();
        other.set_strategy(Strategy::Park);
        let row = other.row();
        let waiting = std::thread::spawn(move || other.acquire().unwrap().count());
        let parks =
            || channel.info().participants.iter().find(|one| one.row == row).map_or(0, |one| one.counters.parks);
        eventually("it sleeps", || parks() > 0);
        let freed = Instant::now();
        match round % 3 {
            0 => drop(permit),
            1 => permit.release().unwrap(),
            // The permit is used up, and another one is there instead.
            _ => {
                permit.forget().unwrap();
                own.add_permits(1).unwrap();
            }
        }
        assert_eq!(waiting.join().unwrap(), 1);
        assert!(freed.elapsed() < PATIENCE);
        assert_eq!(counts(&channel), (1, 0));
    }
    // One that is just looking, between two slices, needs none.
    let wakes = channel.info().participants[own.row() as usize].counters.wakes;
    assert!(wakes > 10, "{wakes} of 20 that slept were woken");
}

#[test]
fn a_permit_for_which_there_was_no_place_comes_when_one_is_used_up() {
    let _watchdog = Watchdog::new();
    let channel = Options::new().permits(2).max_held(1).private().unwrap();
    let (mut own, mut other) = (channel.semaphore().unwrap(), channel.semaphore().unwrap());
    let permit = own.acquire().unwrap();
    assert_eq!((own.available(), other.try_acquire().unwrap_err()), (1, TryAcquireError::NoPermits));
    let waiting = std::thread::spawn(move || other.acquire().unwrap().forget());
    permit.forget().unwrap();
    waiting.join().unwrap().unwrap();
    assert_eq!(counts(&channel), (0, 0));
}

#[test]
fn several_are_acquired_at_once_or_none() {
    let (channel, mut semaphore) = with(5);
    let three = semaphore.acquire_many(3).unwrap();
    assert_eq!(semaphore.try_acquire_many(3).unwrap_err(), TryAcquireError::NoPermits);
    assert_eq!(counts(&channel), (2, 3), "it took none");
    let error = semaphore.acquire_many_timeout(3, Duration::from_millis(1)).unwrap_err();
    assert_eq!(error, AcquireTimeoutError::Timeout);
    let two = semaphore.acquire_many(2).unwrap();
    assert_eq!((three.count(), two.count(), counts(&channel)), (3, 2, (0, 5)));
    let none = semaphore.acquire_many(0).unwrap();
    assert_eq!(none.count(), 0);
    none.forget().unwrap();
    two.forget().unwrap();
    drop(three);
    assert_eq!(counts(&channel), (3, 0));
    let too_many = AcquireError::TooMany { wanted: 65, max: 64 };
    assert_eq!(semaphore.acquire_many(65).unwrap_err(), too_many);
    assert_eq!(semaphore.try_acquire_many(65).unwrap_err(), too_many.into());
    assert_eq!(semaphore.acquire_many_timeout(65, PATIENCE).unwrap_err(), too_many.into());
}

#[test]
fn one_that_needs_several_and_others_that_need_one_all_come() {
    const ROUNDS: u32 = 2_000;
    let _watchdog = Watchdog::new();
    let (channel, _own) = with(3);
    std::thread::scope(|scope| {
        for needs in [1, 1, 2, 3] {
            let mut semaphore = channel.semaphore().unwrap();
            if needs % 2 == 1 {
                semaphore.set_strategy(Strategy::Park);
            }
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    assert_eq!(semaphore.acquire_many(needs).unwrap().count(), needs as usize);
                }
            });
        }
    });
    assert_eq!(counts(&channel), (3, 0));
}

#[test]
fn each_signal_is_waited_for_once() {
    const SIGNALS: u32 = 20_000;
    let _watchdog = Watchdog::new();
    let channel = Options::new().permits(0).max_held(2).private().unwrap();
    std::thread::scope(|scope| {
        for strategy in [Strategy::Park, Strategy::Adaptive] {
            let (mut waiter, mut signaller) = (channel.semaphore().unwrap(), channel.semaphore().unwrap());
            waiter.set_strategy(strategy);
            scope.spawn(move || (0..SIGNALS).for_each(|_| waiter.acquire().unwrap().forget().unwrap()));
            scope.spawn(move || (0..SIGNALS / 4).for_each(|_| signaller.add_permits(4).unwrap()));
        }
    });
    assert_eq!(counts(&channel), (0, 0));
}

#[test]
fn no_more_are_added_than_can_be_counted() {
    const MAX: u64 = 16_777_215;
    let (channel, mut semaphore) = with(MAX as usize);
    assert_eq!(semaphore.add_permits(1).unwrap_err(), AcquireError::TooMany { wanted: MAX + 1, max: MAX });
    let one = semaphore.acquire().unwrap();
    semaphore.add_permits(1).unwrap();
    drop(one);
    assert_eq!(counts(&channel), (MAX + 1, 0), "one stands in a place");
    let too_many = Options::new().permits(MAX as usize + 1).private();
    assert!(matches!(too_many, Err(CreateError::InvalidOption { option: "permits", .. })), "{too_many:?}");
    for held in [0, 16_385] {
        let refused = Options::new().max_held(held).private();
        assert!(matches!(refused, Err(CreateError::InvalidOption { option: "max_held", .. })), "{refused:?}");
    }
}

#[test]
fn permits_are_any_threads_and_keep_their_handles_seat() {
    let (channel, mut semaphore) = with(2);
    let (one, other) = (semaphore.acquire().unwrap(), semaphore.acquire().unwrap());
    drop(semaphore);
    assert_eq!((counts(&channel), channel.peers().receivers), ((0, 2), 1));
    std::thread::spawn(move || drop(one)).join().unwrap();
    assert_eq!((counts(&channel), channel.peers().receivers), ((1, 1), 1));
    drop(other);
    assert_eq!((counts(&channel), channel.peers().receivers), ((2, 0), 0));
}

#[test]
fn a_closed_semaphore_ends_calls_and_takes_permits_back() {
    let _watchdog = Watchdog::new();
    let (channel, mut semaphore) = with(1);
    let permit = semaphore.acquire().unwrap();
    let mut other = channel.semaphore().unwrap();
    let waiting = std::thread::spawn(move || other.acquire().map(drop));
    channel.close();
    assert_eq!(waiting.join().unwrap(), Err(AcquireError::Disconnected));
    permit.release().unwrap();
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Disconnected);
    assert_eq!(semaphore.acquire_timeout(PATIENCE).unwrap_err(), AcquireTimeoutError::Disconnected);
    assert_eq!(semaphore.add_permits(1), Err(AcquireError::Disconnected));
    assert_eq!(counts(&channel), (1, 0));
    assert!(matches!(channel.semaphore(), Err(JoinError::Closed { .. })));
}

#[test]
fn a_semaphore_goes_by_its_name_and_says_what_differs() {
    let scratch = Scratch::new();
    let name = scratch.name("licences");
    let channel = Options::new().permits(3).max_held(8).create(&name).unwrap();
    let mut one = channel.semaphore().unwrap();
    let permit = one.acquire().unwrap();
    let opened = any::open(&name).unwrap();
    assert_eq!(opened.kind(), Kind::Semaphore);
    assert!(matches!(opened.sender(), Err(JoinError::NoMessages { .. })));
    let other = opened.to_semaphore().unwrap().semaphore().unwrap();
    assert_eq!((other.available(), other.max_held()), (2, 8));
    let info = inspect(&name).unwrap();
    let semaphore = info.semaphore.unwrap();
    assert_eq!((semaphore.available, semaphore.held, semaphore.max_held, info.value), (2, 1, 8, None));
    assert_eq!(channel.info().semaphore, Some(semaphore), "from inside as from outside");
    let differs = |options: Options| match options.open(&name) {
        Err(OpenError::OptionsMismatch { field, file, ours, .. }) => (field, file, ours),
        other => panic!("{other:?}"),
    };
    assert_eq!(differs(Options::new().permits(4)), ("permits", "3".to_owned(), "4".to_owned()));
    assert_eq!(differs(Options::new().max_held(9)), ("max_held", "8".to_owned(), "9".to_owned()));
    assert!(matches!(memlane::spsc::open(&name), Err(OpenError::WrongKind { .. })));
    drop((one, permit, other));
    memlane::remove(&name).unwrap();
}

#[test]
fn a_forked_child_acquires_nothing_and_gives_nothing_back() {
    let (channel, mut semaphore) = with(2);
    let mut permit = Some(semaphore.acquire().unwrap());
    let child = child::fork(|| {
        assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Forked);
        assert_eq!(semaphore.add_permits(1), Err(AcquireError::Forked));
        assert_eq!(permit.take().unwrap().release(), Err(ReleaseError::Forked));
    });
    child::join(child);
    assert_eq!(counts(&channel), (1, 1));
}

#[test]
fn what_a_killed_process_held_comes_back_to_one_that_waits() {
    let scratch = Scratch::new();
    let name = scratch.name("licences");
    let channel = Options::new().permits(3).create(&name).unwrap();
    let mut semaphore = channel.semaphore().unwrap();
    let mut child = Child::start("holds", &[&name, "3"]);
    child.expect("holds");
    assert_eq!(counts(&channel), (0, 3));
    assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| semaphore.acquire_many(2).unwrap().count());
        child.kill();
        assert_eq!(waiting.join().unwrap(), 2);
    });
    assert_eq!(counts(&channel), (3, 0));
}

#[test]
fn what_a_stopped_process_holds_stays_its_own() {
    let scratch = Scratch::new();
    let name = scratch.name("licences");
    let channel = Options::new().permits(2).create(&name).unwrap();
    let mut semaphore = channel.semaphore().unwrap();
    let mut child = Child::start("holds", &[&name, "1"]);
    child.expect("holds");
    child.stop();
    let permit = semaphore.acquire().unwrap();
    let waited = semaphore.acquire_timeout(Duration::from_millis(300));
    assert_eq!(waited.unwrap_err(), AcquireTimeoutError::Timeout, "looks for the dead found none");
    child.resume();
    child.say("go");
    drop(semaphore.acquire_timeout(PATIENCE).unwrap());
    drop(permit);
    child.finish();
    assert_eq!(counts(&channel), (2, 0));
}

/// Processes that use permits are killed at random, again and again: there are as many permits as before, and each can be acquired.
///
/// `MEMLANE_KILLS` says how many are killed.
#[test]
fn as_many_permits_are_there_however_many_holders_are_killed() {
    const PERMITS: u32 = 5;
    let kills: u64 = std::env::var("MEMLANE_KILLS").map_or(30, |kills| kills.parse().expect("a number"));
    let scratch = Scratch::new();
    let name = scratch.name("licences");
    let channel = Options::new().permits(PERMITS as usize).create(&name).unwrap();
    let mut semaphore = channel.semaphore().unwrap();
    let mut random = Random(kills | 1);
    let mut held_by_the_dead = 0;
    let start = |seed: u64| {
        let part = if seed.is_multiple_of(5) { "adds and waits" } else { "uses permits until it is killed" };
        let child = Child::start(part, &[&name, &seed.to_string()]);
        child.expect("begins");
        child
    };
    let mut children: Vec<_> = (0..3).map(start).collect();
    for kill in 0..kills {
        // Some while they are at work, and some while this one is.
        for _ in 0..random.below(200) {
            let _ = semaphore.acquire_timeout(Duration::from_micros(random.below(20) as u64));
        }
        let mut child = children.swap_remove(random.below(3));
        child.kill();
        held_by_the_dead += u64::from(counts(&channel).1 > 0);
        if kill % 10 == 9 {
            children.iter_mut().for_each(Child::kill);
            let all = semaphore.acquire_many_timeout(PERMITS, PATIENCE).expect("all of them come back");
            assert_eq!((all.count(), counts(&channel)), (5, (0, 5)));
            assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits, "and no more");
            drop(all);
            children = (0..2).map(|more| start(kill + more)).collect();
        }
        children.push(start(kill));
    }
    assert!(held_by_the_dead > 0, "some died with permits");
    drop(children);
    assert_eq!(semaphore.acquire_many_timeout(PERMITS, PATIENCE).unwrap().count(), 5);
    eprintln!("{kills} kills");
}
