//! The table of a job divided among three processes: merging two sorted streams.

use crate::contest::{Family, Target, Work};
use crate::peer::{Shape, Waiting};
use crate::peers::memlane::Spsc;
use crate::peers::pipe::Pipe;
use crate::peers::unix_stream::UnixStreams;
use crate::shapes::{PASS, merge, merge_alone};
use memlane::Strategy;

/// A ring that is full after a part of a millisecond, while the other producer waits for the core.
const SMALL: usize = 1 << 20;
/// One that holds whatever a producer makes in its turn on the core. Such a job would be given this one.
const LARGE: usize = 16 << 20;

/// Two producers and a merger against one thread that does all of it. There are three of them on two cores; even so they
/// are compared by the clock, as what is asked is whether dividing a job costs more than it brings.
pub fn families() -> Vec<Family> {
    let peer = Spsc::copying(Strategy::Adaptive);
    vec![Family {
        title: "Merging two sorted streams of 16-byte keys, by the clock".to_owned(),
        work: Work::Job { item: "key", unit: PASS },
        position: None,
        contests: vec![
            merge_alone(),
            merge(peer, Shape { room: SMALL, batch: 1 }, None),
            merge(peer, Shape { room: SMALL, batch: 64 }, None),
            merge(peer, Shape { room: LARGE, batch: 1 }, None),
            merge(peer, Shape { room: LARGE, batch: 16 }, None),
            merge(peer, Shape { room: LARGE, batch: 64 }, Some(Target::MERGE_IN_BATCHES)),
            // As large as the kernel allows.
            merge(Pipe(Waiting::Asleep), Shape { room: SMALL, batch: 1 }, None),
            merge(UnixStreams(Waiting::Asleep), Shape { room: SMALL, batch: 1 }, None),
        ],
    }]
}
