//! The tables of message sizes and of ring sizes: what a message of each size costs, and whether a larger ring costs more.

use super::limits;
use crate::contest::{Family, Plot, Position, Work};
use crate::peer::Shape;
use crate::peers::memlane::Spsc;
use crate::shapes::one_way;
use crate::units::binary;
use memlane::Strategy;

/// The ring for small messages; larger ones need a larger one, of four messages.
const RING: usize = 1 << 20;

/// Ring sizes, in bytes.
const RINGS: [usize; 6] = [64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20];

/// Messages of 8 bytes to 8 MiB, against what one core can copy from memory to memory.
pub fn messages() -> Vec<Family> {
    vec![
        size::<8>(false),
        size::<64>(true),
        size::<256>(true),
        size::<1024>(true),
        size::<4096>(true),
        size::<{ 64 << 10 }>(true),
        size::<{ 1 << 20 }>(false),
        size::<{ 8 << 20 }>(false),
    ]
}

/// Messages of this size; `streams` where the bare ring, which has whole lines on the stack, says something about them.
fn size<const N: usize>(streams: bool) -> Family {
    let room = RING.max(4 * N);
    let shape = Shape { room, batch: 1 };
    let mut contests = vec![
        limits::copy::<N>(),
        one_way::<N, _>(Spsc::copying(Strategy::Adaptive), shape, None).of_table("sized"),
        one_way::<N, _>(Spsc::in_place(Strategy::Adaptive), shape, None).of_table("sized"),
    ];
    contests.extend(streams.then(|| limits::stream::<N>(room).of_table("sized")));
    Family {
        title: format!("Messages of {}, ring of {}", binary(N), binary(room)),
        work: Work::Messages { bytes: N },
        position: Some(Position { plot: Plot::MessageSizes, at: N }),
        contests,
    }
}

/// Messages of 1 KiB through rings of all sizes.
pub fn rings() -> Vec<Family> {
    const BYTES: usize = 1024;
    let family = |room| {
        let of = |batch| Shape { room, batch };
        let contests = [
            limits::stream::<BYTES>(room),
            one_way::<BYTES, _>(Spsc::copying(Strategy::Adaptive), of(1), None),
            one_way::<BYTES, _>(Spsc::in_place(Strategy::Adaptive), of(1), None),
            one_way::<BYTES, _>(Spsc::copying(Strategy::Adaptive), of(16), None),
        ];
        Family {
            title: format!("A ring of {}, messages of {}", binary(room), binary(BYTES)),
            work: Work::Messages { bytes: BYTES },
            position: Some(Position { plot: Plot::RingSizes, at: room }),
            contests: contests.map(|contest| contest.of_table("ring")).into(),
        }
    };
    RINGS.into_iter().map(family).collect()
}
