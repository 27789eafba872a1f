//! Which public calls refuse alike.

/// Calls that refuse in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Makes a channel in a file.
    Create,
    /// Makes one without a file.
    Unnamed,
    Open,
    /// Opens a channel without a file.
    OpenUnnamed,
    /// Puts a channel in the place of a stale one.
    Replace,
    Join,
    /// Sends, receives, acknowledges, leaves, closes: system calls only put to sleep and wake.
    Transfer,
    Inspect,
    List,
    Remove,
    /// Gives up a channel, and removes it if it can.
    Drop,
}
