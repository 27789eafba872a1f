//! What the others do while somebody stands still: `queue`, where messages stand in slots; `lane`, at the other end of a lane;
//! `reaped`, where the one that stands still reaps a dead one. `task` is what they are told, `look` a look from outside.

pub mod lane;
mod look;
pub mod queue;
pub mod reaped;
mod task;

pub use look::{check_seat, check_wait_in_vain, look};
pub use task::{BEGUN_WITH, OTHERS, PATIENCE, Task};
