//! Several messages by one call, left in place: the receiver's alone until the batch is done with.

use crate::arguments::{self, Timeout, given, invalid, out};
use crate::call::done;
use crate::detail::Failed;
use crate::errors::Coded;
use crate::handles::{self, Handle, ReceiverHandle};
use crate::lending::Taken;
use crate::message::MessageInfo;
use crate::receiver::Receiving;
use crate::status::Status;
use memlane::TrustPeers;
use std::ffi::c_void;
use std::sync::Arc;

/// Several messages that were taken. A receiver has one batch, or one message, at a time. Filled by memlane_take_batch, cleared by
/// memlane_batch_ack and memlane_batch_nack, which end it; until then, messages of it can be done with by memlane_batch_ack_first,
/// memlane_batch_ack_at and memlane_batch_nack_at. Only the library writes to it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// Whose it is.
    pub receiver: ReceiverHandle,
    /// Which of that receiver's.
    pub number: u64,
    /// How many messages were taken, at least one.
    pub count: usize,
    /// 0, for what later versions know.
    pub reserved: [u64; 2],
}

impl Batch {
    const NONE: Self = Self { receiver: ReceiverHandle { id: 0 }, number: 0, count: 0, reserved: [0; 2] };
}

/// One message of a memlane_batch, for as long as that is not done with.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct BatchMessage {
    /// The message's bytes in place, as in a memlane_message: reading here trusts that no other process tampers with the channel.
    pub data: *const c_void,
    /// The message's length in bytes.
    pub length: usize,
    /// What else is known about it.
    pub info: MessageInfo,
}

impl Receiving {
    /// Takes what is there, up to as many messages as there is room for.
    fn take_batch(
        &mut self,
        own: ReceiverHandle,
        messages: &mut [BatchMessage],
        timeout: Timeout,
    ) -> Result<Batch, Failed> {
        let max = messages.len();
        // SAFETY: the program's promise, made once for all that it does through `BatchMessage::data`. Nothing is read here; only
        // the addresses are taken.
        let trust = unsafe { TrustPeers::promise() };
        let number = self.lend(|receiver, channel| {
            let batch = timeout.call(
                receiver,
                channel,
                |receiver| receiver.try_recv_batch(max),
                |receiver, time| receiver.recv_batch_timeout(max, time),
                |receiver| receiver.recv_batch(max),
            )?;
            Ok(Taken::Batch(batch))
        })?;
        let (batch, _) = self.batch(number)?;
        for (message, into) in batch.iter().zip(messages) {
            let data: *const u8 = message.as_slice(trust).as_ptr();
            let info = MessageInfo::of_batch(&message);
            *into = BatchMessage { data: data.cast(), length: message.len(), info };
        }
        Ok(Batch { receiver: own, number, count: batch.len(), ..Batch::NONE })
    }

    /// The batch that the program has, if it is the one of this number; and the channel.
    fn batch(&mut self, number: u64) -> Result<(&mut memlane::any::Batch<'static>, &Arc<str>), Failed> {
        match self.taken(number) {
            Some((Taken::Batch(batch), channel)) => Ok((batch, channel)),
            _ => Err(handles::invalid("batch")),
        }
    }
}

/// Takes messages and leaves them in place: what is there, up to `max` (and 65,536), in mpmc of one priority. Says in `messages` where
/// each is. Waits while there is none, as memlane_take does, but not for more. MEMLANE_HELD if this receiver has a message or a
/// batch already. `batch` and `messages` are written on success only. If the process dies before it acknowledges them, they are
/// delivered again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_take_batch(
    receiver: ReceiverHandle,
    batch: *mut Batch,
    messages: *mut BatchMessage,
    max: usize,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (into, messages) = unsafe { (out(batch, "batch")?, arguments::array_out(messages, max, "messages")?) };
        if messages.is_empty() {
            return Err(invalid("max is 0: a batch has one message at least"));
        }
        let timeout = Timeout::from_ns(timeout_ns)?;
        *into = receiver.enter()?.take_batch(receiver, messages, timeout)?;
        Ok(())
    })
}

/// All messages of the batch that are left are done with: they do not come again. Clears it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_batch_ack(batch: *mut Batch) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        finish(unsafe { out(batch, "batch") }?, true)
    })
}

/// The first `count` messages of the batch that are left are done with, or all where there are fewer: they do not come again,
/// whatever becomes of the others. Their `data` must not be used any more. The others keep their places in `messages`, and the batch
/// stays open, until memlane_batch_ack or memlane_batch_nack, even if none is left. It is not written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_batch_ack_first(batch: *const Batch, count: usize) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        within(unsafe { given(batch, "batch") }?, |batch| batch.ack_first(count))
    })
}

/// The message at `index` of the batch is done with: it does not come again, whatever becomes of the others. Indices stay, as after
/// memlane_batch_ack_first. MEMLANE_OUT_OF_BOUNDS if no message is left there; MEMLANE_IN_ORDER in kinds with lanes (spsc, mpsc), which
/// release messages in order.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_batch_ack_at(batch: *const Batch, index: usize) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        within(unsafe { given(batch, "batch") }?, |batch| batch.ack_at(index))
    })
}

/// Gives the message at `index` of the batch back, as memlane_nack does with one: it comes again, whatever becomes of the others.
/// Fails as memlane_batch_ack_at does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_batch_nack_at(batch: *const Batch, index: usize) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        within(unsafe { given(batch, "batch") }?, |batch| batch.nack_at(index))
    })
}

/// Something becomes of some messages of a batch that stays open.
fn within<E: Coded>(
    batch: &Batch,
    end: impl FnOnce(&mut memlane::any::Batch<'static>) -> Result<(), E>,
) -> Result<(), Failed> {
    let mut receiver = batch.receiver.enter()?;
    let (batch, channel) = receiver.batch(batch.number)?;
    end(batch).map_err(|error| error.fail_on(channel))
}

/// Gives all messages of the batch that are left back, as memlane_nack does with one. Clears it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_batch_nack(batch: *mut Batch) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        finish(unsafe { out(batch, "batch") }?, false)
    })
}

fn finish(batch: &mut Batch, is_done_with: bool) -> Result<(), Failed> {
    let mut receiver = batch.receiver.enter()?;
    receiver.batch(batch.number)?;
    // Whatever comes of it, the messages are not the program's from here on.
    *batch = Batch::NONE;
    receiver.finish(is_done_with)
}
