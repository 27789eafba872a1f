//! How to create or open a typed channel.

use super::channel::Channel;
use super::codec::{Codec, Of};
use super::plain::Plain;
use super::schema::{Schema, schema_of};
use crate::channel::options;
use crate::error::{CreateError, OpenError};
use std::fmt;
use std::marker::PhantomData;
use std::os::fd::OwnedFd;

/// How to create or open a channel of values of type `T`, which codec `C` writes: made from untyped options, by
/// [`of`](crate::generic::Options::of) or [`coded`](crate::generic::Options::coded).
///
/// What is not set has its default at creation. By default, where all values have one size, `max_message` is that size, and
/// the `payload_alignment` is that of the type, within the limits of the option.
///
/// ```
/// let channel = memlane::mpmc::Options::new().slots(1024).of::<[u64; 4]>().private()?;
/// assert_eq!(channel.untyped().max_message(), 32);
/// # Ok::<(), memlane::CreateError>(())
/// ```
#[must_use = "options do nothing until a channel is created or opened with them"]
pub struct Options<T: ?Sized, K, C = Plain> {
    under: options::Options<K>,
    of: Of<T, C>,
}

/// Typed channels.
impl<K> options::Options<K> {
    /// These options for messages of type `T`: a number, an array, a struct with a [`Schema`], or a slice of them. Replaces the
    /// [`type_name`](Self::type_name).
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().of::<[f64]>().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&[61_496.5, 61_497.0])?;
    /// assert_eq!(rx.recv()?, [61_496.5, 61_497.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of<T: Schema + ?Sized>(self) -> Options<T, K>
    where
        Plain: Codec<T>,
    {
        Options { under: self.type_name(&schema_of::<T>()), of: PhantomData }
    }

    /// These options for messages that codec `C` writes. `name` says what they are, and in which version; programs that open the
    /// channel give the same one. In the channel's header it stands behind the codec's: `postcard(Event/1)`. Replaces the
    /// [`type_name`](Self::type_name).
    ///
    /// ```
    /// use memlane::typed::{Codec, CodecError};
    ///
    /// /// Numbers as people write them.
    /// struct Decimal;
    ///
    /// impl Codec<u64> for Decimal {
    ///     const NAME: &'static str = "decimal";
    ///     type Owned = u64;
    ///
    ///     fn encode<'a>(value: &'a u64, scratch: &'a mut Vec<u8>) -> Result<&'a [u8], CodecError> {
    ///         *scratch = value.to_string().into_bytes();
    ///         Ok(scratch)
    ///     }
    ///
    ///     fn decode(bytes: &[u8]) -> Result<u64, CodecError> {
    ///         let text = std::str::from_utf8(bytes).map_err(CodecError::new)?;
    ///         text.parse().map_err(|error: std::num::ParseIntError| CodecError::new(error))
    ///     }
    /// }
    ///
    /// let channel = memlane::spsc::Options::new().coded::<u64, Decimal>("volume").private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(&1_000)?;
    /// assert_eq!(rx.recv()?, 1_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn coded<T: ?Sized, C: Codec<T>>(self, name: &str) -> Options<T, K, C> {
        Options { under: self.type_name(&format!("{}({name})", C::NAME)), of: PhantomData }
    }
}

/// Each call is that of the untyped [`Options`](crate::generic::Options), and makes a typed channel.
impl<T: ?Sized, K, C> Options<T, K, C> {
    /// Creates a channel of this name: see [`generic::Options::create`](crate::generic::Options::create).
    ///
    /// # Errors
    /// [`CreateError::AlreadyExists`], and the others of [`CreateError`]. Nothing is left behind.
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// memlane::spsc::Options::new().of::<u64>().create(name)?;
    /// assert_eq!(memlane::inspect(name)?.type_name, "u64");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(&self, name: &str) -> Result<Channel<T, K, C>, CreateError> {
        self.under.create(name).map(Channel::new)
    }

    /// Opens the channel of this name: see [`generic::Options::open`](crate::generic::Options::open).
    ///
    /// # Errors
    /// [`OpenError::TypeMismatch`], which names both types, if it has messages of another one or untyped ones; the others of
    /// [`OpenError`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// use memlane::OpenError;
    /// memlane::spsc::Options::new().create(name)?; // untyped
    /// match memlane::spsc::Options::new().of::<u64>().open(name) {
    ///     Err(OpenError::TypeMismatch { file, ours, .. }) => assert_eq!((&*file, &*ours), ("bytes", "u64")),
    ///     other => panic!("{other:?}"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(&self, name: &str) -> Result<Channel<T, K, C>, OpenError> {
        self.under.open(name).map(Channel::new)
    }

    /// Opens the channel of this name, or creates it: see [`generic::Options::open_or_create`](crate::generic::Options::open_or_create).
    ///
    /// # Errors
    /// As [`Options::open`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let mut tx = memlane::mpmc::Options::new().of::<u64>().open_or_create(name)?.sender()?;
    /// let mut rx = memlane::mpmc::Options::new().of::<u64>().open_or_create(name)?.receiver()?;
    /// tx.send(&7)?;
    /// assert_eq!(rx.recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_or_create(&self, name: &str) -> Result<Channel<T, K, C>, OpenError> {
        self.under.open_or_create(name).map(Channel::new)
    }

    /// Creates a channel without a name: see [`generic::Options::anonymous`](crate::generic::Options::anonymous).
    ///
    /// # Errors
    /// See [`CreateError`].
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().of::<u64>().anonymous()?;
    /// assert!(channel.untyped().descriptors().is_some());
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    pub fn anonymous(&self) -> Result<Channel<T, K, C>, CreateError> {
        self.under.anonymous().map(Channel::new)
    }

    /// Opens an anonymous channel from its two descriptors: see
    /// [`generic::Options::open_descriptors`](crate::generic::Options::open_descriptors).
    ///
    /// # Errors
    /// As [`Options::open`].
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().of::<u64>().anonymous()?;
    /// let (region, locks) = channel.untyped().descriptors().expect("an anonymous channel has them");
    /// let (region, locks) = (region.try_clone_to_owned()?, locks.try_clone_to_owned()?);
    /// assert!(memlane::spsc::Options::new().of::<f64>().open_descriptors(region, locks).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_descriptors(&self, region: OwnedFd, locks: OwnedFd) -> Result<Channel<T, K, C>, OpenError> {
        self.under.open_descriptors(region, locks).map(Channel::new)
    }

    /// Creates a channel in a named segment: see [`generic::Options::create_segment`](crate::generic::Options::create_segment).
    ///
    /// # Errors
    /// [`CreateError::AlreadyExists`], and the others of [`CreateError`].
    ///
    /// ```
    /// let name = format!("example-typed-{}", std::process::id());
    /// memlane::spsc::Options::new().of::<u64>().create_segment(&name)?;
    /// assert!(memlane::spsc::Options::new().of::<f64>().open_segment(&name).is_err());
    /// memlane::remove_segment(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "named-segments")]
    pub fn create_segment(&self, name: &str) -> Result<Channel<T, K, C>, CreateError> {
        self.under.create_segment(name).map(Channel::new)
    }

    /// Opens the channel in the segment of this name: see [`generic::Options::open_segment`](crate::generic::Options::open_segment).
    ///
    /// # Errors
    /// As [`Options::open`].
    ///
    /// ```
    /// let name = format!("example-typed-opened-{}", std::process::id());
    /// memlane::spsc::Options::new().of::<u64>().create_segment(&name)?;
    /// memlane::spsc::Options::new().of::<u64>().open_segment(&name)?;
    /// memlane::remove_segment(&name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "named-segments")]
    pub fn open_segment(&self, name: &str) -> Result<Channel<T, K, C>, OpenError> {
        self.under.open_segment(name).map(Channel::new)
    }

    /// Creates a channel in this process's memory, for threads: see [`generic::Options::private`](crate::generic::Options::private).
    ///
    /// # Errors
    /// See [`CreateError`].
    ///
    /// ```
    /// let channel = memlane::mpsc::Options::new().of::<u64>().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// std::thread::spawn(move || tx.send(&7));
    /// assert_eq!(rx.recv()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn private(&self) -> Result<Channel<T, K, C>, CreateError> {
        self.under.private().map(Channel::new)
    }
}

impl<T: ?Sized, K, C> Clone for Options<T, K, C>
where
    options::Options<K>: Clone,
{
    fn clone(&self) -> Self {
        Self { under: self.under.clone(), of: PhantomData }
    }
}

impl<T: ?Sized, K, C> fmt::Debug for Options<T, K, C>
where
    options::Options<K>: fmt::Debug,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.under.fmt(formatter)
    }
}
