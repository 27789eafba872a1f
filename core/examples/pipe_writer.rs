//! Writes standard input to a pipe. In two terminals, in any order:
//!
//! ```sh
//! cargo run --example pipe_writer < README.md
//! cargo run --example pipe_reader
//! ```
//!
//! The reader removes the channel at the end.

use memlane::pipe;
use std::error::Error;
use std::io;

fn main() -> Result<(), Box<dyn Error>> {
    let mut writer = pipe::Writer::open_or_create("example-text")?;
    // Anything that writes to an `io::Write` can write to it. It waits while the pipe is full.
    io::copy(&mut io::stdin().lock(), &mut writer)?;
    writer.leave()?; // as dropping does: the end of the file for the reader; fails if the channel was removed
    Ok(())
}
