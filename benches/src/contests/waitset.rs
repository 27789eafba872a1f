//! The table of `WaitSet`: one thread waits for a hundred channels, next to `epoll` over as many sockets.

use crate::contest::{Family, Work};
use crate::peers::hundred::Hundred;
use crate::shapes::round_trip;
use memlane::Strategy;

/// Round trips, each through another one of the hundred channels of its direction; both ends wait for all of theirs.
pub fn families() -> Vec<Family> {
    let peers = [Hundred::Epoll, Hundred::Set(Strategy::Park), Hundred::Set(Strategy::Adaptive)];
    vec![Family {
        title: "WaitSet: round trips of 8 bytes, a hundred channels waited for at each end".to_owned(),
        work: Work::RoundTrips,
        position: None,
        contests: peers.map(|peer| round_trip::<8, _>(peer, None)).into(),
    }]
}
