//! Errors of sending and receiving.

use super::Corruption;
use std::error::Error;
use std::io;

/// Defines one flat error enum: the variants of its own plus those that every transfer shares.
macro_rules! transfer_error {
    (
        $(#[$doc:meta])*
        $name:ident, disconnected $(#[$disconnected_doc:meta])* $disconnected:literal {
            $( $(#[$variant_doc:meta])* $variant:ident $({ $($field:ident : $type:ty),+ })? = $message:literal, $kind:ident; )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[$variant_doc])*
                #[error($message)]
                $variant $({ $(
                    #[allow(missing_docs, reason = "the variant's text explains its fields")]
                    $field: $type
                ),+ })?,
            )*
            $(#[$disconnected_doc])*
            #[error($disconnected)]
            Disconnected,
            /// The channel holds something that no correct participant writes. It is poisoned: nobody can use it any
            /// more. Remove it and create it again.
            #[error("the channel is corrupted: {0}; remove it and create it again")]
            Corrupted(Corruption),
            /// The channel's file was unlinked. Nobody new can join; messages that are still in it are lost to others.
            #[error(
                "the channel was removed, by a program or by the system (logind at its user's last logout: RemoveIPC); open or \
                 create it again"
            )]
            Removed,
            /// This handle was inherited through `fork`. It belongs to the parent; open the channel anew in the child.
            #[error("this handle belongs to the parent process; open the channel again after a fork")]
            Forked,
        }

        impl From<$name> for io::Error {
            fn from(error: $name) -> Self {
                let kind = match error {
                    $( $name::$variant $({ $($field: _),+ })? => io::ErrorKind::$kind, )*
                    $name::Disconnected => io::ErrorKind::BrokenPipe,
                    $name::Corrupted(_) => io::ErrorKind::InvalidData,
                    $name::Removed => io::ErrorKind::NotFound,
                    $name::Forked => io::ErrorKind::PermissionDenied,
                };
                Self::new(kind, error)
            }
        }
    };
}

/// Lets `?` turn a narrower error into a wider one with the same variants, and with others for those that it cannot have.
macro_rules! widen {
    ($from:ident => $to:ident { $($variant:ident $({ $($field:ident),+ })?),* } $($only:ident => $instead:ident)?) => {
        impl From<$from> for $to {
            fn from(error: $from) -> Self {
                match error {
                    $( $from::$only => $to::$instead, )?
                    $( $from::$variant $({ $($field),+ })? => $to::$variant $({ $($field),+ })?, )*
                    $from::Disconnected => $to::Disconnected,
                    $from::Corrupted(reason) => $to::Corrupted(reason),
                    $from::Removed => $to::Removed,
                    $from::Forked => $to::Forked,
                }
            }
        }
    };
}

pub(super) use {transfer_error, widen};

transfer_error! {
    /// Why a blocking send did not happen. The message was not sent.
    SendError, disconnected
    /// Every receiver that there was since this sender joined has left, or the channel was closed.
    "every receiver has left, or the channel was closed" {
        /// The message is longer than the channel allows (both in bytes).
        TooLarge { length: usize, max: usize } = "the message has {length} bytes; this channel takes at most {max}: create it with a larger max_message", InvalidInput;
        /// A receiver has to consume something first, and the channel's [policy](crate::broadcast::Options::policy) is that senders do
        /// not wait for that. Send it again later.
        Full = "the channel is full, and its senders do not wait: send it again once its receivers have caught up", WouldBlock;
        /// An [`Interrupter`](crate::Interrupter) of this sender ended the call. The next one waits again.
        Interrupted = "the call was interrupted, as the program asked for; the message was not sent", Other;
    }
}

transfer_error! {
    /// Why a send that does not wait did not happen. The message was not sent.
    TrySendError, disconnected
    /// Every receiver that there was since this sender joined has left, or the channel was closed.
    "every receiver has left, or the channel was closed" {
        /// There is no room now; the receiver has to consume something first. For how exact that is in a queue of more than
        /// 128 slots, see [`mpmc::Sender::try_send`](crate::mpmc::Sender::try_send).
        Full = "the channel is full", WouldBlock;
        /// The message is longer than the channel allows (both in bytes).
        TooLarge { length: usize, max: usize } = "the message has {length} bytes; this channel takes at most {max}: create it with a larger max_message", InvalidInput;
    }
}

transfer_error! {
    /// Why a send with a deadline did not happen. The message was not sent.
    SendTimeoutError, disconnected
    /// Every receiver that there was since this sender joined has left, or the channel was closed.
    "every receiver has left, or the channel was closed" {
        /// The channel stayed full until the deadline.
        Timeout = "the channel stayed full until the deadline", TimedOut;
        /// A receiver has to consume something first, and the channel's [policy](crate::broadcast::Options::policy) is that senders do
        /// not wait for that. Send it again later.
        Full = "the channel is full, and its senders do not wait: send it again once its receivers have caught up", WouldBlock;
        /// The message is longer than the channel allows (both in bytes).
        TooLarge { length: usize, max: usize } = "the message has {length} bytes; this channel takes at most {max}: create it with a larger max_message", InvalidInput;
        /// An [`Interrupter`](crate::Interrupter) of this sender ended the call. The next one waits again.
        Interrupted = "the call was interrupted, as the program asked for; the message was not sent", Other;
    }
}

transfer_error! {
    /// Why a blocking receive returned no message. No message was consumed.
    RecvError, disconnected
    /// The channel is drained, no sender is alive, and one was alive since this receiver joined or the channel held
    /// messages when it joined; or the channel was closed.
    "the channel is drained and its senders have gone" {
        /// The message does not fit into the caller's buffer. It stays in the channel: receive it again with at least
        /// `needed` bytes.
        BufferTooSmall { needed: usize } = "the message needs a buffer of {needed} bytes; it stays in the channel", InvalidInput;
        /// There is no memory for `needed` bytes: the copy of a message, or a batch's places. The message stays in the channel.
        OutOfMemory { needed: usize } = "there is no memory for {needed} bytes; the message stays in the channel", OutOfMemory;
        /// So many messages were overwritten before this receiver read them. It goes on behind them, with its next call. See
        /// [`broadcast`](crate::broadcast).
        Lagged { lost: u64 } = "{lost} messages were overwritten before they were received; the next call goes on behind them", Other;
        /// An [`Interrupter`](crate::Interrupter) of this receiver ended the call. The next one waits again.
        Interrupted = "the call was interrupted, as the program asked for; no message was taken", Other;
    }
}

transfer_error! {
    /// Why a receive that does not wait returned no message. No message was consumed.
    TryRecvError, disconnected
    /// The channel is drained, no sender is alive, and one was alive since this receiver joined or the channel held
    /// messages when it joined; or the channel was closed.
    "the channel is drained and its senders have gone" {
        /// There is no message now.
        Empty = "the channel is empty", WouldBlock;
        /// The message does not fit into the caller's buffer. It stays in the channel: receive it again with at least
        /// `needed` bytes.
        BufferTooSmall { needed: usize } = "the message needs a buffer of {needed} bytes; it stays in the channel", InvalidInput;
        /// There is no memory for `needed` bytes: the copy of a message, or a batch's places. The message stays in the channel.
        OutOfMemory { needed: usize } = "there is no memory for {needed} bytes; the message stays in the channel", OutOfMemory;
        /// So many messages were overwritten before this receiver read them. It goes on behind them, with its next call. See
        /// [`broadcast`](crate::broadcast).
        Lagged { lost: u64 } = "{lost} messages were overwritten before they were received; the next call goes on behind them", Other;
    }
}

transfer_error! {
    /// Why a receive with a deadline returned no message. No message was consumed.
    RecvTimeoutError, disconnected
    /// The channel is drained, no sender is alive, and one was alive since this receiver joined or the channel held
    /// messages when it joined; or the channel was closed.
    "the channel is drained and its senders have gone" {
        /// No message came until the deadline.
        Timeout = "no message came until the deadline", TimedOut;
        /// The message does not fit into the caller's buffer. It stays in the channel: receive it again with at least
        /// `needed` bytes.
        BufferTooSmall { needed: usize } = "the message needs a buffer of {needed} bytes; it stays in the channel", InvalidInput;
        /// There is no memory for `needed` bytes: the copy of a message, or a batch's places. The message stays in the channel.
        OutOfMemory { needed: usize } = "there is no memory for {needed} bytes; the message stays in the channel", OutOfMemory;
        /// So many messages were overwritten before this receiver read them. It goes on behind them, with its next call. See
        /// [`broadcast`](crate::broadcast).
        Lagged { lost: u64 } = "{lost} messages were overwritten before they were received; the next call goes on behind them", Other;
        /// An [`Interrupter`](crate::Interrupter) of this receiver ended the call. The next one waits again.
        Interrupted = "the call was interrupted, as the program asked for; no message was taken", Other;
    }
}

transfer_error! {
    /// Why no participant of the other role was found.
    WaitForPeerError, disconnected
    /// The channel was closed: nobody comes any more.
    "the channel was closed" {
        /// None was alive until the deadline.
        Timeout = "no peer was there until the deadline", TimedOut;
        /// An [`Interrupter`](crate::Interrupter) of this handle ended the call. The next one waits again.
        Interrupted = "the call was interrupted, as the program asked for", Other;
    }
}

// A call that does not wait is not interrupted: it says what it found.
widen!(SendError => TrySendError { TooLarge { length, max }, Full } Interrupted => Full);
widen!(SendError => SendTimeoutError { TooLarge { length, max }, Full, Interrupted });
widen!(RecvError => TryRecvError { BufferTooSmall { needed }, OutOfMemory { needed }, Lagged { lost } } Interrupted => Empty);
widen!(RecvError => RecvTimeoutError { BufferTooSmall { needed }, OutOfMemory { needed }, Lagged { lost }, Interrupted });

/// Why a batch stopped early. The first `sent` messages of it were sent, and receivers get them; the others were not. `E` is what
/// the call that was made fails with: [`SendError`], [`TrySendError`] or [`SendTimeoutError`].
///
/// ```
/// # use memlane::TrySendError;
/// let channel = memlane::mpmc::Options::new().slots(2).private()?;
/// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
/// let mut messages = &["one", "two", "three", "four", "five"][..];
/// while let Err(stopped) = tx.try_send_batch(messages) {
///     assert_eq!(stopped.error, TrySendError::Full);
///     messages = &messages[stopped.sent..]; // nothing is lost, and nothing goes twice
///     rx.recv()?.ack()?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{error} (after {sent} messages of the batch)")]
pub struct SendBatchError<E = SendError> {
    /// How many messages of the batch were sent.
    pub sent: usize,
    /// What stopped the next one.
    pub error: E,
}

impl<E: Error + Copy + Send + Sync + 'static> From<SendBatchError<E>> for io::Error
where
    Self: From<E>,
{
    fn from(error: SendBatchError<E>) -> Self {
        Self::new(Self::from(error.error).kind(), error)
    }
}

/// The caller's buffer is shorter than the message. Nothing was copied; the message is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message needs a buffer of {needed} bytes")]
pub struct BufferTooSmall {
    /// The message's length in bytes.
    pub needed: usize,
}

impl From<BufferTooSmall> for io::Error {
    fn from(error: BufferTooSmall) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

/// There is no memory for a copy of the message. Nothing was copied; the message is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no memory for a message of {needed} bytes")]
pub struct OutOfMemory {
    /// The message's length in bytes.
    pub needed: usize,
}

impl From<OutOfMemory> for RecvError {
    fn from(OutOfMemory { needed }: OutOfMemory) -> Self {
        Self::OutOfMemory { needed }
    }
}

impl From<OutOfMemory> for io::Error {
    fn from(error: OutOfMemory) -> Self {
        Self::new(io::ErrorKind::OutOfMemory, error)
    }
}

/// Why a grant could not be written to or committed. Nothing was written or sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// Bytes beyond the grant's end.
    #[error("the grant has {length} bytes; byte {end} is beyond its end")]
    OutOfBounds {
        /// The grant's length in bytes.
        length: usize,
        /// The end of what was asked for.
        end: usize,
    },
    /// Every receiver that there was since the sender joined has left, or the channel was closed: nobody would get the message.
    #[error("every receiver has left, or the channel was closed")]
    Disconnected,
    /// The channel's file was unlinked: no receiver that comes would get the message.
    #[error("the channel was removed")]
    Removed,
    /// The grant was inherited through `fork`. It belongs to the parent.
    #[error("this grant belongs to the parent process; open the channel again after a fork")]
    Forked,
    /// The channel holds something that no correct participant writes. It is poisoned: nobody can use it any more.
    #[error("the channel is corrupted: {0}; remove it and create it again")]
    Corrupted(Corruption),
}

impl From<GrantError> for io::Error {
    fn from(error: GrantError) -> Self {
        let kind = match error {
            GrantError::OutOfBounds { .. } => io::ErrorKind::InvalidInput,
            GrantError::Disconnected => io::ErrorKind::BrokenPipe,
            GrantError::Removed => io::ErrorKind::NotFound,
            GrantError::Forked => io::ErrorKind::PermissionDenied,
            GrantError::Corrupted(_) => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// Why a message could not be acknowledged or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AckError {
    /// The message was inherited through `fork`. It belongs to the parent.
    #[error("this message belongs to the parent process; open the channel again after a fork")]
    Forked,
    /// The channel holds something that no correct participant writes. It is poisoned: nobody can use it any more.
    #[error("the channel is corrupted: {0}; remove it and create it again")]
    Corrupted(Corruption),
}

impl From<AckError> for io::Error {
    fn from(error: AckError) -> Self {
        let kind = match error {
            AckError::Forked => io::ErrorKind::PermissionDenied,
            AckError::Corrupted(_) => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// Why one message of a batch could not be acknowledged or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AckAtError {
    /// No message of the batch is left at this index. Nothing changed.
    #[error(
        "no message is left at index {index} of a batch that began with {length}: take an index that the batch's get still knows"
    )]
    NotLeft {
        /// What was asked for.
        index: usize,
        /// How many messages the batch began with.
        length: usize,
    },
    /// The channel's kind releases messages in the order in which they came, and so none alone. Nothing changed.
    #[error(
        "this kind of channel releases messages in order: acknowledge the first ones of a batch with ack_first, or all of it"
    )]
    InOrder,
    /// The batch was inherited through `fork`. It belongs to the parent.
    #[error("this message belongs to the parent process; open the channel again after a fork")]
    Forked,
    /// The channel holds something that no correct participant writes. It is poisoned: nobody can use it any more.
    #[error("the channel is corrupted: {0}; remove it and create it again")]
    Corrupted(Corruption),
}

impl From<AckError> for AckAtError {
    fn from(error: AckError) -> Self {
        match error {
            AckError::Forked => Self::Forked,
            AckError::Corrupted(reason) => Self::Corrupted(reason),
        }
    }
}

impl From<AckAtError> for io::Error {
    fn from(error: AckAtError) -> Self {
        let kind = match error {
            AckAtError::NotLeft { .. } => io::ErrorKind::InvalidInput,
            AckAtError::InOrder => io::ErrorKind::Unsupported,
            AckAtError::Forked => io::ErrorKind::PermissionDenied,
            AckAtError::Corrupted(_) => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

/// The channel has no such priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("priority {given} does not exist: the channel has {priorities}, from 0, the most urgent")]
pub struct NoSuchPriority {
    /// What was asked for.
    pub given: u8,
    /// How many there are.
    pub priorities: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_convert_into_the_fitting_io_kind() {
        assert_eq!(io::Error::from(TrySendError::Full).kind(), io::ErrorKind::WouldBlock);
        assert_eq!(io::Error::from(SendTimeoutError::Timeout).kind(), io::ErrorKind::TimedOut);
        assert_eq!(io::Error::from(RecvError::Disconnected).kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(io::Error::from(SendError::TooLarge { length: 2, max: 1 }).kind(), io::ErrorKind::InvalidInput);
        let corrupted = RecvError::Corrupted(Corruption::RecordHeader);
        assert_eq!(io::Error::from(corrupted).kind(), io::ErrorKind::InvalidData);
        // The standard library makes a call again that says `Interrupted`, and would swallow that it was asked to end.
        assert_eq!(io::Error::from(RecvError::Interrupted).kind(), io::ErrorKind::Other);
        let batch = SendBatchError { sent: 3, error: SendError::Removed };
        assert_eq!(io::Error::from(batch).kind(), io::ErrorKind::NotFound);
        assert_eq!(batch.to_string(), format!("{} (after 3 messages of the batch)", SendError::Removed));
    }

    #[test]
    fn a_widened_error_keeps_its_fields() {
        let narrow = SendError::TooLarge { length: 9, max: 8 };
        assert_eq!(TrySendError::from(narrow), TrySendError::TooLarge { length: 9, max: 8 });
        let narrow = RecvError::BufferTooSmall { needed: 7 };
        assert_eq!(TryRecvError::from(narrow), TryRecvError::BufferTooSmall { needed: 7 });
    }
}
