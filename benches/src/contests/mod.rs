//! The tables: one function a channel kind, one row a contestant. A new peer is one file here and its rows.

mod array_queue;
mod limits;
mod memlane_mpmc;
mod memlane_spsc;
mod rtrb;
mod sums;

use crate::contest::{Contest, Family, Target, Work};
use memlane::Strategy;
use memlane_spsc::Pace;

/// Ring sizes, in bytes, the same for all contestants.
const RINGS: [usize; 2] = [64 << 10, 1 << 20];

/// What runs around each group to tell which cores the hypervisor gave us.
pub fn placement() -> Contest {
    Contest { id: "placement".to_owned(), ..limits::two_lines() }
}

/// Everything that is measured about `spsc`.
pub fn spsc() -> Vec<Family> {
    let mut families = vec![
        Family {
            title: "Round trips, both ends awake".to_owned(),
            work: Work::RoundTrips,
            contests: vec![
                limits::two_lines(),
                limits::one_line(),
                memlane_spsc::round_trip::<8>(Strategy::Spin, Some(Target::ROUND_TRIP)),
                memlane_spsc::round_trip::<8>(Strategy::Adaptive, Some(Target::ROUND_TRIP)),
                // What a message that fills a line takes at least.
                limits::fresh_lines(),
                memlane_spsc::round_trip::<56>(Strategy::Spin, Some(Target::ROUND_TRIP)),
                memlane_spsc::round_trip::<56>(Strategy::Adaptive, Some(Target::ROUND_TRIP)),
            ],
        },
        Family {
            title: "Round trips, both ends asleep".to_owned(),
            work: Work::RoundTrips,
            contests: vec![limits::futexes(), memlane_spsc::round_trip::<8>(Strategy::Park, None)],
        },
    ];
    for ring in RINGS {
        families.push(Family {
            contests: vec![
                rtrb::one_by_one::<1>(ring),
                memlane_spsc::one_way::<8>(false, Pace::OneByOne, ring, Some(Target::SMALL_MESSAGES)),
                memlane_spsc::one_way::<8>(true, Pace::OneByOne, ring, Some(Target::SMALL_MESSAGES)),
                memlane_spsc::one_way::<8>(false, Pace::Batches(16), ring, None),
                memlane_spsc::one_way::<8>(false, Pace::Batches(64), ring, None),
            ],
            ..one_way::<8>(ring)
        });
        families.push(Family {
            contests: vec![
                limits::stream::<56>(ring),
                rtrb::one_by_one::<7>(ring),
                memlane_spsc::one_way::<56>(false, Pace::OneByOne, ring, None),
                memlane_spsc::one_way::<56>(false, Pace::Batches(64), ring, None),
            ],
            ..one_way::<56>(ring)
        });
        families.push(Family {
            contests: vec![
                limits::stream::<1024>(ring),
                rtrb::one_by_one::<128>(ring),
                memlane_spsc::one_way::<1024>(false, Pace::OneByOne, ring, None),
                memlane_spsc::one_way::<1024>(false, Pace::Batches(16), ring, None),
            ],
            ..one_way::<1024>(ring)
        });
    }
    families
}

/// Everything that is measured about `mpmc`: messages of 48 bytes, which fill a line with what stands in front of them.
pub fn mpmc() -> Vec<Family> {
    let mut families = Vec::new();
    for slots in [1024, 16_384] {
        for each in [1, 2] {
            families.push(Family {
                title: format!("mpmc, 48 bytes, {slots} slots, {each} to {each}"),
                work: Work::Messages { bytes: 48 },
                contests: vec![
                    array_queue::one_way::<6>(slots, each),
                    memlane_mpmc::one_way(false, slots, each, 1, Some(Target::QUEUE)),
                    memlane_mpmc::one_way(true, slots, each, 1, Some(Target::QUEUE)),
                    memlane_mpmc::one_way(false, slots, each, 16, Some(Target::QUEUE_IN_BATCHES)),
                    memlane_mpmc::one_way(true, slots, each, 16, Some(Target::QUEUE_IN_BATCHES)),
                ],
            });
        }
    }
    families
}

/// Every contest, of all kinds.
pub fn all() -> Vec<Contest> {
    spsc().into_iter().chain(mpmc()).flat_map(|family| family.contests).collect()
}

fn one_way<const N: usize>(ring: usize) -> Family {
    Family {
        title: format!("One way, {N} bytes, ring of {} KiB", ring >> 10),
        work: Work::Messages { bytes: N },
        contests: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::Crew;
    use std::collections::HashSet;

    #[test]
    fn every_contest_has_a_name_of_its_own_and_every_family_a_baseline() {
        let families: Vec<_> = spsc().into_iter().chain(mpmc()).collect();
        let mut ids = HashSet::new();
        for family in &families {
            assert!(family.contests.len() > 1, "{}", family.title);
            assert!(family.contests.iter().all(|contest| ids.insert(contest.id.clone())), "{}", family.title);
        }
    }

    #[test]
    fn what_stands_in_one_table_has_as_many_participants() {
        for family in spsc().into_iter().chain(mpmc()) {
            assert!(family.contests.iter().all(|contest| contest.busy() == family.busy()), "{}", family.title);
            assert_eq!(family.oversubscribed(), family.title.ends_with("2 to 2"), "{}", family.title);
        }
    }

    #[test]
    fn a_crew_shares_all_of_the_work() {
        for crew in [Crew { receivers: 2, senders: 2 }, Crew { receivers: 3, senders: 1 }] {
            let parts = |sends: bool| -> u64 {
                let seats = (0..crew.size()).filter(|&seat| crew.sender(seat).is_some() == sends);
                seats.map(|seat| crew.part(seat, 100 * crew.share())).sum()
            };
            assert_eq!((parts(true), parts(false)), (100 * crew.share(), 100 * crew.share()));
        }
    }
}
