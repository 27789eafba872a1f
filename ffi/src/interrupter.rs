//! Ending a call that waits, from another thread or from a signal handler.

use crate::arguments::out;
use crate::call::done;
use crate::detail::Failed;
use crate::event::EventHandle;
use crate::handles::{self, Handle, ReceiverHandle, SenderHandle};
use crate::onlooker::OnlookerHandle;
use crate::pipe::{PipeReaderHandle, PipeWriterHandle};
use crate::semaphore::SemaphoreHandle;
use crate::status::Status;
use crate::table::{Refusal, Table};
use crate::watch::GetterHandle;
use memlane::{Interrupter, Waker};

/// What ends the calls of one handle, or of one set, that wait. All zero is none. One thread at a time may use it, any thread; another one gets
/// MEMLANE_BUSY, and wants one of its own.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InterrupterHandle {
    /// Nobody's business.
    pub id: u64,
}

/// What its handle leads to.
pub(crate) enum Interrupting {
    Handle(Interrupter),
    Set(Waker),
}

static INTERRUPTERS: Table<Interrupting, { handles::INTERRUPTERS }> = Table::new();

impl Handle<{ handles::INTERRUPTERS }> for InterrupterHandle {
    type Thing = Interrupting;
    const NOUN: &'static str = "interrupter";

    fn table() -> &'static Table<Interrupting, { handles::INTERRUPTERS }> {
        &INTERRUPTERS
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }
}

fn new(interrupter: *mut InterrupterHandle, of: impl FnOnce() -> Result<Interrupter, Failed>) -> Status {
    new_of(interrupter, || of().map(Interrupting::Handle))
}

pub(crate) fn new_of(interrupter: *mut InterrupterHandle, of: impl FnOnce() -> Result<Interrupting, Failed>) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(interrupter, "interrupter") }?;
        *into = InterrupterHandle::new(of()?)?;
        Ok(())
    })
}

/// Makes what ends a call of this sender that waits, for room or for a peer: see memlane_interrupt. `interrupter` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_sender_interrupter(
    sender: SenderHandle,
    interrupter: *mut InterrupterHandle,
) -> Status {
    new(interrupter, || Ok(sender.enter()?.sender()?.0.interrupter()))
}

/// Makes what ends a call of this receiver that waits, for a message or for a peer: see memlane_interrupt. `interrupter` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_receiver_interrupter(
    receiver: ReceiverHandle,
    interrupter: *mut InterrupterHandle,
) -> Status {
    new(interrupter, || Ok(receiver.enter()?.receiver()?.0.interrupter()))
}

/// Makes what ends a call of this getter that waits, for another value: see memlane_interrupt. `interrupter` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_getter_interrupter(
    getter: GetterHandle,
    interrupter: *mut InterrupterHandle,
) -> Status {
    new(interrupter, || Ok(getter.enter()?.interrupter()))
}

/// Makes what ends a call of this onlooker that waits, for a message: see memlane_interrupt. `interrupter` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_onlooker_interrupter(
    onlooker: OnlookerHandle,
    interrupter: *mut InterrupterHandle,
) -> Status {
    new(interrupter, || Ok(onlooker.enter()?.interrupter()))
}

/// Makes what ends a call of this writer that waits, for room: see memlane_interrupt. `interrupter` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_pipe_writer_interrupter(
    writer: PipeWriterHandle,
    interrupter: *mut InterrupterHandle,
) -> Status {
    new(interrupter, || Ok(writer.enter()?.interrupter()))
}

/// Makes what ends a call of this reader that waits, for bytes: see memlane_interrupt. `interrupter` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_pipe_reader_interrupter(
    reader: PipeReaderHandle,
    interrupter: *mut InterrupterHandle,
) -> Status {
    new(interrupter, || Ok(reader.enter()?.interrupter()))
}

/// Makes what ends a call of this semaphore that waits, for permits: see memlane_interrupt. `interrupter` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_semaphore_interrupter(
    semaphore: SemaphoreHandle,
    interrupter: *mut InterrupterHandle,
) -> Status {
    new(interrupter, || Ok(semaphore.enter()?.interrupter()))
}

/// Makes what ends a call of this event that waits: see memlane_interrupt. `interrupter` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_event_interrupter(event: EventHandle, interrupter: *mut InterrupterHandle) -> Status {
    new(interrupter, || Ok(event.enter()?.interrupter()))
}

/// Ends the call that waits, or the next one that would wait: it returns MEMLANE_INTERRUPTED, and nothing is lost by it; a batch or a pipe
/// says how much went through. A call that finds what it waits for returns that. Several calls of this until then are one. In a child of
/// fork, it does nothing.
/// May be called from a signal handler: it takes no lock and no memory, and leaves errno as it was. A failure leaves no detail.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_interrupt(interrupter: InterrupterHandle) -> Status {
    done(|| match InterrupterHandle::table().enter(interrupter.id) {
        Ok(inside) => {
            match &*inside {
                Interrupting::Handle(interrupter) => interrupter.interrupt(),
                Interrupting::Set(waker) => waker.wake(),
            }
            Ok(())
        }
        // Without a sentence, which would take memory.
        Err(Refusal::Stale) => Err(Failed(Status::MEMLANE_INVALID_HANDLE)),
        Err(Refusal::Busy) => Err(Failed(Status::MEMLANE_BUSY)),
        Err(Refusal::Forked) => Err(Failed(Status::MEMLANE_FORKED)),
    })
}

/// Closes the interrupter. Its handle goes on. Not in a signal handler.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_interrupter_close(interrupter: InterrupterHandle) -> Status {
    done(|| interrupter.remove().map(drop))
}
