//! What those cost that wait, all together.

use super::worker::{PATIENCE, SLICE};
use crate::measure;
use crate::scratch::Scratch;
use crate::talk::Talker;
use anyhow::{Result, ensure};
use memlane::mpmc;
use std::fmt;
use std::time::Duration;

/// How many there are, and where.
#[derive(Clone, Copy)]
pub struct Crowd {
    pub channels: u32,
    /// Processes of all channels together.
    pub processes: u32,
    /// Receivers in each process.
    pub each: u32,
}

impl Crowd {
    fn receivers(&self) -> u32 {
        self.processes * self.each
    }
}

impl fmt::Display for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {} processes, {} channels", self.receivers(), self.processes, self.channels)
    }
}

/// How closely it is looked at.
#[derive(Clone, Copy)]
pub struct Watching {
    /// For how long it is watched.
    pub seconds: u64,
    /// How often one of it joins, and forks, meanwhile.
    pub tries: u32,
}

/// What was measured, as shares of one processor.
pub struct Cost {
    crowd: Crowd,
    share: f64,
    /// The same number of threads that sleep as often, and do nothing else.
    sleeping: f64,
    joins: Duration,
    forks: Duration,
}

/// How much more a participant's sleep may cost than a thread's: it looks twice, and fences in between.
const SLEEP: f64 = 3.0;

/// A join may take as long, and somebody who forks waits no longer.
const MEANWHILE: Duration = SLICE;

/// Watches a crowd for a while, and one of its processes join and fork.
pub fn measure(crowd: &Crowd, watching: Watching) -> Result<Cost> {
    let scratch = Scratch::new()?;
    let names: Vec<_> = (0..crowd.channels).map(|number| scratch.file(&format!("channel-{number}"))).collect();
    let per_channel = crowd.receivers() / crowd.channels;
    for name in &names {
        mpmc::Options::new().slots(64).max_senders(4).max_receivers(per_channel as usize).create(name)?;
    }
    let mut sleepers = start(crowd, &names, &["--sleepers"])?;
    let sleeping = watch(&mut sleepers, watching.seconds)?;
    drop(sleepers);
    let mut members = start(crowd, &names, &[])?;
    let share = watch(&mut members, watching.seconds)?;
    let [joins, forks] = ["join", "fork"].map(|what| tries(&mut members[0], what, watching.tries));
    let (mut joins, mut forks) = (joins?, forks?);
    println!(
        "{crowd}: {:.3} % of a processor in all; as many that only sleep as often: {:.3} %",
        share * 100.0,
        sleeping * 100.0
    );
    println!("  a join meanwhile {}", measure::spread(&mut joins));
    println!("  a fork meanwhile {}", measure::spread(&mut forks));
    let longest = |times: &[Duration]| times.last().copied().unwrap_or_default();
    Ok(Cost { crowd: *crowd, share, sleeping, joins: longest(&joins), forks: longest(&forks) })
}

impl Cost {
    /// Beside what one alone costs.
    pub fn judge(&self, one: &Self) -> Result<()> {
        let allowed = SLEEP * self.sleeping + one.share;
        ensure!(
            self.share <= allowed,
            "{}: {:.3} % of a processor, where so much sleep and one alone ({:.3} %) allow {:.3} %",
            self.crowd,
            self.share * 100.0,
            one.share * 100.0,
            allowed * 100.0
        );
        for (what, longest) in [("join", self.joins), ("fork", self.forks)] {
            ensure!(longest <= MEANWHILE, "{}: a {what} took {longest:.1?}", self.crowd);
        }
        Ok(())
    }
}

/// All processes of a crowd, which are ready.
fn start(crowd: &Crowd, names: &[String], more: &[&str]) -> Result<Vec<Talker>> {
    let receivers = format!("--receivers={}", crowd.each);
    let one = |name: &String| Talker::start(["crowd-worker", name, &receivers].iter().chain(more));
    let members = names.iter().cycle().take(crowd.processes as usize).map(one);
    let mut members = members.collect::<Result<Vec<_>>>()?;
    for member in &mut members {
        member.answer("ready", PATIENCE)?;
    }
    Ok(members)
}

/// What these processes take of a processor, for so long, once they have settled down.
fn watch(members: &mut [Talker], seconds: u64) -> Result<f64> {
    std::thread::sleep(5 * SLICE);
    let used =
        |members: &[Talker]| members.iter().map(|one| measure::processor_time(one.id())).sum::<Result<Duration>>();
    let (before, watched) = (used(members)?, Duration::from_secs(seconds));
    std::thread::sleep(watched);
    Ok((used(members)? - before).div_duration_f64(watched))
}

/// How long each try took in that process.
fn tries(member: &mut Talker, what: &str, count: u32) -> Result<Vec<Duration>> {
    member.say(&format!("{what} {count}"));
    let times = member.answer(&format!("{what}s"), PATIENCE)?;
    times.split(' ').map(|time| Ok(Duration::from_nanos(time.parse()?))).collect()
}
