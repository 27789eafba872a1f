//! What goes over several channels.
//!
//! - [`waitset`]: waiting for several handles at once.

pub(crate) mod waitset;
