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

    /// Has every message start at a multiple of so many bytes of the ring: a power of two from the
    /// [`payload_alignment`](Options::payload_alignment), which is the default, to 128. Behind its 8 header bytes, a message of up to 56
    /// bytes then stands in one line of the cache (64), and one of up to 120 bytes in a pair of lines (128).
    ///
    /// Choose it where messages go to and fro one at a time and are longer than 8 bytes: as a line comes from one processor core to the
    /// other, the whole message is there. Without it, messages follow each other closely, and most of those have parts in two lines. A
    /// stream of short messages is slower with it, as it touches more lines and fewer messages fit into the ring: each takes its
    /// length plus 8, rounded up to a multiple of this.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().capacity(4096).record_alignment(64).private()?;
    /// let mut tx = channel.sender()?;
    /// let sent = (0..).take_while(|_| tx.try_send(&[0; 48]).is_ok()).count();
    /// assert_eq!(sent, 63); // a line each, and the next one's header stays free
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn record_alignment(mut self, bytes: usize) -> Self {
        self.wishes.record_alignment = Some(bytes);
        self
    }
}
