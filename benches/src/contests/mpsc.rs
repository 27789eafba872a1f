//! The table of `mpsc`.

use crate::contest::{Crew, Family, Work};
use crate::peer::Shape;
use crate::peers::array_queue::Crossbeam;
use crate::peers::memlane::{Mpmc, Mpsc};
use crate::shapes::{many, many_threads};
use memlane::Strategy;

/// Two senders and one receiver, by lanes and by a queue.
pub fn families() -> Vec<Family> {
    let of = |batch| Shape { room: 48 * 1024, batch };
    let crew = Crew { receivers: 1, senders: 2 };
    let (lanes, queue) = (Mpsc::copying(Strategy::Adaptive), Mpmc::copying(Strategy::Adaptive));
    vec![Family {
        title: "mpsc, 48 bytes, 2 to 1".to_owned(),
        work: Work::Messages { bytes: 48 },
        position: None,
        contests: vec![
            many_threads::<48, _>(Crossbeam, of(1), crew, None),
            many::<48, _>(queue, of(1), crew, None),
            many::<48, _>(lanes, of(1), crew, None),
            many::<48, _>(lanes, of(16), crew, None),
        ],
    }]
}
