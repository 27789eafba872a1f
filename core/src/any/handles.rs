//! The enums: one variant a kind, and the match that every call goes through. The list of kinds makes them.

use crate::channel::kind::{self, with_kinds};
use crate::channel::{batch, contents, grant, message, messages, receiver, sender};

/// One enum over the kinds, made from the generic type of the same name. Its discriminant is a byte of its own, since the compiler would
/// otherwise hide it in a field, and every call would compute it from there.
macro_rules! by_kind {
    ({ $(#[$about:meta])* $name:ident of $module:ident } $($Kind:ident $face:ident;)*) => {
        $(#[$about])*
        #[non_exhaustive]
        #[repr(u8)]
        pub enum $name {
            $(
                #[doc = concat!("Of kind `", stringify!($face), "`.")]
                $Kind($module::$name<kind::$Kind>),
            )*
        }

        $(
            impl From<$module::$name<kind::$Kind>> for $name {
                #[inline(always)]
                fn from(of_kind: $module::$name<kind::$Kind>) -> Self {
                    Self::$Kind(of_kind)
                }
            }
        )*
    };
    ({ $(#[$about:meta])* $name:ident<$lifetime:lifetime> of $module:ident } $($Kind:ident $face:ident;)*) => {
        $(#[$about])*
        #[non_exhaustive]
        #[repr(u8)]
        pub enum $name<$lifetime> {
            $(
                #[doc = concat!("Of kind `", stringify!($face), "`.")]
                $Kind($module::$name<$lifetime, kind::$Kind>),
            )*
        }

        $(
            impl<$lifetime> From<$module::$name<$lifetime, kind::$Kind>> for $name<$lifetime> {
                #[inline(always)]
                fn from(of_kind: $module::$name<$lifetime, kind::$Kind>) -> Self {
                    Self::$Kind(of_kind)
                }
            }
        )*
    };
}

/// Makes `each!(value, Enum(inner) => result)`, which does one thing whatever the variant.
macro_rules! define_each {
    ({} $($Kind:ident $face:ident;)*) => {
        macro_rules! each {
            ($value:expr, $name:ident($inner:pat) => $result:expr) => {
                match $value {
                    $($name::$Kind($inner) => $result,)*
                }
            };
        }
    };
}

with_kinds!(define_each {});
pub(super) use each;

with_kinds!(by_kind {
    /// A sender of whatever kind. Dropping it leaves the channel.
    #[derive(Debug)]
    Sender of sender
});

with_kinds!(by_kind {
    /// A receiver of whatever kind. Dropping it leaves the channel.
    #[derive(Debug)]
    Receiver of receiver
});

with_kinds!(by_kind {
    /// Room for one message, invisible to receivers until it is committed. Dropping it sends nothing.
    #[derive(Debug)]
    #[must_use = "dropping a grant sends nothing: commit it"]
    Grant<'a> of grant
});

with_kinds!(by_kind {
    /// A message that is this receiver's alone. It is copied out, and acknowledged when dropped, or given back, as its receiver's
    /// [`on_drop`](Receiver::on_drop) says. If a panic drops it, it is given back, and comes again.
    #[derive(Debug)]
    Message<'a> of message
});

with_kinds!(by_kind {
    /// Several messages that were in the channel at once. Dropping the batch acknowledges those that are left, or gives them back,
    /// as its receiver's [`on_drop`](Receiver::on_drop) says. If a panic drops it, they are given back, and come again.
    #[derive(Debug)]
    Batch<'a> of batch
});

with_kinds!(by_kind {
    /// One message of a [`Batch`].
    #[derive(Debug, Clone, Copy)]
    BatchMessage<'a> of contents
});

with_kinds!(by_kind {
    /// Iterates over the messages of a [`Batch`].
    #[derive(Debug)]
    BatchIter<'a> of batch
});

with_kinds!(by_kind {
    /// Copies of messages, each acknowledged as it is copied: see [`generic::Messages`](crate::generic::Messages).
    #[derive(Debug)]
    Messages<'a> of messages
});

with_kinds!(by_kind {
    /// Copies of the messages that are there, each acknowledged as it is copied: see [`generic::TryIter`](crate::generic::TryIter).
    #[derive(Debug)]
    TryIter<'a> of messages
});

with_kinds!(by_kind {
    /// Copies of messages, by a receiver that goes with the iterator: see [`generic::IntoMessages`](crate::generic::IntoMessages).
    #[derive(Debug)]
    IntoMessages of messages
});
