//! Calls and their answers: any number of clients and servers, each call to one server, each answer to its caller alone.
//!
//! ```text
//! frames    [Free] [Taken 9] [Asked 2] [Answered 1] [Asked 2]        whose each is: one word, one CAS a step
//!                                 2                      4
//! cells          ┌───┬───┬───┬───┐
//!                │ … │ 2 │ 4 │ 0 │   as of a slot queue with one ring
//!                └───┴─▲─┴───┴─▲─┘
//!                     head    tail (a hint)
//! ```
//!
//! A call is a **frame**: its client fills it, and commits it as a slot of a [slot queue](super::slots) is committed, by one CAS of a cell. A server
//! takes it by one CAS of the frame's word, and answers **in the same frame**, by one CAS more. The client looks at that word until it says so, and
//! frees the frame. So a call costs two transfers of a line, and no participant waits for any other than the one that works for it.
//!
//! ```text
//! client   Free → Asked(me) · fill · cell        … Answered(me): read, → Free
//!                                                … gives up:  Asked → Cancelled · Taken → Abandoned · Returned → Free
//! server   Asked → Taken(me) · pass head · work  · Taken → Answered(client)         found Abandoned(me): → Free
//!          Cancelled → Abandoned(me) · pass head · → Free
//! ```
//!
//! Invariants, besides those of cells and positions, which are the slot queue's:
//! 1. *The frame's word is the only truth about ownership*, and every step takes a new generation. So an answer that is late fails at its CAS, and
//!    never reaches a later call of the same frame.
//! 2. *Every step out of Taken is a CAS*: the server's, its client's, or a helper's. The first one decides, and the others see what it decided.
//! 3. *A frame leaves Taken and Abandoned only after head has passed its cell.* So a cell at or behind head names a frame in Asked, Cancelled, Taken or
//!    Abandoned, and no frame is named twice.
//! 4. *A cancelled frame is taken off the queue by a participant that owns it meanwhile*, by Abandoned. If one freed it directly behind its pass of head
//!    and died in between, no word would say that the frame is still to be freed.
//! 5. *A client that lives is the only one that changes a frame in Answered or Failed*, so a load and a store suffice there.
//! 6. *Who calls stands in the frame from before the commit until it is free.* A server reads it once, behind its CAS.
//!
//! Edges: *commit→take*, *ack→alloc* and *pass→take* as in the slot queue; *answer→look* (the Release CAS that makes a frame Answered or Failed, to the
//! Acquire load of the client that finds it: the answer).

mod access;
mod census;
mod client;
mod memory;
mod reap;
mod server;

pub use access::Frames;
pub use census::FrameCensus;
pub use client::{Ask, Cancelled, Ended, Progress};
pub use memory::FrameMemory;
pub use reap::Settled;
pub use server::Given;
#[cfg(loom)]
pub use server::Take;
