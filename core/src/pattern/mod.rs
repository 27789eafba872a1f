//! What goes over several channels, or beyond one.
//!
//! - `asynchronous`: streams and sinks.
//! - [`waitset`]: waiting for several handles at once.

#[cfg(feature = "async")]
pub(crate) mod asynchronous;
pub(crate) mod waitset;
