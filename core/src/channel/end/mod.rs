//! What every sender and receiver has besides its port, or its reader.
//!
//! ```text
//! Seated    takes part: its counters, wake-ups, slices and the dead
//!   ├─ Tenancy   the seat, shared with what outlives the handle; poison
//!   └─ Outlook   looks on: the fork mark, news, the status, the peers' rows, the file
//!
//! Onlooker  reads without a seat: waits without being woken
//!   └─ Outlook
//! ```
//!
//! - `outlook`: what a handle sees of its channel. It writes nothing there, and knows no seat.
//! - `over`: why nothing more comes. `onlooker`: what a handle that has no seat does besides reading.
//! - `interrupter`: ending its calls that wait, from outside.
//! - `tenancy`: a seat, and how its last owner leaves it.
//! - `seated`: what a handle that has a seat does about it.
//! - `succession`: handing a seat over to a successor, and taking it over.
//! - `trouble`: what keeps a handle from going on.

mod interrupter;
mod onlooker;
mod outlook;
mod over;
mod seated;
mod succession;
mod tenancy;
mod trouble;

pub use self::interrupter::Interrupter;
pub(crate) use self::{
    onlooker::{Attempt, Onlooker},
    over::Over,
    seated::{Seated, Since},
    tenancy::Tenancy,
    trouble::Trouble,
};
