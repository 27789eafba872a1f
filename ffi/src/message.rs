//! What a C program sees of a message that is taken: it stays in the channel, the receiver's alone, until it is acknowledged
//! or given back.

use crate::handles::ReceiverHandle;
use std::ffi::c_void;
use std::ptr;

/// A number that the channel's kind does not know.
pub const MEMLANE_UNKNOWN: u64 = u64::MAX;

/// The message was delivered before, to a receiver that gave it back or died.
pub const MEMLANE_REDELIVERED: u32 = 1;

/// What is known about a message besides its bytes.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageInfo {
    /// How many messages its lane carried before this one: in spsc the channel, in mpsc its sender. mpmc: MEMLANE_UNKNOWN.
    pub sequence: u64,
    /// How often it was delivered, this time included; stays at 65,535. spsc does not count: 0.
    pub deliveries: u32,
    /// MEMLANE_REDELIVERED, or 0. spsc does not know, and sets nothing.
    pub flags: u32,
    /// The row of its sender's seat: which participant that is or was. MEMLANE_UNKNOWN in kinds that do not know it: spsc, mpmc.
    pub sender: u64,
    /// 0, for what later versions know.
    pub reserved: u64,
}

/// A message that was taken. A receiver has one at a time. Filled by memlane_take, cleared by memlane_ack and memlane_nack;
/// only the library writes to it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// Whose it is.
    pub receiver: ReceiverHandle,
    /// Which of that receiver's.
    pub number: u64,
    /// The message's bytes in place, aligned as the channel's payload_alignment says. Must not be used once the message is
    /// acknowledged or given back, or the receiver closed. Reading here trusts that no other process tampers with the
    /// channel: whoever does can change the bytes between two looks. memlane_message_copy trusts nobody.
    pub data: *const c_void,
    /// The message's length in bytes.
    pub length: usize,
    /// What else is known about it.
    pub info: MessageInfo,
    /// 0, for what later versions know.
    pub reserved: [u64; 2],
}

impl Message {
    pub(crate) const NONE: Self = Self {
        receiver: ReceiverHandle { id: 0 },
        number: 0,
        data: ptr::null(),
        length: 0,
        info: MessageInfo { sequence: 0, deliveries: 0, flags: 0, sender: 0, reserved: 0 },
        reserved: [0; 2],
    };
}

impl MessageInfo {
    #[inline]
    pub(crate) fn of(message: &memlane::any::Message<'_>) -> Self {
        Self::known(message.sequence(), message.deliveries(), message.redelivered(), message.sender())
    }

    #[inline]
    pub(crate) fn of_batch(message: &memlane::any::BatchMessage<'_>) -> Self {
        Self::known(message.sequence(), message.deliveries(), message.redelivered(), message.sender())
    }

    #[inline]
    fn known(sequence: Option<u64>, deliveries: Option<u16>, redelivered: Option<bool>, sender: Option<u32>) -> Self {
        Self {
            sequence: sequence.unwrap_or(MEMLANE_UNKNOWN),
            deliveries: deliveries.unwrap_or(0).into(),
            flags: if redelivered == Some(true) { MEMLANE_REDELIVERED } else { 0 },
            sender: sender.map_or(MEMLANE_UNKNOWN, u64::from),
            reserved: 0,
        }
    }
}
