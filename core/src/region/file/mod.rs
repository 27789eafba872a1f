//! The life of a region: it is made, opened, looked at, replaced and removed.
//!
//! ```text
//!            create ──────────┐
//!              │              ▼
//! nothing      │    replace: open, or create, or replace what is stale
//!              ▼              ▲
//!            open  ───────────┘            look: without taking part
//!              ▲
//!            stale                         remove, orphans: what takes files away
//! ```
//!
//! - `create`: making a region. It asks `open` why one that is in the way cannot be opened instead.
//! - `open`: opening one, and checking every number in its header.
//! - `stale`: whether one is from before the last reboot. `replace`: opening it, or making it where there is none.
//! - `remove`: taking a region's name away. `orphans`: lock files that lost their region.
//! - `handed`: handing an anonymous one over to another process, and opening it there.
//! - `segment`: all of that in named segments, a feature.
//! - `look`: what can be seen of a region by reading its file, without mapping it.
//! - `state`: what became of the files of an open region.
//!
//! What holds:
//! - *A region's geometry is read from the file once*, validated, and kept in private memory. No later decision uses a geometry
//!   word of the file.
//! - *A name never leads to half a region*: it is given to a complete one, by a link that replaces nothing, or by a rename.
//!
//! This is the uppermost room: it needs all others, and no other needs it.

mod create;
mod handed;
mod look;
mod open;
mod orphans;
mod remove;
mod replace;
#[cfg(feature = "named-segments")]
mod segment;
mod stale;
mod state;

pub use self::replace::Origin;
#[cfg(feature = "named-segments")]
pub(crate) use self::segment::remove_segment;
pub(crate) use self::{
    create::CreateSpec,
    look::{LaneLook, Look, PermitsLook, RingLook, SlotsLook, ValueLook, ValuesLook},
    open::Expectations,
    remove::remove_named,
    state::FileState,
};
