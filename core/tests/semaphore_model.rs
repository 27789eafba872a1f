//! Random sequences of calls against numbers that are obviously right: a semaphore, and an event, of every place.

mod support;

use memlane::semaphore::{Options, Permit, Semaphore};
use memlane::{AcquireError, Backend, TryAcquireError, event};
use proptest::prelude::*;
use std::time::Duration;
use support::Scratch;
use support::stage::{Place, trust};

/// How many handles there are.
const HANDLES: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Acquire(usize, u32),
    Release(usize),
    Forget(usize),
    Add(usize, u32),
    Rejoin(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = || 0..HANDLES;
    let step = prop_oneof![
        6 => (one(), prop_oneof![4 => Just(1u32), 2 => 0u32..4, 1 => 4u32..12]).prop_map(|(one, count)| Step::Acquire(one, count)),
        4 => any::<usize>().prop_map(Step::Release),
        2 => any::<usize>().prop_map(Step::Forget),
        2 => (one(), 0u32..4).prop_map(|(one, count)| Step::Add(one, count)),
        1 => one().prop_map(Step::Rejoin),
    ];
    proptest::collection::vec(step, 1..120)
}

fn places() -> impl Strategy<Value = Place> {
    prop_oneof![2 => Just(Place::Private), 1 => Just(Place::Named), 1 => Just(Place::Anonymous)]
}

fn backends() -> impl Strategy<Value = Backend> {
    prop_oneof![Just(Backend::Futex), Just(Backend::Semaphore)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_semaphore_is_a_number(
        place in places(),
        backend in backends(),
        permits in 0u32..8,
        max_held in 1u32..8,
        steps in steps(),
    ) {
        let options = Options::new().permits(permits as usize).max_held(max_held as usize).backend(backend);
        let options = if place == Place::Private { options } else { options.trust_peers(trust()) };
        let scratch = Scratch::new();
        let channel = match place {
            Place::Named => options.create(&scratch.name("licences")).unwrap(),
            Place::Anonymous => options.anonymous().unwrap(),
            Place::Private => options.private().unwrap(),
        };
        let mut handles: Vec<Semaphore> = (0..HANDLES).map(|_| channel.semaphore().unwrap()).collect();
        let (mut free, mut held): (u32, Vec<Permit>) = (permits, Vec::new());
        for step in steps {
            let in_hands = |held: &[Permit]| held.iter().map(|permit| permit.count() as u32).sum::<u32>();
            match step {
                Step::Acquire(one, count) => {
                    let is_there = count <= free && in_hands(&held) + count <= max_held;
                    match handles[one].try_acquire_many(count) {
                        Ok(permit) => {
                            assert!(is_there && permit.count() == count as usize, "{count} of {free}");
                            free -= count;
                            held.push(permit);
                        }
                        Err(TryAcquireError::TooMany { wanted, max }) => {
                            assert!(count > max_held && (wanted, max) == (count.into(), max_held.into()));
                        }
                        Err(error) => assert!(error == TryAcquireError::NoPermits && !is_there && count <= max_held, "{count} of {free}"),
                    }
                }
                Step::Release(which) if !held.is_empty() => {
                    let permit = held.swap_remove(which % held.len());
                    free += permit.count() as u32;
                    permit.release().unwrap();
                }
                Step::Forget(which) if !held.is_empty() => held.swap_remove(which % held.len()).forget().unwrap(),
                Step::Release(_) | Step::Forget(_) => {}
                Step::Add(one, count) => {
                    handles[one].add_permits(count).unwrap();
                    free += count;
                }
                Step::Rejoin(one) => {
                    handles.remove(one);
                    handles.push(channel.semaphore().unwrap());
                }
            }
            assert!(handles.iter().all(|handle| handle.available() == free.into()));
            let info = channel.info().semaphore.unwrap();
            assert_eq!((info.available, info.held), (free.into(), in_hands(&held).into()));
        }
        drop(held);
        channel.close();
        assert_eq!(handles[0].acquire().map(drop), Err(AcquireError::Disconnected));
    }

    #[test]
    fn an_event_is_bits_and_a_count(
        place in places(),
        backend in backends(),
        steps in proptest::collection::vec((0..HANDLES, 0u8..6, 0u32..16), 1..120),
    ) {
        let options = event::Options::new().backend(backend);
        let options = if place == Place::Private { options } else { options.trust_peers(trust()) };
        let scratch = Scratch::new();
        let channel = match place {
            Place::Named => options.create(&scratch.name("ready")).unwrap(),
            Place::Anonymous => options.anonymous().unwrap(),
            Place::Private => options.private().unwrap(),
        };
        let mut handles: Vec<_> = (0..HANDLES).map(|_| (channel.event().unwrap(), 0u64)).collect();
        let (mut bits, mut count) = (0u32, 0u64);
        for (one, what, mask) in steps {
            let (event, seen) = &mut handles[one];
            let zero = Duration::ZERO;
            let (is_over, found) = match what {
                0 => {
                    bits |= mask;
                    count += 1;
                    assert_eq!(event.set(mask), Ok(bits));
                    continue;
                }
                1 => {
                    assert_eq!(event.clear(mask), Ok(*seen == count));
                    bits &= if *seen == count { !mask } else { u32::MAX };
                    continue;
                }
                2 => (*seen != count, event.try_wait().ok()),
                3 => (*seen != count, event.wait_timeout(zero).ok()),
                4 => (bits & mask != 0, event.wait_any_timeout(mask, zero).ok()),
                _ => (bits & mask == mask, event.wait_all_timeout(mask, zero).ok()),
            };
            assert_eq!(found.map(|fired| (fired.bits, fired.count)), is_over.then_some((bits, count - *seen)));
            if is_over {
                *seen = count;
            }
            assert!(handles.iter().all(|(event, seen)| event.bits() == bits && event.has_fired() == (*seen != count)));
            let info = channel.info().event.unwrap();
            assert_eq!((info.bits, u64::from(info.count)), (bits, count));
        }
    }
}
