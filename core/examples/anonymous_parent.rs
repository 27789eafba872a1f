//! Starts a worker and hands it two channels without a name: its jobs, to take part in, and a limit, to look at alone.
//!
//! ```sh
//! cargo build --examples && cargo run --example anonymous_parent
//! ```
//!
//! Nothing is left behind, whatever ends either of them: the channels go with their last process.

use memlane::{mpmc, watch};
use std::error::Error;
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    let jobs = mpmc::Options::new().anonymous()?;
    let limit = watch::Options::new().one_way()?; // nobody else can write to it, ever
    let (mut tx, mut limits) = (jobs.sender()?, limit.sender()?);
    limits.set(b"3")?;

    let mut worker = Command::new(std::env::current_exe()?.with_file_name("anonymous_child"));
    jobs.pass_to(&mut worker, "EXAMPLE_JOBS")?; // no other program inherits them
    limit.pass_read_only_to(&mut worker, "EXAMPLE_LIMIT")?;
    let mut worker = worker.spawn()?;
    for job in ["one", "two", "three", "four"] {
        tx.send(job.as_bytes())?;
    }
    drop(tx); // the worker ends when it has received everything
    worker.wait()?;
    Ok(())
}
