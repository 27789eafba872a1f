//! What every sender and receiver has besides its port.
//!
//! ```text
//! Seated    takes part: its counters, wake-ups, slices and the dead
//!   ├─ Tenancy   the seat, shared with what outlives the handle; poison
//!   └─ Outlook   looks on: the fork mark, news, the status, the peers' rows, the file
//! ```
//!
//! - `outlook`: what a handle sees of its channel. It writes nothing there, and knows no seat.
//! - `tenancy`: a seat, and how its last owner leaves it.
//! - `seated`: what a handle that has a seat does about it.
//! - `trouble`: what keeps a handle from going on.

mod outlook;
mod seated;
mod tenancy;
mod trouble;

pub(crate) use self::{
    outlook::Outlook,
    seated::{Seated, Since},
    tenancy::Tenancy,
    trouble::Trouble,
};
