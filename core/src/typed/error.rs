//! Errors of sending and receiving values: those of the channel, and those of the values.

use crate::error;
use std::error::Error;
use std::io;

/// Why a value was not sent. `E` is what the untyped call fails with: [`SendError`](error::SendError),
/// [`TrySendError`](error::TrySendError) or [`SendTimeoutError`](error::SendTimeoutError).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError<E = error::SendError> {
    /// The channel did not take it.
    #[error(transparent)]
    Channel(#[from] E),
    /// The codec cannot write it. Never of a type with a [`Schema`](super::Schema).
    #[error("the codec cannot write this value: {0}")]
    Unencodable(#[source] CodecError),
}

/// Why no value was received. No message was consumed. `E` is what the untyped call fails with:
/// [`RecvError`](error::RecvError), [`TryRecvError`](error::TryRecvError) or [`RecvTimeoutError`](error::RecvTimeoutError).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecvError<E = error::RecvError> {
    /// The channel gave none.
    #[error(transparent)]
    Channel(E),
    /// The message is no value of the type. It stays: the next call gets it again, unless the program takes it as bytes, by
    /// [`Receiver::untyped_mut`](super::Receiver::untyped_mut).
    #[error("{0}; the message stays: take it as bytes, by untyped_mut, to go on")]
    Unreadable(#[source] Unreadable),
}

/// Why a message cannot be read as a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The message is not as long as a value. An untyped sender sent it.
    #[error("the message has {length} bytes; {of} has {size}")]
    WrongLength {
        /// The message's length in bytes.
        length: usize,
        /// Bytes of a value.
        size: usize,
        /// The type, as the compiler calls it.
        of: &'static str,
    },
    /// The message is as long as no number of elements. An untyped sender sent it.
    #[error("the message has {length} bytes; {of} takes multiples of {size}")]
    NoMultiple {
        /// The message's length in bytes.
        length: usize,
        /// Bytes of an element.
        size: usize,
        /// The type, as the compiler calls it.
        of: &'static str,
    },
    /// The message does not stand where a reference may point to: read a copy, or create the channel with a larger
    /// `payload_alignment`.
    #[error(
        "the message does not stand at a multiple of {alignment} bytes: read a copy, or create the channel with a \
         payload_alignment of {alignment}"
    )]
    Misaligned {
        /// What a value needs, in bytes.
        alignment: usize,
    },
    /// There is no memory for a copy of the message.
    #[error(transparent)]
    OutOfMemory(#[from] error::OutOfMemory),
    /// The codec does not understand the message.
    #[error("the codec cannot read the message: {0}")]
    Undecodable(#[source] CodecError),
}

/// What a [`Codec`](super::Codec) failed with.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct CodecError(Box<dyn Error + Send + Sync>);

impl CodecError {
    /// From the codec's own error, or from a text.
    ///
    /// ```
    /// use memlane::typed::CodecError;
    /// assert_eq!(CodecError::new("no such currency").to_string(), "no such currency");
    /// ```
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

impl<E> From<E> for RecvError<E> {
    fn from(error: E) -> Self {
        Self::Channel(error)
    }
}

impl RecvError {
    /// As the error of a call that has others besides.
    pub(super) fn widened<E: From<error::RecvError>>(self) -> RecvError<E> {
        match self {
            Self::Channel(error) => RecvError::Channel(error.into()),
            Self::Unreadable(reason) => RecvError::Unreadable(reason),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<SendError<E>> for io::Error
where
    Self: From<E>,
{
    fn from(error: SendError<E>) -> Self {
        match error {
            SendError::Channel(error) => error.into(),
            SendError::Unencodable(_) => Self::new(io::ErrorKind::InvalidInput, error),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<RecvError<E>> for io::Error
where
    Self: From<E>,
{
    fn from(error: RecvError<E>) -> Self {
        match error {
            RecvError::Channel(error) => error.into(),
            RecvError::Unreadable(reason) => reason.into(),
        }
    }
}

impl From<Unreadable> for io::Error {
    fn from(error: Unreadable) -> Self {
        let kind = match error {
            Unreadable::OutOfMemory(_) => io::ErrorKind::OutOfMemory,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

impl From<CodecError> for io::Error {
    fn from(error: CodecError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{OutOfMemory, TryRecvError, TrySendError};

    #[test]
    fn errors_convert_into_the_fitting_io_kind() {
        let kind = |error: io::Error| error.kind();
        assert_eq!(kind(SendError::from(TrySendError::Full).into()), io::ErrorKind::WouldBlock);
        assert_eq!(
            kind(SendError::<TrySendError>::Unencodable(CodecError::new("x")).into()),
            io::ErrorKind::InvalidInput
        );
        assert_eq!(kind(RecvError::from(TryRecvError::Empty).into()), io::ErrorKind::WouldBlock);
        let short = Unreadable::WrongLength { length: 3, size: 8, of: "u64" };
        assert_eq!(kind(RecvError::<TryRecvError>::Unreadable(short).into()), io::ErrorKind::InvalidData);
        assert_eq!(kind(Unreadable::from(OutOfMemory { needed: 9 }).into()), io::ErrorKind::OutOfMemory);
        assert_eq!(kind(CodecError::new("x").into()), io::ErrorKind::InvalidData);
    }

    #[test]
    fn errors_say_what_to_do() {
        let short = RecvError::<TryRecvError>::Unreadable(Unreadable::WrongLength { length: 3, size: 8, of: "u64" });
        let text = "the message has 3 bytes; u64 has 8; the message stays: take it as bytes, by untyped_mut, to go on";
        assert_eq!(short.to_string(), text);
        assert!(short.source().is_some());
        let codec = Unreadable::Undecodable(CodecError::new("no such currency"));
        assert_eq!(codec.to_string(), "the codec cannot read the message: no such currency");
        let misaligned = Unreadable::Misaligned { alignment: 16 }.to_string();
        assert!(misaligned.contains("multiple of 16") && misaligned.contains("payload_alignment of 16"));
        assert_eq!(SendError::from(TrySendError::Full).to_string(), TrySendError::Full.to_string());
    }
}
