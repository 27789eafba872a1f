//! Prints the lines of a text that one writer writes, with their numbers. In two terminals, in any order:
//!
//! ```sh
//! cargo run --example pipe_reader
//! cargo run --example pipe_writer < README.md
//! ```
//!
//! The reader removes the channel at the end.

use memlane::{pipe, remove};
use std::error::Error;
use std::io::BufRead;

fn main() -> Result<(), Box<dyn Error>> {
    let reader = pipe::Reader::open_or_create("example-text")?;
    // The lines end when the writer has left. If it died, the last one is an error: the text is not complete.
    for (number, line) in (1..).zip(reader.lines()) {
        println!("{number}: {}", line?);
    }
    remove("example-text")?; // without this, the channel stays, for the next writer and reader
    Ok(())
}
