//! Every contest of every table once, for a few operations: whether it works, not how fast.

use crate::contest::{BLOCK, Contest};
use crate::contests;
use crate::rig::{Plan, Rig};
use anyhow::Result;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Chunks of a contest between two; blocks of each member of a crew.
const BLOCKS: u64 = 10;

/// What takes longer has hung: it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs all of them; the first that fails ends it.
pub fn run(cores: [usize; 2]) -> Result<()> {
    let mut rig = Rig::start(cores)?;
    let (starts, started) = channel();
    std::thread::spawn(move || watch(&started));
    let contests = contests::all();
    for contest in &contests {
        starts.send(contest.id.clone())?;
        run_one(&mut rig, contest)?;
        println!("{}", contest.id);
    }
    println!("{} contests ran", contests.len());
    Ok(())
}

fn run_one(rig: &mut Rig, contest: &Contest) -> Result<()> {
    match contest.crew() {
        Some(crew) => rig.run_crew(contest, crew, BLOCKS * BLOCK * crew.share()).map(drop),
        None => rig.run(contest, Plan { warm_up: BLOCK, chunk: BLOCK, chunks: BLOCKS as usize }).map(drop),
    }
}

/// Ends the program if the contest that was started last takes too long: no end of it will come back to say so.
fn watch(started: &Receiver<String>) {
    let mut running = String::new();
    loop {
        match started.recv_timeout(PATIENCE) {
            Ok(id) => running = id,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                eprintln!("Error: {running} hangs");
                std::process::exit(1);
            }
        }
    }
}
