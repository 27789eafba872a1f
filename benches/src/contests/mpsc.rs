//! The tables of `mpsc`.

use crate::contest::{Crew, Family, Target, Work};
use crate::peer::Shape;
use crate::peers::array_queue::Crossbeam;
use crate::peers::crossbeam_channel::CrossbeamChannel;
use crate::peers::memlane::{Mpmc, Mpsc, Spsc};
use crate::peers::spsc_each::SpscEach;
use crate::peers::std_mpsc::StdMpsc;
use crate::peers::unix_datagram::UnixDatagrams;
use crate::shapes::{many, many_threads, one_way, one_way_threads};
use memlane::Strategy;

/// What lanes cost beside the one lane of `spsc`, and beside a channel of its own for each of four senders; and two senders, by lanes
/// and by a queue.
pub fn families() -> Vec<Family> {
    let of = |batch| Shape { room: 48 * 1024, batch };
    let (lane, lanes, queue) =
        (Spsc::copying(Strategy::Adaptive), Mpsc::copying(Strategy::Adaptive), Mpmc::copying(Strategy::Adaptive));
    let crew = |senders| Crew::sharing(senders, 1);
    let family = |title: &str, contests| Family {
        title: format!("mpsc, 48 bytes, {title}"),
        work: Work::Messages { bytes: 48 },
        position: None,
        contests,
    };
    vec![
        family(
            "1 to 1",
            vec![
                one_way::<48, _>(lane, of(1), None).of_table("mpsc"),
                one_way::<48, _>(lanes, of(1), Some(Target::LANES)),
                one_way_threads::<48, _>(lanes, of(1), None),
                one_way_threads::<48, _>(CrossbeamChannel, of(1), None).of_table("mpsc"),
                one_way_threads::<48, _>(StdMpsc, of(1), None),
                one_way::<48, _>(UnixDatagrams, of(1), None),
            ],
        ),
        family(
            "4 to 1",
            vec![
                many::<48, _>(SpscEach(4), of(1), crew(4), None),
                many::<48, _>(lanes, of(1), crew(4), Some(Target::LANES)),
                many_threads::<48, _>(lanes, of(1), crew(4), None),
                many_threads::<48, _>(CrossbeamChannel, of(1), crew(4), None),
                many_threads::<48, _>(StdMpsc, of(1), crew(4), None),
                many::<48, _>(UnixDatagrams, of(1), crew(4), None),
            ],
        ),
        family(
            "2 to 1",
            vec![
                many_threads::<48, _>(Crossbeam, of(1), crew(2), None),
                many::<48, _>(queue, of(1), crew(2), None),
                many::<48, _>(lanes, of(1), crew(2), None),
                many::<48, _>(lanes, of(16), crew(2), None),
            ],
        ),
    ]
}
