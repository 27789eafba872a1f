//! Values that are sent as their bytes.

use super::codec::Codec;
use super::ends::{Contents, Receiving};
use super::error::{CodecError, RecvError, Unreadable};
use super::schema::{Schema, schema_of};
use crate::error::{OutOfMemory, TryRecvError};
use crate::layout::{MessageType, TypeForm};
use zerocopy::IntoBytes;

/// Sends values as their bytes: the codec of types that have a [`Schema`], and the default.
#[derive(Debug, Clone, Copy)]
pub enum Plain {}

/// Why a message of this length is no `T`.
#[cold]
pub(super) fn wrong_length<T: Schema + ?Sized>(length: usize) -> Unreadable {
    let MessageType { form, size, .. } = MessageType::of(&schema_of::<T>());
    let (size, of) = (size as usize, std::any::type_name::<T>());
    match form {
        TypeForm::Slice => Unreadable::NoMultiple { length, size, of },
        _ => Unreadable::WrongLength { length, size, of },
    }
}

impl<T: Schema> Codec<T> for Plain {
    const NAME: &'static str = "plain";
    type Owned = T;

    #[inline(always)]
    fn encode<'a>(value: &'a T, _: &'a mut Vec<u8>) -> Result<&'a [u8], CodecError> {
        Ok(value.as_bytes())
    }

    fn decode(bytes: &[u8]) -> Result<T, CodecError> {
        T::read_from_bytes(bytes).map_err(|_| CodecError::new(wrong_length::<T>(bytes.len())))
    }

    #[inline]
    fn read(message: &impl Contents, _: &mut Vec<u8>) -> Result<T, Unreadable> {
        let mut value = T::new_zeroed();
        match message.length() == size_of::<T>() && message.copy(value.as_mut_bytes()).is_ok() {
            true => Ok(value),
            false => Err(wrong_length::<T>(message.length())),
        }
    }

    #[inline(always)]
    fn recv(receiver: &mut impl Receiving, _: &mut Vec<u8>) -> Result<T, RecvError> {
        let mut value = T::new_zeroed();
        match receiver.recv_exact(value.as_mut_bytes())? {
            Ok(()) => Ok(value),
            Err(length) => Err(RecvError::Unreadable(wrong_length::<T>(length))),
        }
    }

    #[inline(always)]
    fn try_recv(receiver: &mut impl Receiving, _: &mut Vec<u8>) -> Result<T, RecvError<TryRecvError>> {
        let mut value = T::new_zeroed();
        match receiver.try_recv_exact(value.as_mut_bytes())? {
            Ok(()) => Ok(value),
            Err(length) => Err(RecvError::Unreadable(wrong_length::<T>(length))),
        }
    }
}

/// How many elements a message of this length has.
fn elements<T: Schema>(length: usize) -> Result<usize, Unreadable> {
    match (length.checked_div(size_of::<T>()), length.checked_rem(size_of::<T>())) {
        (Some(count), Some(0)) => Ok(count),
        _ => Err(wrong_length::<[T]>(length)),
    }
}

/// So many elements, if there is memory for them.
fn zeroed<T: Schema>(count: usize) -> Result<Vec<T>, OutOfMemory> {
    let mut values = Vec::new();
    let needed = count.saturating_mul(size_of::<T>());
    values.try_reserve_exact(count).map_err(|_| OutOfMemory { needed })?;
    values.resize_with(count, T::new_zeroed);
    Ok(values)
}

impl<T: Schema> Codec<[T]> for Plain {
    const NAME: &'static str = "plain";
    type Owned = Vec<T>;

    #[inline(always)]
    fn encode<'a>(value: &'a [T], _: &'a mut Vec<u8>) -> Result<&'a [u8], CodecError> {
        Ok(value.as_bytes())
    }

    fn decode(bytes: &[u8]) -> Result<Vec<T>, CodecError> {
        let mut values = elements::<T>(bytes.len()).and_then(|count| Ok(zeroed(count)?)).map_err(CodecError::new)?;
        values.as_mut_slice().as_mut_bytes().copy_from_slice(bytes);
        Ok(values)
    }

    fn read(message: &impl Contents, _: &mut Vec<u8>) -> Result<Vec<T>, Unreadable> {
        let length = message.length();
        let mut values = zeroed(elements::<T>(length)?)?;
        match message.copy(values.as_mut_slice().as_mut_bytes()) {
            Ok(_) => Ok(values),
            Err(_) => Err(wrong_length::<[T]>(length)),
        }
    }
}
