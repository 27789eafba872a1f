//! Answers calls: see `rpc_client`.
//!
//! ```sh
//! cargo run --example rpc_server
//! ```

use memlane::{RecvError, rpc};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let channel = rpc::Options::new().open_or_create("example-squares")?;
    let server = channel.server()?;
    loop {
        let call = match server.next() {
            Ok(call) => call,
            Err(RecvError::Disconnected) => break, // the channel was closed
            Err(error) => return Err(error.into()),
        };
        // A request that is no number is dropped unanswered, which its client is told.
        if let Ok(number) = String::from_utf8(call.to_vec()?)?.parse::<u64>() {
            call.respond((number * number).to_string().as_bytes())?;
        }
    }
    drop(server);
    let _ = channel.remove(); // unless another one still uses it
    Ok(())
}
