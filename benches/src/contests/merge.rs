//! The table of a job divided among three processes: merging two sorted streams.

use crate::contest::{Family, Target, Work};
use crate::peer::Shape;
use crate::peers::memlane_spsc::Spsc;
use crate::shapes::{PASS, merge, merge_alone};
use memlane::Strategy;

/// Two producers and a merger against one thread that does all of it. There are three of them on two cores; even so they
/// are compared by the clock, as what is asked is whether dividing a job costs more than it brings.
pub fn families() -> Vec<Family> {
    let peer = Spsc::copying(Strategy::Adaptive);
    let of = |batch| Shape { room: 1 << 20, batch };
    vec![Family {
        title: "Merging two sorted streams of 16-byte keys, by the clock".to_owned(),
        work: Work::Job { item: "key", unit: PASS },
        position: None,
        contests: vec![
            merge_alone(),
            merge(peer, of(1), Some(Target::MERGE)),
            merge(peer, of(16), None),
            merge(peer, of(64), Some(Target::MERGE_IN_BATCHES)),
        ],
    }]
}
