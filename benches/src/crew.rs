//! More busy participants than cores, run round by round.
//!
//! Every seat is a process of its own (this program again, with a hidden subcommand) and a thread of this one, both pinned;
//! a contest uses the ones or the others. The lead only gives orders, and sleeps meanwhile. What a round costs is the CPU
//! time that the members spent on their parts, user and system, spinning and yielding included, and that of threads which they
//! start and wait for; by the clock it lasts from the first one's start to the last one's end.

use crate::clock::process_ran_ns;
use crate::contest::{Contest, Crew, End, Open, ThreadEnd, Watch};
use crate::disturbance::{Books, Spent};
use crate::machine;
use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

/// What takes longer than this has hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a round yielded.
#[derive(Debug)]
pub struct CrewRound {
    /// From the first one's start to the last one's end.
    pub wall: Duration,
    /// CPU time of all members together.
    pub cpu: Duration,
    /// Whether it counts, by the rule of [`crate::disturbance`].
    pub counts: bool,
}

#[derive(Debug, Serialize, Deserialize)]
enum Order {
    Open { contest: String },
    Run { contest: String, operations: u64, core: usize },
}

#[derive(Debug, Serialize, Deserialize)]
struct Reply {
    wrong: u64,
    balance: u64,
    spent: Spent,
}

/// What a thread is told: with the end that it is to keep, when a contest is opened.
type Told = (Order, Option<ThreadEnd>);

/// Members in all seats that were needed so far.
pub struct Members {
    folder: PathBuf,
    cores: [usize; 2],
    processes: Vec<MemberProcess>,
    threads: Vec<Sender<Told>>,
    opened: HashSet<String>,
    /// Where everybody answers.
    answers: Sender<Result<Reply>>,
    replies: Receiver<Result<Reply>>,
}

impl Members {
    /// Nobody yet; processes meet in files of this folder.
    pub fn new(folder: &Path, cores: [usize; 2]) -> Self {
        let (answers, replies) = mpsc::channel();
        let (processes, threads, opened) = (Vec::new(), Vec::new(), HashSet::new());
        Self { folder: folder.to_owned(), cores, processes, threads, opened, answers, replies }
    }

    /// One round of one contest; `operations` is a multiple of the crew's share.
    pub fn run(&mut self, contest: &Contest, crew: Crew, operations: u64) -> Result<CrewRound> {
        self.open(contest, crew).with_context(|| format!("opening {}", contest.id))?;
        let (before, ran_before) = (Books::of(self.cores)?, process_ran_ns());
        for seat in 0..crew.size() {
            let core = self.cores[usize::from(crew.sender(seat).is_some())];
            let part = crew.part(seat, operations);
            self.order(contest, seat, Order::Run { contest: contest.id.clone(), operations: part, core }, None)?;
        }
        let replies = (0..crew.size()).map(|_| self.reply()).collect::<Result<Vec<_>>>();
        let replies = replies.with_context(|| format!("running {}", contest.id))?;
        let (after, ran) = (Books::of(self.cores)?, process_ran_ns() - ran_before);
        let wrong: u64 = replies.iter().map(|reply| reply.wrong).sum();
        let balance = replies.iter().fold(0u64, |sum, reply| sum.wrapping_add(reply.balance));
        ensure!(wrong == 0 && balance == 0, "{}: messages were not what was sent", contest.id);
        let spent: Vec<Spent> = replies.iter().map(|reply| reply.spent).collect();
        let start_ns = spent.iter().map(|one| one.start_ns).min().unwrap_or(0);
        let end_ns = spent.iter().map(|one| one.end_ns).max().unwrap_or(0);
        // Members that are threads are what this process does meanwhile, and what they start is, too.
        let cpu_ns = if contest.between_processes() { spent.iter().map(|one| one.ran_ns).sum() } else { ran };
        Ok(CrewRound {
            wall: Duration::from_nanos(end_ns - start_ns),
            cpu: Duration::from_nanos(cpu_ns),
            counts: after.since(&before, cpu_ns).counts(),
        })
    }

    fn open(&mut self, contest: &Contest, crew: Crew) -> Result<()> {
        if !self.opened.insert(contest.id.clone()) {
            return Ok(());
        }
        let mut ends = match &contest.open {
            Open::CrewOfThreads(_, open) => open()?.into_iter().map(Some).collect(),
            _ => Vec::new(),
        };
        ends.resize_with(crew.size(), || None);
        for (seat, end) in ends.into_iter().enumerate() {
            if contest.between_processes() && self.processes.len() == seat {
                self.processes.push(MemberProcess::start(&self.folder, seat, self.answers.clone())?);
            } else if self.threads.len() == seat {
                self.threads.push(start_thread(self.answers.clone()));
            }
            self.order(contest, seat, Order::Open { contest: contest.id.clone() }, end)?;
            self.reply()?;
        }
        Ok(())
    }

    fn order(&mut self, contest: &Contest, seat: usize, order: Order, end: Option<ThreadEnd>) -> Result<()> {
        if contest.between_processes() {
            let orders = &mut self.processes[seat].orders;
            writeln!(orders, "{}", serde_json::to_string(&order)?).context("ordering a member process")
        } else {
            self.threads[seat].send((order, end)).ok().context("a member thread has gone")
        }
    }

    /// The next one's answer. Whoever fails says so at once, though others wait for it.
    fn reply(&self) -> Result<Reply> {
        self.replies.recv_timeout(PATIENCE).context("a member hangs")?
    }
}

/// What a member does with its ends of the contests, until nobody orders anything.
struct Member {
    ends: HashMap<String, Box<dyn End>>,
}

impl Member {
    fn run(&mut self, contest: &str, operations: u64, core: usize) -> Result<Reply> {
        machine::pin(core)?;
        let end = self.ends.get_mut(contest).context("not opened")?;
        let mut watch = Watch::default();
        let spent = Spent::by(|| end.run(operations, &mut watch))?;
        Ok(Reply { wrong: watch.wrong, balance: watch.balance, spent })
    }

    fn keep(&mut self, contest: String, end: Box<dyn End>) -> Reply {
        self.ends.insert(contest, end);
        Reply { wrong: 0, balance: 0, spent: Spent::default() }
    }
}

fn start_thread(answers: Sender<Result<Reply>>) -> Sender<Told> {
    let (orders, told) = mpsc::channel::<Told>();
    std::thread::spawn(move || {
        let mut member = Member { ends: HashMap::new() };
        for (order, end) in told {
            let reply = match order {
                Order::Open { contest } => end.context("no end").map(|end| member.keep(contest, end)),
                Order::Run { contest, operations, core } => member.run(&contest, operations, core),
            };
            if answers.send(reply).is_err() {
                return; // The lead has gone.
            }
        }
    });
    orders
}

struct MemberProcess {
    child: Child,
    orders: ChildStdin,
}

impl MemberProcess {
    fn start(folder: &Path, seat: usize, answers: Sender<Result<Reply>>) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("member")
            .arg(folder)
            .arg(seat.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting a member process")?;
        let orders = child.stdin.take().context("no pipe to the member")?;
        let replies = BufReader::new(child.stdout.take().context("no pipe from the member")?);
        std::thread::spawn(move || {
            for line in replies.lines() {
                let reply = line.map_err(Into::into).and_then(|line| Ok(serde_json::from_str(&line)?));
                if answers.send(reply).is_err() {
                    return;
                }
            }
            let _ = answers.send(Err(anyhow!("a member process has gone: its error stands above")));
        });
        Ok(Self { child, orders })
    }
}

impl Drop for MemberProcess {
    fn drop(&mut self) {
        // It is between two orders, or spinning for others that will not come.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A member process: takes orders from standard input until it ends.
pub fn member(contests: &[Contest], folder: &Path, seat: usize) -> Result<()> {
    // A lead that is killed leaves members spinning.
    set_parent_process_death_signal(Some(Signal::KILL)).context("asking to die with the lead")?;
    let mut member = Member { ends: HashMap::new() };
    for line in std::io::stdin().lines() {
        let reply = match serde_json::from_str(&line?)? {
            Order::Open { contest: id } => {
                let contest = contests.iter().find(|contest| contest.id == id).context("no such contest")?;
                let Open::CrewOfProcesses(_, open) = &contest.open else { bail!("{id} has no member processes") };
                member.keep(id.clone(), open(&folder.join(&id), seat)?)
            }
            Order::Run { contest, operations, core } => member.run(&contest, operations, core)?,
        };
        println!("{}", serde_json::to_string(&reply)?);
    }
    Ok(())
}
