//! The tables of the two engines that are closest to memlane: shaq, whose messages stay where they are, and ringfire, whose slots
//! are lines. Theirs is the first row, which memlane's rows are compared with.

use crate::contest::{Contest, Family, Target, Work};
use crate::peer::{Shape, Waiting};
use crate::peers::memlane::Spsc;
use crate::peers::ringfire::{Lines, Ringfire};
use crate::peers::shaq::Shaq;
use crate::shapes::{one_way, round_trip};
use crate::units::binary;
use memlane::Strategy;

/// Everything that is measured next to shaq and ringfire.
pub fn families() -> Vec<Family> {
    vec![
        short_round_trips(),
        short_messages(1, Target::BESIDE_RINGFIRE),
        short_messages(64, Target::BESIDE_RINGFIRE_IN_BATCHES),
        long_round_trips(),
        handed_over::<1024>(1 << 20, None),
        handed_over::<{ 64 << 10 }>(1 << 20, Some(Target::HANDED_OVER)),
        handed_over::<{ 1 << 20 }>(8 << 20, Some(Target::HANDED_OVER)),
    ]
}

/// Of less than a line, of a line, and of almost two, against a line. ringfire's slots start at lines; so do memlane's records where
/// a program asks for that, for which the targets are.
fn short_round_trips() -> Family {
    let spin = Spsc::copying(Strategy::Spin);
    let (lines, pairs) = (spin.aligned(64), spin.aligned(128));
    family(
        "Next to ringfire's 64 bytes: round trips".to_owned(),
        Work::RoundTrips,
        vec![
            round_trip::<64, _>(Ringfire::<Lines<64>>::new(), None),
            round_trip::<48, _>(spin, None),
            round_trip::<48, _>(lines, Some(Target::TRIP_OF_48_BYTES)),
            round_trip::<64, _>(spin, None),
            round_trip::<64, _>(pairs, Some(Target::TRIP_OF_64_BYTES)),
            round_trip::<120, _>(spin, None),
            round_trip::<120, _>(pairs, Some(Target::TRIP_OF_120_BYTES)),
        ],
    )
}

/// Of 8 bytes, one way.
fn short_messages(batch: usize, target: Target) -> Family {
    let shape = Shape { room: 64 << 10, batch };
    let pace = if batch == 1 { "one by one".to_owned() } else { format!("in batches of {batch}") };
    family(
        format!("Next to ringfire: one way, 8 bytes, {pace}"),
        Work::Messages { bytes: 8 },
        vec![
            one_way::<8, _>(Ringfire::<[u8; 8]>::new(), shape, None),
            one_way::<8, _>(Spsc::copying(Strategy::Adaptive), shape, Some(target)),
        ],
    )
}

/// Of 1 KiB.
fn long_round_trips() -> Family {
    family(
        "Next to shaq: round trips of 1 KiB".to_owned(),
        Work::RoundTrips,
        vec![
            round_trip::<1024, _>(Shaq(Waiting::Spinning), None),
            round_trip::<1024, _>(Spsc::copying(Strategy::Spin), Some(Target::LONG_TRIP)),
            round_trip::<1024, _>(Spsc::in_place(Strategy::Spin), Some(Target::LONG_TRIP)),
        ],
    )
}

/// Messages of this size: every byte is written by the sender and read by the receiver.
fn handed_over<const N: usize>(room: usize, target: Option<Target>) -> Family {
    let shape = Shape { room, batch: 1 };
    family(
        format!("Next to shaq: handing {} over", binary(N)),
        Work::Messages { bytes: N },
        vec![
            one_way::<N, _>(Shaq(Waiting::Spinning), shape, None),
            one_way::<N, _>(Spsc::copying(Strategy::Adaptive), shape, None),
            one_way::<N, _>(Spsc::in_place(Strategy::Adaptive), shape, target),
        ],
    )
}

/// Other tables have the same contests.
fn family(title: String, work: Work, contests: Vec<Contest>) -> Family {
    let contests = contests.into_iter().map(|contest| contest.of_table("engines")).collect();
    Family { title, work, position: None, contests }
}
