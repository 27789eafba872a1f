//! The codec of the feature `serde`.

use super::codec::Codec;
use super::error::CodecError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes what serde knows in the [postcard](https://postcard.jamesmunns.com) format: no names, numbers in as few bytes as they need.
///
/// What can be read is what the same version of the type wrote: give the type another name where it changes.
///
/// ```
/// use memlane::typed::Postcard;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Debug, PartialEq)]
/// enum Event {
///     Opened { symbol: String },
///     Traded(Vec<(u64, f64)>),
/// }
///
/// let channel = memlane::mpmc::Options::new().coded::<Event, Postcard>("Event/1").private()?;
/// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
/// tx.send(&Event::Opened { symbol: "BTCUSDT".into() })?;
/// tx.send(&Event::Traded(vec![(3, 61_496.5)]))?;
/// assert_eq!(rx.recv()?, Event::Opened { symbol: "BTCUSDT".into() });
/// assert_eq!(rx.recv()?, Event::Traded(vec![(3, 61_496.5)]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub enum Postcard {}

impl<T: Serialize + DeserializeOwned> Codec<T> for Postcard {
    const NAME: &'static str = "postcard";
    type Owned = T;

    fn encode<'a>(value: &'a T, scratch: &'a mut Vec<u8>) -> Result<&'a [u8], CodecError> {
        scratch.clear();
        *scratch = ::postcard::to_extend(value, std::mem::take(scratch)).map_err(CodecError::new)?;
        Ok(scratch)
    }

    fn decode(bytes: &[u8]) -> Result<T, CodecError> {
        match ::postcard::take_from_bytes(bytes).map_err(CodecError::new)? {
            (value, []) => Ok(value),
            (_, rest) => Err(CodecError::new(format!("{} bytes are left behind the value", rest.len()))),
        }
    }
}
