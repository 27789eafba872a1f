//! How values become bytes, and bytes values.

use super::ends::{Contents, Held, Receiving};
use super::error::{CodecError, RecvError, Unreadable};
use crate::error::TryRecvError;
use std::marker::PhantomData;

/// What a handle sends or receives, of which it holds nothing.
pub(super) type Of<T, C> = PhantomData<fn(&T) -> C>;

/// How values of type `T` are written as messages and read back: [`Plain`](super::Plain) for types that are their bytes;
/// `Postcard`, with feature `serde`, for others; or a program's own.
///
/// ```
/// use memlane::typed::{Codec, CodecError};
///
/// /// Texts as their bytes.
/// struct Utf8;
///
/// impl Codec<str> for Utf8 {
///     const NAME: &'static str = "utf8";
///     type Owned = String;
///
///     fn encode<'a>(value: &'a str, _: &'a mut Vec<u8>) -> Result<&'a [u8], CodecError> {
///         Ok(value.as_bytes()) // as they are
///     }
///
///     fn decode(bytes: &[u8]) -> Result<String, CodecError> {
///         String::from_utf8(bytes.to_vec()).map_err(CodecError::new)
///     }
/// }
///
/// let channel = memlane::mpmc::Options::new().coded::<str, Utf8>("line").private()?;
/// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
/// tx.send("hello")?;
/// assert_eq!(rx.recv()?, "hello");
/// assert_eq!(channel.untyped().info().type_name, "utf8(line)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Codec<T: ?Sized> {
    /// What the names of types begin with that it writes. A codec whose format changes takes another one.
    const NAME: &'static str;

    /// What a receiver gets: `T`, or its owned form where `T` is a slice.
    type Owned;

    /// The bytes of a value: in `scratch`, which is the sender's and keeps its memory from call to call, or in the value itself.
    /// `scratch` is empty or holds what was written before.
    ///
    /// # Errors
    /// The value cannot be written: the call fails with [`SendError::Unencodable`](super::SendError::Unencodable).
    fn encode<'a>(value: &'a T, scratch: &'a mut Vec<u8>) -> Result<&'a [u8], CodecError>;

    /// The value of these bytes, which are a copy that no peer can reach. A faulty peer can have sent any bytes.
    ///
    /// # Errors
    /// They are no value: the call fails with [`Unreadable::Undecodable`], and the message stays.
    fn decode(bytes: &[u8]) -> Result<Self::Owned, CodecError>;

    /// The value of a message. `scratch` is the receiver's.
    #[doc(hidden)]
    fn read(message: &impl Contents, scratch: &mut Vec<u8>) -> Result<Self::Owned, Unreadable> {
        scratch.clear();
        message.append(scratch)?;
        Self::decode(scratch).map_err(Unreadable::Undecodable)
    }

    /// The next value. Blocks while there is none.
    #[doc(hidden)]
    #[inline]
    fn recv(receiver: &mut impl Receiving, scratch: &mut Vec<u8>) -> Result<Self::Owned, RecvError> {
        let message = receiver.recv()?;
        let value = Self::read(&message, scratch);
        settle(message, value)
    }

    /// The next value, if there is one now.
    #[doc(hidden)]
    #[inline]
    fn try_recv(receiver: &mut impl Receiving, scratch: &mut Vec<u8>) -> Result<Self::Owned, RecvError<TryRecvError>> {
        let message = receiver.try_recv()?;
        let value = Self::read(&message, scratch);
        settle(message, value).map_err(RecvError::widened)
    }
}

/// A message that was read is done with; one that could not be read stays.
pub(super) fn settle<V>(message: impl Held, value: Result<V, Unreadable>) -> Result<V, RecvError> {
    match value {
        Ok(value) => {
            message.ack().map_err(crate::error::RecvError::from)?;
            Ok(value)
        }
        Err(reason) => {
            message.hand_back();
            Err(RecvError::Unreadable(reason))
        }
    }
}
