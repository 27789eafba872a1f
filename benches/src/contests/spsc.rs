//! The tables of `spsc`.

use super::limits;
use crate::contest::{Family, Target, Timing, Work};
use crate::peer::Shape;
use crate::peers::memlane::Spsc;
use crate::peers::rpc::Rpc;
use crate::peers::rtrb::Rtrb;
use crate::shapes::{call, one_way, one_way_threads, round_trip};
use memlane::Strategy;

/// Ring sizes, in bytes, the same for all contestants.
const RINGS: [usize; 2] = [64 << 10, 1 << 20];

/// Everything that is measured about `spsc`.
pub fn families() -> Vec<Family> {
    let (spin, adaptive) = (Spsc::copying(Strategy::Spin), Spsc::copying(Strategy::Adaptive));
    let mut families = vec![
        Family {
            title: "Round trips, both ends awake".to_owned(),
            work: Work::RoundTrips,
            position: None,
            contests: vec![
                limits::two_lines(Timing::Blocks),
                limits::one_line(),
                // The loads and stores of a log of messages, and nothing else.
                limits::bare_log::<8>(),
                round_trip::<8, _>(spin, Some(Target::ROUND_TRIP)),
                round_trip::<8, _>(adaptive, Some(Target::ROUND_TRIP)),
                call::<8, _>(Rpc(Strategy::Spin), Some(Target::CALL)),
                call::<8, _>(Rpc(Strategy::Adaptive), Some(Target::CALL)),
                // The same for messages that fill a line.
                limits::bare_log::<56>(),
                round_trip::<56, _>(spin, Some(Target::ROUND_TRIP_OF_A_LINE)),
                round_trip::<56, _>(adaptive, Some(Target::ROUND_TRIP_OF_A_LINE)),
                round_trip::<56, _>(spin.aligned(64), Some(Target::ROUND_TRIP_OF_A_LINE)),
            ],
        },
        Family {
            title: "Round trips, both ends asleep".to_owned(),
            work: Work::RoundTrips,
            position: None,
            contests: vec![limits::futexes(Timing::Blocks), round_trip::<8, _>(Spsc::copying(Strategy::Park), None)],
        },
    ];
    for room in RINGS {
        let of = |batch| Shape { room, batch };
        families.push(Family {
            contests: vec![
                one_way_threads::<8, _>(Rtrb, of(1), None),
                one_way::<8, _>(adaptive, of(1), Some(Target::SMALL_MESSAGES)),
                one_way_threads::<8, _>(adaptive, of(1), Some(Target::SMALL_MESSAGES)),
            ],
            ..messages::<8>(room)
        });
        families.push(Family {
            title: format!("Batches of messages of 8 bytes, ring of {} KiB", room >> 10),
            contests: vec![
                one_way::<8, _>(adaptive, of(1), None).of_table("batches"),
                one_way::<8, _>(adaptive, of(16), Some(Target::BATCHES_OF_16)),
                one_way::<8, _>(adaptive, of(64), Some(Target::BATCHES_OF_64)),
            ],
            ..messages::<8>(room)
        });
        families.push(Family {
            contests: vec![
                limits::stream::<56>(room),
                one_way_threads::<56, _>(Rtrb, of(1), None),
                one_way::<56, _>(adaptive, of(1), Some(Target::STREAM_OF_LINES)),
                one_way::<56, _>(adaptive, of(64), Some(Target::STREAM_OF_LINES)),
            ],
            ..messages::<56>(room)
        });
        families.push(Family {
            contests: vec![
                limits::stream::<1024>(room),
                one_way_threads::<1024, _>(Rtrb, of(1), None),
                one_way::<1024, _>(adaptive, of(1), Some(Target::STREAM)),
                one_way::<1024, _>(Spsc::in_place(Strategy::Adaptive), of(1), None),
                one_way::<1024, _>(adaptive, of(16), None),
            ],
            ..messages::<1024>(room)
        });
    }
    families
}

fn messages<const N: usize>(room: usize) -> Family {
    Family {
        title: format!("One way, {N} bytes, ring of {} KiB", room >> 10),
        work: Work::Messages { bytes: N },
        position: None,
        contests: Vec::new(),
    }
}
