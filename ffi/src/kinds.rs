//! The kinds of channel, by the numbers that C programs know them by: those that stand in the file. A new kind is one more of
//! these constants; what it has and has not, the engine knows ([`memlane::any`]).

use crate::arguments;
use crate::detail::Failed;
use memlane::Kind;

/// For memlane_channel_open and memlane_channel_open_descriptors: of the kind that the channel has. One that is created is spsc.
pub const MEMLANE_ANY_KIND: u32 = 0;

/// One sender, one receiver; messages of variable length, in order. The fastest kind.
pub const MEMLANE_SPSC: u32 = 1;

/// Many senders, many receivers; each message goes to one of the receivers, and comes again unless it is acknowledged.
pub const MEMLANE_MPMC: u32 = 2;

/// Many senders, one receiver; messages of variable length, in order per sender, and a ring for each sender.
pub const MEMLANE_MPSC: u32 = 3;

/// One sender, many receivers, and the latest value instead of messages: memlane_setter_new, memlane_getter_new.
pub const MEMLANE_WATCH: u32 = 4;

/// One sender or several, many receivers; messages of variable length, in order per sender, a ring for each sender, and each message to all
/// receivers. Where a receiver has not come as far as its sender wants to write, policy in memlane_options says what the sender does.
pub const MEMLANE_BROADCAST: u32 = 5;

/// Many clients call many servers, which share the calls; each answer comes to its caller alone. memlane_client_new,
/// memlane_server_new.
pub const MEMLANE_RPC: u32 = 6;

/// Permits, which come back when their owner dies, instead of messages: memlane_semaphore_new.
pub const MEMLANE_SEMAPHORE: u32 = 7;

/// Bits that are set and waited for, and a count of sets, instead of messages: memlane_event_new.
pub const MEMLANE_EVENT: u32 = 8;

/// The kind of this number; `None` for any.
pub(crate) fn kind_of(number: u32) -> Result<Option<Kind>, Failed> {
    if number == MEMLANE_ANY_KIND {
        return Ok(None);
    }
    let kind = u16::try_from(number).ok().and_then(Kind::from_code);
    kind.map(Some).ok_or_else(|| arguments::invalid(format!("kind {number} does not exist")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header that C programs compile against.
    const HEADER: &str = include_str!("../include/memlane.h");

    #[test]
    fn every_kind_has_its_number_in_the_header() {
        for kind in Kind::ALL {
            let line = format!("#define MEMLANE_{} {}\n", kind.name().to_uppercase(), kind.code());
            assert!(HEADER.contains(&line), "{line}");
            assert_eq!(kind_of(kind.code().into()), Ok(Some(*kind)));
        }
        assert_eq!(kind_of(MEMLANE_ANY_KIND), Ok(None));
        assert!(kind_of(77).is_err() && kind_of(1 << 16 | 1).is_err());
    }
}
