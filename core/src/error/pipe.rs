//! Why a byte pipe broke.

use std::io;

/// Why a [pipe](crate::pipe) broke: what stands in an [`io::Error`] of kind `BrokenPipe` or `ConnectionReset`.
///
/// ```
/// # use std::io::Write;
/// let (mut writer, reader) = memlane::pipe::pair()?;
/// drop(reader);
/// let error = writer.write(b"to nobody").unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
/// let reason = error.get_ref().and_then(|reason| reason.downcast_ref::<memlane::PipeError>());
/// assert_eq!(reason, Some(&memlane::PipeError::ReaderGone));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PipeError {
    /// The reader has left or died, or the channel was closed. Nothing was written by this call. What was written before and not
    /// read is still in the channel, for a reader that comes later.
    #[error("the pipe's reader has left or died, or the channel was closed")]
    ReaderGone,
    /// The writer died, and everything that it had written was read: what it was still going to write is missing.
    #[error("the pipe's writer died; everything that it had written was read")]
    WriterDied,
}

impl From<PipeError> for io::Error {
    fn from(error: PipeError) -> Self {
        let kind = match error {
            PipeError::ReaderGone => io::ErrorKind::BrokenPipe,
            PipeError::WriterDied => io::ErrorKind::ConnectionReset,
        };
        Self::new(kind, error)
    }
}
