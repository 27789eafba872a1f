//! Asks for ten squares, and closes the channel. In two terminals or more, the servers first:
//!
//! ```sh
//! cargo run --example rpc_server        # as many as you like: each call goes to one of them
//! cargo run --example rpc_client
//! ```

use memlane::rpc;
use std::error::Error;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let channel = rpc::Options::new().open("example-squares")?;
    let client = channel.client()?;
    for number in 1..=10 {
        let answer = client.call(number.to_string().as_bytes(), Duration::from_secs(10))?;
        println!("{number} squared is {}", String::from_utf8(answer)?);
    }
    drop(client);
    channel.close(); // the servers end
    let _ = channel.remove(); // unless one of them still uses it: then that one does
    Ok(())
}
