//! What is done with a peer's ends: the same code for all peers. A function here makes a contest of a peer.

mod alone;
mod beside_onlookers;
mod call;
mod many;
mod merge;
mod one_way;
mod pace;
mod paced;
mod round_trip;

pub use alone::alone;
pub use beside_onlookers::beside_onlookers;
pub use call::call;
pub use many::{many, many_threads};
pub use merge::{PASS, merge, merge_alone};
pub use one_way::{one_way, one_way_threads};
pub use paced::{Timetable, paced, paced_threads};
#[cfg(feature = "c")]
pub use round_trip::ROOM;
pub use round_trip::{round_trip, timed_round_trip};
