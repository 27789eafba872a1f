//! What a pair of workers does whose calls are counted, whichever kind their channel is.

use anyhow::{Result, bail, ensure};
use memlane::generic::{ChannelKind, Receiver, Sender};
use memlane::{RecvError, Strategy};

/// Sends so many messages of 8 bytes, spinning.
pub fn pump(mut tx: Sender<impl ChannelKind>, count: u64) -> Result<()> {
    tx.set_strategy(Strategy::Spin);
    for number in 0..count {
        tx.send(&number.to_le_bytes())?;
    }
    Ok(())
}

/// Receives them, spinning, until the sender has gone.
pub fn drain(mut rx: Receiver<impl ChannelKind>) -> Result<()> {
    rx.set_strategy(Strategy::Spin);
    let mut message = [0; 8];
    let mut expected = 0u64;
    loop {
        match rx.recv_into(&mut message) {
            Ok(8) => ensure!(u64::from_le_bytes(message) == expected, "message {expected} did not come"),
            Ok(length) => bail!("a message of {length} bytes"),
            Err(RecvError::Disconnected) => return Ok(()),
            Err(error) => bail!(error),
        }
        expected += 1;
    }
}
