//! The types of a kind, joined to the traits of the [surface](super::surface): each call to the one of the same name.
//!
//! The engine's kinds have the same words, and no types in common. When these are generic over the kind, this list and the
//! traits are no longer needed.

/// Joins the types of the kind that is named.
macro_rules! joined {
    ($kind:ident) => {
        const _: () = {
            use memlane::*;
            use std::os::fd::{BorrowedFd, OwnedFd};
            use std::time::Duration;

            impl $crate::subject::surface::Opens for $kind::Options {
                type Channel = $kind::Channel;
                fn backend(self, backend: Backend) -> Self {
                    $kind::Options::backend(self, backend)
                }
                fn trust_peers(self, trust: TrustPeers) -> Self {
                    $kind::Options::trust_peers(self, trust)
                }
                fn prefault(self, prefault: bool) -> Self {
                    $kind::Options::prefault(self, prefault)
                }
                fn lock_memory(self, lock: bool) -> Self {
                    $kind::Options::lock_memory(self, lock)
                }
                fn huge_pages(self, huge: bool) -> Self {
                    $kind::Options::huge_pages(self, huge)
                }
                fn remove_on_drop(self, remove: bool) -> Self {
                    $kind::Options::remove_on_drop(self, remove)
                }
                fn create(&self, name: &str) -> Result<Self::Channel, CreateError> {
                    $kind::Options::create(self, name)
                }
                fn open(&self, name: &str) -> Result<Self::Channel, OpenError> {
                    $kind::Options::open(self, name)
                }
                fn open_or_create(&self, name: &str) -> Result<Self::Channel, OpenError> {
                    $kind::Options::open_or_create(self, name)
                }
                fn anonymous(&self) -> Result<Self::Channel, CreateError> {
                    $kind::Options::anonymous(self)
                }
                fn private(&self) -> Result<Self::Channel, CreateError> {
                    $kind::Options::private(self)
                }
                fn open_descriptors(&self, region: OwnedFd, locks: OwnedFd) -> Result<Self::Channel, OpenError> {
                    $kind::Options::open_descriptors(self, region, locks)
                }
            }

            impl $crate::subject::surface::Joins for $kind::Channel {
                type Sender = $kind::Sender;
                type Receiver = $kind::Receiver;
                fn sender(&self) -> Result<Self::Sender, JoinError> {
                    $kind::Channel::sender(self)
                }
                fn receiver(&self) -> Result<Self::Receiver, JoinError> {
                    $kind::Channel::receiver(self)
                }
                fn info(&self) -> Info {
                    $kind::Channel::info(self)
                }
                fn close(&self) {
                    $kind::Channel::close(self)
                }
                fn max_message(&self) -> usize {
                    $kind::Channel::max_message(self)
                }
                fn descriptors(&self) -> Option<(BorrowedFd<'_>, BorrowedFd<'_>)> {
                    $kind::Channel::descriptors(self)
                }
            }

            impl $crate::subject::surface::Sends for $kind::Sender {
                type Grant<'a>
                    = $kind::Grant<'a>
                where
                    Self: 'a;
                fn row(&self) -> u32 {
                    $kind::Sender::row(self)
                }
                fn set_strategy(&mut self, strategy: Strategy) {
                    $kind::Sender::set_strategy(self, strategy)
                }
                fn send(&mut self, message: &[u8]) -> Result<(), SendError> {
                    $kind::Sender::send(self, message)
                }
                fn try_send(&mut self, message: &[u8]) -> Result<(), TrySendError> {
                    $kind::Sender::try_send(self, message)
                }
                fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<(), SendTimeoutError> {
                    $kind::Sender::send_timeout(self, message, timeout)
                }
                fn send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError>
                where
                    I: IntoIterator,
                    I::Item: AsRef<[u8]>,
                {
                    $kind::Sender::send_batch(self, messages)
                }
                fn reserve(&mut self, length: usize) -> Result<Self::Grant<'_>, SendError> {
                    $kind::Sender::reserve(self, length)
                }
                fn try_reserve(&mut self, length: usize) -> Result<Self::Grant<'_>, TrySendError> {
                    $kind::Sender::try_reserve(self, length)
                }
                fn reserve_timeout(
                    &mut self,
                    length: usize,
                    timeout: Duration,
                ) -> Result<Self::Grant<'_>, SendTimeoutError> {
                    $kind::Sender::reserve_timeout(self, length, timeout)
                }
                fn close(self) -> Result<(), SendError> {
                    $kind::Sender::close(self)
                }
            }

            impl $crate::subject::surface::Fills for $kind::Grant<'_> {
                fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), GrantError> {
                    $kind::Grant::write_at(self, offset, bytes)
                }
                fn commit(self, used: usize) -> Result<(), GrantError> {
                    $kind::Grant::commit(self, used)
                }
            }

            impl $crate::subject::surface::Receives for $kind::Receiver {
                type Message<'a>
                    = $kind::Message<'a>
                where
                    Self: 'a;
                type Batch<'a>
                    = $kind::Batch<'a>
                where
                    Self: 'a;
                fn row(&self) -> u32 {
                    $kind::Receiver::row(self)
                }
                fn set_strategy(&mut self, strategy: Strategy) {
                    $kind::Receiver::set_strategy(self, strategy)
                }
                fn recv(&mut self) -> Result<Self::Message<'_>, RecvError> {
                    $kind::Receiver::recv(self)
                }
                fn try_recv(&mut self) -> Result<Self::Message<'_>, TryRecvError> {
                    $kind::Receiver::try_recv(self)
                }
                fn recv_timeout(&mut self, timeout: Duration) -> Result<Self::Message<'_>, RecvTimeoutError> {
                    $kind::Receiver::recv_timeout(self, timeout)
                }
                fn recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
                    $kind::Receiver::recv_into(self, buffer)
                }
                fn try_recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, TryRecvError> {
                    $kind::Receiver::try_recv_into(self, buffer)
                }
                fn recv_batch(&mut self, max: usize) -> Result<Self::Batch<'_>, RecvError> {
                    $kind::Receiver::recv_batch(self, max)
                }
                fn try_recv_batch(&mut self, max: usize) -> Result<Self::Batch<'_>, TryRecvError> {
                    $kind::Receiver::try_recv_batch(self, max)
                }
                fn recv_batch_timeout(
                    &mut self,
                    max: usize,
                    timeout: Duration,
                ) -> Result<Self::Batch<'_>, RecvTimeoutError> {
                    $kind::Receiver::recv_batch_timeout(self, max, timeout)
                }
                fn close(self) {
                    $kind::Receiver::close(self)
                }
            }

            impl $crate::subject::surface::Settles for $kind::Message<'_> {
                fn ack(self) -> Result<(), AckError> {
                    $kind::Message::ack(self)
                }
                fn nack(self) -> Result<(), AckError> {
                    $kind::Message::nack(self)
                }
            }

            impl $crate::subject::surface::Batched for $kind::Batch<'_> {
                type One<'b>
                    = $kind::BatchMessage<'b>
                where
                    Self: 'b;
                fn len(&self) -> usize {
                    $kind::Batch::len(self)
                }
                fn get(&self, index: usize) -> Option<Self::One<'_>> {
                    $kind::Batch::get(self, index)
                }
            }

            impl $crate::subject::surface::Contents for $kind::Message<'_> {
                fn to_vec(&self) -> Vec<u8> {
                    $kind::Message::to_vec(self)
                }
                fn copy_to(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
                    $kind::Message::copy_to(self, buffer)
                }
            }

            impl $crate::subject::surface::Contents for $kind::BatchMessage<'_> {
                fn to_vec(&self) -> Vec<u8> {
                    $kind::BatchMessage::to_vec(self)
                }
                fn copy_to(&self, buffer: &mut [u8]) -> Result<usize, BufferTooSmall> {
                    $kind::BatchMessage::copy_to(self, buffer)
                }
            }
        };
    };
}
pub(crate) use joined;
