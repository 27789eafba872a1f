//! What only `spsc` channels and their options have.

use crate::channel::kind::Spsc;
use crate::channel::{opened, options};
use crate::error::OpenError;

/// How to create or open an `spsc` channel.
pub type Options = options::Options<Spsc>;

/// An open `spsc` channel: makes its sender and its receiver.
pub type Channel = opened::Channel<Spsc>;

/// Opens an existing channel with the options that it was created with.
///
/// `name` is 1 to 100 of `A-Z a-z 0-9 . _ -`, not starting with a dot, and stands for `$MEMLANE_DIR/<name>.lane`
/// (default folder: `/dev/shm/memlane-<uid>`); a name with a `/` is a path. The folder has to exist; only the default one is made.
/// Set-uid programs do not look at `MEMLANE_DIR`.
///
/// # Errors
/// See [`OpenError`].
///
/// ```
/// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
/// # let name = folder.path().join("prices").display().to_string();
/// # let name = name.as_str();
/// memlane::spsc::Options::new().capacity(4096).create(name)?;
/// assert_eq!(memlane::spsc::open(name)?.capacity(), 4096);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(name: &str) -> Result<Channel, OpenError> {
    Options::new().open(name)
}

/// What only the options of an `spsc` channel have.
impl Options {
    /// Ring size in bytes, rounded up to a power of two from 4 KiB to 2 GiB. Default: 1 MiB, or more if
    /// [`Options::max_message`] needs it. Each message takes its length plus 8, rounded up to a multiple of 8, and 8 bytes of the
    /// ring always stay free: of messages of 8 bytes, 255 fit into 4 KiB. What does not fit before the ring's end starts at its
    /// beginning, and the rest before the end stays free as well.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().capacity(4096).private()?;
    /// let mut tx = channel.sender()?;
    /// let sent = (0..).take_while(|_| tx.try_send(&[0; 8]).is_ok()).count();
    /// assert_eq!(sent, 255);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.wishes.capacity = Some(bytes);
        self
    }
}
