//! A process that is stepped through one operation, instruction by instruction: what `sweep` and `stop` have in common.
//!
//! `scenario` says which operations there are, and how a channel stands before them; `acts`, what the processes do, and `others`,
//! what those do that go on around them; `survivor` comes after everybody has gone, and finds everything in order or says what
//! is not. All of it is the same for every kind, and [`Steppable`] is a kind whose processes do it. `stage` sets one scenario up;
//! `image` sees what an instruction changed, `access` what the next one touches; `account` is what a process tells of itself.

pub mod access;
pub mod account;
pub mod acts;
pub mod image;
pub mod others;
pub mod scenario;
pub mod stage;
mod steppable;
pub mod survivor;

pub use steppable::Steppable;
