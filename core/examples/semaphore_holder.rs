//! Uses one of two licences. In as many terminals as you like:
//!
//! ```sh
//! cargo run --example semaphore_holder
//! ```
//!
//! Two of them work at a time. Kill one (kill -9) while it works: the next one gets its licence. The last one to end removes the channel.

use memlane::semaphore;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let channel = semaphore::Options::new().permits(2).open_or_create("example-licences")?;
    let mut licences = channel.semaphore()?;
    for job in 1..=3 {
        let permit = licences.acquire()?; // waits while two others work
        println!("job {job}");
        drop(permit); // the next one may work
    }
    drop(licences);
    let _ = channel.remove(); // unless another one still uses it
    Ok(())
}
