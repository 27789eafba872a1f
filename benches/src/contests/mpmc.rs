//! The tables of `mpmc`.

use crate::contest::{Crew, Family, Plot, Position, Target, Work};
use crate::peer::Shape;
use crate::peers::array_queue::Crossbeam;
use crate::peers::memlane::Mpmc;
use crate::shapes::{many, many_threads, one_way, one_way_threads};
use memlane::Strategy;

/// Everything that is measured about `mpmc`: messages of 48 bytes, which fill a line with what stands in front of them.
pub fn families() -> Vec<Family> {
    let queue = Mpmc::copying(Strategy::Adaptive);
    let mut families = Vec::new();
    for slots in [1024, 16_384] {
        let of = |batch| Shape { room: 48 * slots, batch };
        let single = Some(Target::QUEUE);
        // Of those that the caches hold.
        let batch = (slots == 1024).then_some(Target::QUEUE_IN_BATCHES);
        for each in [1, 2, 4] {
            let crew = Crew::sharing(each, each);
            let contests = match each {
                1 => vec![
                    one_way_threads::<48, _>(Crossbeam, of(1), None),
                    one_way::<48, _>(queue, of(1), single),
                    one_way_threads::<48, _>(queue, of(1), single),
                    one_way::<48, _>(queue, of(16), batch),
                    one_way_threads::<48, _>(queue, of(16), batch),
                    one_way::<48, _>(Mpmc::in_place(Strategy::Adaptive), of(1), None),
                ],
                _ => vec![
                    many_threads::<48, _>(Crossbeam, of(1), crew, None),
                    many::<48, _>(queue, of(1), crew, single),
                    many_threads::<48, _>(queue, of(1), crew, single),
                    many::<48, _>(queue, of(16), crew, batch),
                    many_threads::<48, _>(queue, of(16), crew, batch),
                ],
            };
            families.push(Family {
                title: format!("mpmc, 48 bytes, {slots} slots, {each} to {each}"),
                work: Work::Messages { bytes: 48 },
                position: Some(Position { plot: Plot::Participants { slots }, at: each }),
                contests,
            });
        }
    }
    families
}
