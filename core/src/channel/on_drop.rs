//! What dropping a message means.

/// What dropping a message or a batch means: see [`Receiver::on_drop`](crate::generic::Receiver::on_drop).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDrop {
    /// It is acknowledged: the message is done with.
    #[default]
    Acknowledge,
    /// It is given back, as [`nack`](crate::generic::Message::nack) does: the message comes again. What is done with is acknowledged by name.
    GiveBack,
}
