//! Works off jobs from a channel that it inherited, as many as a limit says. `anonymous_parent` starts it; on its own, by
//! `cargo run --example anonymous_child`, it says what it lacks.

use memlane::{mpmc, watch};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut jobs = mpmc::Options::new().ends_when_drained(true).open_inherited("EXAMPLE_JOBS")?.receiver()?;
    let mut limit = watch::Options::new().open_inherited_read_only("EXAMPLE_LIMIT")?;
    let most: usize = String::from_utf8(limit.get()?)?.parse()?;
    for job in jobs.messages().take(most) {
        println!("did {}", String::from_utf8(job?)?);
    }
    Ok(())
}
