//! Handing an anonymous channel over to another process: over a Unix socket, or to a program that this process starts.

use super::opened::Channel;
use super::options::Options;
use super::wishes::Way;
use crate::error::{CreateError, OpenError, PassError};
use crate::layout::Handed;
use crate::region::sys::cancel_guard;
use std::os::fd::{AsFd, BorrowedFd};
use std::process::Command;

/// Handing an anonymous channel over.
impl<K> Channel<K> {
    /// Sends the channel to the process at the other end of a Unix socket, which gets it by [`Options::receive_from`] and can take part in
    /// it then. Any socket of that family will do: a `UnixStream` or `UnixDatagram` of `std` or `tokio`, or one of a pair.
    ///
    /// It is one message of 32 bytes with two descriptors. What else is sent over the socket has to be read by somebody before or behind it.
    /// Waits while the socket is full, unless the socket is set not to. The channel stays open here, and can be sent any number of times.
    ///
    /// # Errors
    /// [`PassError::NotAnonymous`]; [`PassError::OneWay`], of a channel that only this process writes to; [`PassError::NotAUnixSocket`];
    /// the others of [`PassError`].
    ///
    /// ```
    /// use memlane::mpmc;
    /// use std::os::unix::net::UnixStream;
    /// let (here, there) = UnixStream::pair()?; // usually, the other end is in another process
    /// let jobs = mpmc::Options::new().anonymous()?;
    /// jobs.send_to(&here)?;
    ///
    /// let theirs = mpmc::Options::new().receive_from(&there)?;
    /// jobs.sender()?.send(b"hello")?;
    /// assert_eq!(theirs.receiver()?.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_to(&self, socket: impl AsFd) -> Result<(), PassError> {
        self.send_as(socket.as_fd(), Handed::TakePart)
    }

    /// Sends the channel to the process at the other end of a Unix socket for reading alone: it gets descriptors that cannot write, and
    /// receives without a seat. `broadcast` and `watch` only.
    ///
    /// A process of the same user can open what a descriptor stands for once more, and write. One that is not trusted gets a channel that
    /// was made [`one_way`](Options::one_way): no process can.
    ///
    /// # Errors
    /// [`PassError::NoReadOnly`]: the channel is of another kind. The others as [`Channel::send_to`].
    ///
    /// ```
    /// use memlane::watch;
    /// use std::os::unix::net::UnixStream;
    /// let (here, there) = UnixStream::pair()?;
    /// let limits = watch::Options::new().one_way()?;
    /// let mut tx = limits.sender()?;
    /// limits.send_read_only_to(&here)?;
    ///
    /// let mut rx = watch::Options::new().receive_read_only_from(&there)?;
    /// tx.set(b"10")?;
    /// assert_eq!(rx.get()?, b"10");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_read_only_to(&self, socket: impl AsFd) -> Result<(), PassError> {
        self.send_as(socket.as_fd(), Handed::ReadOnly)
    }

    fn send_as(&self, socket: BorrowedFd<'_>, handed: Handed) -> Result<(), PassError> {
        let _guard = cancel_guard();
        self.shared.region.send_to(socket, handed)
    }

    /// Has the programs that `command` starts inherit the channel. They open it by [`Options::open_inherited`] and the name of the environment
    /// variable, which has to be another one for each channel.
    ///
    /// No other program inherits it: its descriptors are closed on `exec` in this process, and stay open in the children of this command
    /// alone. The command keeps them open here, too, until it is dropped.
    ///
    /// # Errors
    /// [`PassError::NotAnonymous`]; [`PassError::OneWay`]; [`PassError::Variable`]; the others of [`PassError`].
    ///
    /// ```
    /// use std::process::Command;
    /// let jobs = memlane::mpmc::Options::new().anonymous()?;
    /// let mut command = Command::new("true"); // a program that calls `Options::open_inherited("JOBS")`
    /// jobs.pass_to(&mut command, "JOBS")?;
    /// assert!(command.status()?.success());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pass_to(&self, command: &mut Command, variable: &str) -> Result<(), PassError> {
        self.shared.region.pass_to(command, variable, Handed::TakePart)
    }

    /// As [`Channel::pass_to`], for reading alone: see [`Channel::send_read_only_to`]. They open it by `open_inherited_read_only`.
    ///
    /// # Errors
    /// [`PassError::NoReadOnly`]; the others as [`Channel::pass_to`].
    ///
    /// ```
    /// use std::process::Command;
    /// let prices = memlane::broadcast::Options::new().one_way()?;
    /// let mut command = Command::new("true");
    /// prices.pass_read_only_to(&mut command, "PRICES")?;
    /// assert!(command.status()?.success());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pass_read_only_to(&self, command: &mut Command, variable: &str) -> Result<(), PassError> {
        self.shared.region.pass_to(command, variable, Handed::ReadOnly)
    }
}

/// Getting an anonymous channel from another process.
impl<K> Options<K> {
    /// Creates an anonymous channel in which this process alone takes part: nobody else can write a byte of it, ever. Others receive without a
    /// seat what is sent: hand it over by [`Channel::send_read_only_to`] or [`Channel::pass_read_only_to`]. `broadcast` and `watch` only.
    ///
    /// It is for two sides that do not trust each other: each makes one, and hands it to the other. The seal is the kernel's
    /// (`F_SEAL_FUTURE_WRITE`), which keeps every process, this one included, from mapping the memory for writing once more.
    ///
    /// Nothing holds the sender back for those others, whatever the policy: they are told what they lost.
    ///
    /// # Errors
    /// [`CreateError::NoSuchOption`]: the kind has no receivers without a seat. The others of [`CreateError`].
    ///
    /// ```
    /// use memlane::broadcast::{Options, Start};
    /// use std::os::unix::net::UnixStream;
    /// let (here, there) = UnixStream::pair()?;
    /// let prices = Options::new().one_way()?;
    /// let mut tx = prices.sender()?;
    /// prices.send_read_only_to(&here)?;
    /// assert!(matches!(prices.send_to(&here), Err(memlane::PassError::OneWay { .. })));
    ///
    /// let mut rx = Options::new().receive_read_only_from(&there, Start::Now)?;
    /// tx.send(b"10")?;
    /// assert_eq!(rx.recv()?, b"10");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn one_way(&self) -> Result<Channel<K>, CreateError> {
        self.wishes.one_way().map(Channel::new)
    }

    /// Opens the channel that comes next over a Unix socket, sent by [`Channel::send_to`]. Waits for it, unless the socket is set not to: then
    /// the error is [`OpenError::Io`] of the kind `WouldBlock`, and nothing is lost.
    ///
    /// What was set and differs from the channel is an error, as in [`Options::open`].
    ///
    /// # Errors
    /// [`OpenError::NotHandedOver`]: something else came, or nothing. [`OpenError::WrongKind`]. After these two, what came is still in the
    /// socket, unless descriptors came with a frame that are not a channel's: these are closed. The others of [`OpenError`].
    ///
    /// ```
    /// use memlane::{OpenError, spsc};
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    /// let (mut here, there) = UnixStream::pair()?;
    /// let channel = spsc::Options::new().anonymous()?;
    /// channel.send_to(&here)?;
    /// spsc::Options::new().receive_from(&there)?;
    ///
    /// here.write_all(b"something else")?;
    /// let refused = spsc::Options::new().receive_from(&there).unwrap_err();
    /// assert!(matches!(refused, OpenError::NotHandedOver { found: memlane::NotHandedOver::Foreign, .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receive_from(&self, socket: impl AsFd) -> Result<Channel<K>, OpenError> {
        self.wishes.open_handed(Way::Socket(socket.as_fd()), Handed::TakePart).map(Channel::new)
    }

    /// Opens the channel that this program inherited from the one that started it: see [`Channel::pass_to`], which chose the name of the
    /// environment variable.
    ///
    /// It can be opened once: its descriptors are this channel's from then on, and are closed on `exec`, so that no program inherits them that
    /// this one starts. A call that fails leaves them as they were.
    ///
    /// # Errors
    /// [`OpenError::NotHandedOver`]: there is no such variable, or it does not lead to a channel, or not any more. The others of [`OpenError`].
    ///
    /// ```
    /// use memlane::{NotHandedOver, OpenError};
    /// let refused = memlane::mpmc::Options::new().open_inherited("JOBS").unwrap_err();
    /// assert!(matches!(refused, OpenError::NotHandedOver { found: NotHandedOver::NoVariable { .. }, .. }));
    /// ```
    pub fn open_inherited(&self, variable: &str) -> Result<Channel<K>, OpenError> {
        self.wishes.open_handed(Way::Variable(variable), Handed::TakePart).map(Channel::new)
    }
}
