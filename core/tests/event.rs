//! What only events promise: bits that stay, a count of which each waiter sees every one, and nothing lost in between.

mod support;

use memlane::event::{Channel, Event, Options};
use memlane::{EventError, EventTimeoutError, JoinError, Kind, OpenError, Strategy, TryEventError, any, inspect};
use std::time::Duration;
use support::child::{Child, hear, tell};
use support::{PATIENCE, Scratch, Watchdog, child, eventually};

fn handles() -> (Channel, Event, Event) {
    let channel = Options::new().private().unwrap();
    let (one, other) = (channel.event().unwrap(), channel.event().unwrap());
    (channel, one, other)
}

#[test]
fn child_part() {
    child::play(&[("sets", sets), ("counts", counts), ("sets until it is killed", sets_until_killed)]);
}

fn open(arguments: &[String]) -> Event {
    memlane::event::open(&arguments[0]).unwrap().event().unwrap()
}

/// Sets so many times, each time a bit of its own.
fn sets(arguments: &[String]) {
    let mut event = open(arguments);
    tell("joined");
    hear();
    let (bit, times): (u32, u64) = (arguments[1].parse().unwrap(), arguments[2].parse().unwrap());
    for _ in 0..times {
        event.set(1 << bit).unwrap();
    }
}

/// Waits until it has seen so many sets, and says how many it has seen.
fn counts(arguments: &[String]) {
    let mut event = open(arguments);
    if arguments[2] == "asleep" {
        event.set_strategy(Strategy::Park);
    }
    tell("joined");
    let (wanted, mut seen): (u64, u64) = (arguments[1].parse().unwrap(), 0);
    while seen < wanted {
        let fired = event.wait_timeout(PATIENCE).unwrap();
        assert!(fired.count > 0);
        seen += fired.count;
    }
    tell(seen);
}

fn sets_until_killed(arguments: &[String]) {
    let mut event = open(arguments);
    tell("joined");
    loop {
        event.set(3).unwrap();
    }
}

#[test]
fn bits_stay_until_they_are_cleared_and_each_set_counts() {
    let (channel, mut one, mut other) = handles();
    assert_eq!((one.bits(), one.has_fired(), one.try_wait()), (0, false, Err(TryEventError::NotSet)));
    assert_eq!((one.set(0b0101), one.set(0b0010), one.set(0)), (Ok(0b0101), Ok(0b0111), Ok(0b0111)));
    let fired = other.wait().unwrap();
    assert_eq!((fired.bits, fired.count), (0b0111, 3));
    assert_eq!(other.try_wait(), Err(TryEventError::NotSet), "it has seen them");
    assert_eq!(one.wait().unwrap(), fired, "and nothing was taken away");
    assert_eq!((other.clear(0b0011), other.bits()), (Ok(true), 0b0100));
    let info = channel.info().event.unwrap();
    assert_eq!((info.bits, info.count), (0b0100, 3), "a clear does not count");
}

#[test]
fn a_set_that_was_not_seen_is_not_cleared() {
    let (_channel, mut one, mut other) = handles();
    one.set(1).unwrap();
    assert_eq!(other.clear(1), Ok(false), "it has seen none");
    other.wait().unwrap();
    one.set(1).unwrap();
    assert_eq!((other.clear(1), other.bits()), (Ok(false), 1));
    other.wait().unwrap();
    assert_eq!((other.clear(1), other.clear(1)), (Ok(true), Ok(true)), "there is nothing left to clear");
}

#[test]
fn one_that_comes_later_finds_what_is_set() {
    let (channel, mut one, _) = handles();
    one.set(2).unwrap();
    let mut late = channel.event().unwrap();
    let fired = late.wait().unwrap();
    assert_eq!((fired.bits, fired.count), (2, 1));
    assert_eq!(late.clear(2), Ok(true));
    one.set(0).unwrap();
    let mut later = channel.event().unwrap();
    assert_eq!(later.try_wait(), Err(TryEventError::NotSet), "of what was cleared, nothing is new");
    one.set(0).unwrap();
    assert_eq!(later.wait().unwrap().count, 1);
}

#[test]
fn a_wait_for_bits_ends_while_they_are_set() {
    let _watchdog = Watchdog::new();
    let (_channel, mut one, mut other) = handles();
    one.set(0b001).unwrap();
    for _ in 0..2 {
        assert_eq!(other.wait_any(0b011).unwrap().bits, 0b001, "again and again");
    }
    assert_eq!(other.wait_any(0b011).unwrap().count, 0, "seen before");
    assert_eq!(other.wait_any_timeout(0b110, Duration::ZERO), Err(EventTimeoutError::Timeout));
    assert_eq!(other.wait_all_timeout(0b011, Duration::from_millis(1)), Err(EventTimeoutError::Timeout));
    assert_eq!(other.wait_all(0).unwrap().bits, 0b001, "all of no bits");
    assert_eq!(other.wait_any_timeout(0, Duration::ZERO), Err(EventTimeoutError::Timeout), "any of no bits");
    let waiting = std::thread::spawn(move || other.wait_all(0b111).unwrap().bits);
    one.set(0b010).unwrap();
    one.set(0b100).unwrap();
    assert_eq!(waiting.join().unwrap(), 0b111);
}

#[test]
fn every_set_wakes_all_that_sleep() {
    let _watchdog = Watchdog::new();
    let (channel, mut setter, _) = handles();
    let waiters: Vec<_> = (0..3)
        .map(|_| {
            let mut event = channel.event().unwrap();
            event.set_strategy(Strategy::Park);
            let row = event.row();
            (row, std::thread::spawn(move || (0..20).map(|_| event.wait().unwrap().count).sum::<u64>()))
        })
        .collect();
    let parks = |row| channel.info().participants.iter().find(|one| one.row == row).unwrap().counters.parks;
    for round in 1..=20 {
        for (row, _) in &waiters {
            eventually("it sleeps", || parks(*row) >= round);
        }
        setter.set(1).unwrap();
    }
    for (_, waiting) in waiters {
        assert_eq!(waiting.join().unwrap(), 20);
    }
}

#[test]
fn waits_end_at_their_deadlines() {
    let (_channel, mut one, _) = handles();
    for strategy in [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park] {
        one.set_strategy(strategy);
        let short = Duration::from_millis(2);
        assert_eq!(one.wait_timeout(short), Err(EventTimeoutError::Timeout), "{strategy:?}");
        assert_eq!(one.wait_deadline(std::time::Instant::now()), Err(EventTimeoutError::Timeout));
        one.set(1).unwrap();
        assert_eq!(one.wait_timeout(short).unwrap().count, 1, "{strategy:?}");
    }
}

#[test]
fn a_closed_event_ends_waits_behind_what_was_set() {
    let _watchdog = Watchdog::new();
    let (channel, mut one, mut other) = handles();
    let mut third = channel.event().unwrap();
    let waiting = std::thread::spawn(move || third.wait_any(0b10));
    one.set(1).unwrap();
    channel.close();
    assert_eq!(waiting.join().unwrap(), Err(EventError::Disconnected));
    assert_eq!(one.set(1), Err(EventError::Disconnected));
    assert_eq!(other.wait().unwrap().count, 1, "what was set comes first");
    assert_eq!(other.wait(), Err(EventError::Disconnected));
    assert_eq!(other.try_wait(), Err(TryEventError::Disconnected));
    assert_eq!(other.wait_any(1).unwrap().bits, 1, "it stays set");
    assert_eq!(other.clear(1), Err(EventError::Disconnected));
    assert!(matches!(channel.event(), Err(JoinError::Closed { .. })));
}

#[test]
fn an_event_goes_by_its_name() {
    let scratch = Scratch::new();
    let name = scratch.name("ready");
    let channel = Options::new().create(&name).unwrap();
    channel.event().unwrap().set(0x8000_0001).unwrap();
    let opened = any::open(&name).unwrap();
    assert_eq!(opened.kind(), Kind::Event);
    assert!(matches!(opened.receiver(), Err(JoinError::NoMessages { .. })));
    assert_eq!(opened.to_event().unwrap().event().unwrap().wait().unwrap().bits, 0x8000_0001);
    let event = inspect(&name).unwrap().event.unwrap();
    assert_eq!((event.bits, event.count), (0x8000_0001, 1));
    assert_eq!(channel.info().event, Some(event), "from inside as from outside");
    assert!(matches!(memlane::semaphore::open(&name), Err(OpenError::WrongKind { .. })));
}

#[test]
fn a_forked_child_sets_nothing() {
    let (channel, mut one, _) = handles();
    one.set(1).unwrap();
    child::join(child::fork(|| {
        assert_eq!(one.set(2), Err(EventError::Forked));
        assert_eq!(one.clear(1), Err(EventError::Forked));
        assert_eq!(one.wait(), Err(EventError::Forked));
    }));
    assert_eq!(channel.info().event.unwrap().bits, 1);
}

/// Setters that are killed anywhere leave an event that others go on with, and a waiter that sleeps.
#[test]
fn a_killed_setter_takes_nothing_back_and_a_killed_waiter_takes_nothing_away() {
    let scratch = Scratch::new();
    let name = scratch.name("ready");
    let channel = Options::new().create(&name).unwrap();
    let mut own = channel.event().unwrap();
    let mut seen = 0u64;
    for _ in 0..5 {
        let mut waiter = Child::start("counts", &[&name, "1000000000", "asleep"]);
        let mut setter = Child::start("sets until it is killed", &[&name]);
        waiter.expect("joined");
        setter.expect("joined");
        seen += own.wait_timeout(PATIENCE).unwrap().count;
        waiter.kill();
        setter.kill();
        seen += own.try_wait().map_or(0, |fired| fired.count);
        assert_eq!((own.bits(), u64::from(channel.info().event.unwrap().count)), (3, seen));
        assert_eq!(own.clear(3), Ok(true), "nobody sets any more");
    }
}

/// Four processes set, each a bit of its own; four wait, half of them asleep: each sees every set.
///
/// `MEMLANE_EVENTS` says how many.
#[test]
fn every_count_arrives_from_four_setters_at_four_waiters() {
    let events: u64 = std::env::var("MEMLANE_EVENTS").map_or(40_000, |events| events.parse().expect("a number"));
    let scratch = Scratch::new();
    let name = scratch.name("ready");
    let channel = Options::new().create(&name).unwrap();
    let start = |part: &str, arguments: &[&str]| {
        let child = Child::start(part, &[&[name.as_str()], arguments].concat());
        child.expect("joined");
        child
    };
    let each = (events / 4).to_string();
    let all = (events / 4 * 4).to_string();
    let mut waiters: Vec<_> =
        ["asleep", "awake", "asleep", "awake"].iter().map(|how| start("counts", &[&all, how])).collect();
    let mut setters: Vec<_> = ["0", "1", "2", "3"].iter().map(|bit| start("sets", &[bit, &each])).collect();
    setters.iter_mut().for_each(|setter| setter.say("go"));
    setters.iter_mut().for_each(|setter| drop(setter.finish()));
    for waiter in &mut waiters {
        assert_eq!(waiter.finish(), [all.as_str()]);
    }
    let info = channel.info().event.unwrap();
    assert_eq!((info.bits, info.count.to_string()), (0b1111, all));
    eprintln!("{events} events");
}
