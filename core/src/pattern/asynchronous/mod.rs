//! Streams and sinks, for handles of every kind.

mod sink;
mod stream;

pub use sink::{Carries, IntoSink};
pub use stream::{IntoStream, Yields};
