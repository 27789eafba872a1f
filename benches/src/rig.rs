//! Two ends on two cores, run round by round. More than two: [`crate::crew`].
//!
//! The lead is this process's main thread; partners are a second process (this program again, with a hidden
//! subcommand) and a second thread. Both take orders of the same form, and do nothing between them.
//!
//! ```text
//! lead      order ──► warm up ── meet ── chunk, account, chunk, account, … ──► hear the partner's accounts
//! partner         ──► warm up ── meet ── chunk, account, chunk, account, … ──► tell them
//! ```

use crate::arena::{APART, Arena};
use crate::contest::{BLOCK, Contest, Crew, End, Open, ThreadEnd, Watch};
use crate::crew::{CrewRound, Members};
use crate::disturbance::{Account, Chunk, counting};
use crate::machine;
use crate::place::Place;
use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What a round yielded.
#[derive(Debug)]
pub struct Round {
    /// The lead's chunks.
    pub chunks: Vec<Yield>,
}

/// What one chunk of the lead yielded.
#[derive(Debug)]
pub struct Yield {
    /// How long it took.
    pub wall: Duration,
    /// Its round trips in blocks, where blocks are timed.
    pub blocks: Vec<Duration>,
    /// Each of its operations, where each is timed.
    pub latencies_ns: Vec<u64>,
    /// CPU time of the lead, and of the partner for as many operations.
    pub ran: [Duration; 2],
    /// Whether it counts, by the rule of [`crate::disturbance`].
    pub counts: bool,
}

/// The number of operations of one round.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Plan {
    /// Not timed, before the others.
    pub warm_up: u64,
    /// Timed, in each chunk.
    pub chunk: u64,
    /// How many chunks there are.
    pub chunks: usize,
}

#[derive(Debug, Serialize, Deserialize)]
enum Order {
    Open { contest: String },
    Run { contest: String, plan: Plan, may_sleep: bool },
}

#[derive(Debug, Serialize, Deserialize)]
struct Reply {
    wrong: u64,
    balance: u64,
    chunks: Vec<Chunk>,
}

/// Where both ends of a round start at the same moment.
struct Meeting {
    words: Arena,
    leads: bool,
    turn: u64,
}

impl Meeting {
    fn new(words: Arena, leads: bool) -> Self {
        Self { words, leads, turn: 0 }
    }

    fn meet(&mut self) -> Result<()> {
        self.turn += 1;
        let (own, other) = if self.leads { (0, APART) } else { (APART, 0) };
        self.words.word(own).store(self.turn, Release);
        let patience = Instant::now() + Duration::from_secs(30);
        while self.words.word(other).load(Acquire) < self.turn {
            std::hint::spin_loop();
            if Instant::now() > patience {
                bail!("the other end did not come to the meeting: its error stands above");
            }
        }
        Ok(())
    }

    /// One round of one end.
    fn run(&mut self, end: &mut dyn End, plan: Plan, may_sleep: bool) -> Result<(Watch, Vec<Chunk>)> {
        let mut watch = Watch::default();
        let mut chunks = Vec::with_capacity(plan.chunks);
        end.begin();
        end.run(plan.warm_up, &mut watch)?;
        watch.blocks.clear();
        watch.blocks.reserve((plan.chunk / BLOCK) as usize * plan.chunks);
        if !watch.latencies_ns.is_empty() {
            // Touched now, so that no page is missing while messages are timed.
            watch.latencies_ns.resize(plan.chunk as usize * plan.chunks, 1);
            watch.latencies_ns.clear();
        }
        self.meet()?;
        end.begin();
        let mut start = Account::now(may_sleep)?;
        for _ in 0..plan.chunks {
            end.run(plan.chunk, &mut watch)?;
            let now = Account::now(may_sleep)?;
            chunks.push(now.chunk_since(&start));
            start = now;
        }
        Ok((watch, chunks))
    }
}

/// The lead, with its partners.
pub struct Rig {
    // In the order in which they go: the other ends, those here, and the place when nobody has anything there.
    process: PartnerProcess,
    thread: PartnerThread,
    members: Members,
    ends: HashMap<String, Box<dyn End>>,
    meetings: [Meeting; 2],
    place: Place,
}

const MEETING_BYTES: usize = 4096;

/// How long a partner may take to close its ends.
const TIME_TO_LEAVE: Duration = Duration::from_secs(2);

impl Rig {
    /// Pins the calling thread to the first core and starts partners on the second.
    pub fn start(cores: [usize; 2]) -> Result<Self> {
        ensure!(cores[0] != cores[1], "two ends need two cores");
        let place = Place::new()?;
        let [processes, threads] = ["meeting-processes", "meeting-threads"].map(|name| place.path().join(name));
        let leading = |path: &Path| anyhow::Ok(Meeting::new(Arena::create(path, MEETING_BYTES)?, true));
        let meetings = [leading(&processes)?, leading(&threads)?];
        let process = PartnerProcess::start(place.path(), &processes, cores[1])?;
        let thread = PartnerThread::start(&threads, cores[1])?;
        machine::pin(cores[0])?;
        let members = Members::new(place.path(), cores);
        Ok(Self { process, thread, members, ends: HashMap::new(), meetings, place })
    }

    /// One round of a contest with a crew.
    pub fn run_crew(&mut self, contest: &Contest, crew: Crew, operations: u64) -> Result<CrewRound> {
        self.members.run(contest, crew, operations)
    }

    /// One round of one contest.
    pub fn run(&mut self, contest: &Contest, plan: Plan) -> Result<Round> {
        self.open(contest).with_context(|| format!("opening {}", contest.id))?;
        let may_sleep = contest.may_sleep;
        let order = Order::Run { contest: contest.id.clone(), plan, may_sleep };
        let end = self.ends.get_mut(&contest.id).context("the contest was not opened")?;
        let (watch, own) = if contest.between_processes() {
            self.process.order(&order)?;
            self.meetings[0].run(&mut **end, plan, may_sleep)
        } else {
            self.thread.order(order, None)?;
            self.meetings[1].run(&mut **end, plan, may_sleep)
        }
        .with_context(|| format!("running {}", contest.id))?;
        let reply = if contest.between_processes() { self.process.reply() } else { self.thread.reply() }?;
        let right = watch.wrong + reply.wrong == 0 && watch.balance.wrapping_add(reply.balance) == 0;
        ensure!(right, "{}: messages were not what was sent", contest.id);
        let mut blocks = watch.blocks.chunks((plan.chunk / BLOCK).max(1) as usize);
        let mut latencies = watch.latencies_ns.chunks(plan.chunk as usize);
        let chunks = own.iter().zip(&reply.chunks).zip(counting(&own, &reply.chunks));
        let yields = chunks.map(|((chunk, partners), counts)| Yield {
            wall: Duration::from_nanos(chunk.end_ns - chunk.start_ns),
            blocks: blocks.next().unwrap_or_default().to_vec(),
            latencies_ns: latencies.next().unwrap_or_default().to_vec(),
            ran: [chunk.ran_ns, partners.ran_ns].map(Duration::from_nanos),
            counts,
        });
        Ok(Round { chunks: yields.collect() })
    }

    fn open(&mut self, contest: &Contest) -> Result<()> {
        if self.ends.contains_key(&contest.id) {
            return Ok(());
        }
        let order = Order::Open { contest: contest.id.clone() };
        let lead = match &contest.open {
            Open::Processes { lead, .. } => {
                let lead = lead(&self.place.path().join(&contest.id))?;
                self.process.order(&order)?;
                self.process.reply()?;
                lead
            }
            Open::Threads(pair) => {
                let (lead, partner) = pair()?;
                self.thread.order(order, Some(partner))?;
                self.thread.reply()?;
                lead
            }
            Open::CrewOfProcesses(..) | Open::CrewOfThreads(..) => bail!("it has a crew"),
        };
        self.ends.insert(contest.id.clone(), lead);
        Ok(())
    }
}

struct PartnerProcess {
    child: Child,
    /// `None` when there will be no more.
    orders: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl PartnerProcess {
    fn start(folder: &Path, meeting: &Path, core: usize) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("partner")
            .args([folder, meeting])
            .arg(core.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the partner process")?;
        let orders = Some(child.stdin.take().context("no pipe to the partner")?);
        let replies = child.stdout.take().context("no pipe from the partner")?;
        Ok(Self { child, orders, replies: BufReader::new(replies) })
    }

    fn order(&mut self, order: &Order) -> Result<()> {
        let orders = self.orders.as_mut().context("no more orders")?;
        writeln!(orders, "{}", serde_json::to_string(order)?).context("ordering the partner process")
    }

    fn reply(&mut self) -> Result<Reply> {
        let mut line = String::new();
        self.replies.read_line(&mut line)?;
        serde_json::from_str(&line).context("the partner process has gone: its error stands above")
    }
}

impl Drop for PartnerProcess {
    fn drop(&mut self) {
        // It is between two orders, and leaves, closing its ends. Or it is waiting for an end that will not come.
        self.orders = None;
        let left = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && left.elapsed() < TIME_TO_LEAVE {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The partner process: takes orders from standard input until it ends.
pub fn partner(contests: &[Contest], folder: &Path, meeting: &Path, core: usize) -> Result<()> {
    // A lead that is killed leaves its partner spinning for it.
    set_parent_process_death_signal(Some(Signal::KILL)).context("asking to die with the lead")?;
    machine::pin(core)?;
    let mut meeting = Meeting::new(Arena::open(meeting)?, false);
    let mut ends: HashMap<String, Box<dyn End>> = HashMap::new();
    for line in std::io::stdin().lines() {
        let reply = match serde_json::from_str(&line?)? {
            Order::Open { contest: id } => {
                let contest = contests.iter().find(|contest| contest.id == id).context("no such contest")?;
                let Open::Processes { partner, .. } = &contest.open else { bail!("{id} has no partner process") };
                ends.insert(id.clone(), partner(&folder.join(&id))?);
                Reply { wrong: 0, balance: 0, chunks: Vec::new() }
            }
            Order::Run { contest, plan, may_sleep } => obey(&mut meeting, ends.get_mut(&contest), plan, may_sleep)?,
        };
        println!("{}", serde_json::to_string(&reply)?);
    }
    Ok(())
}

fn obey(meeting: &mut Meeting, end: Option<&mut Box<dyn End>>, plan: Plan, may_sleep: bool) -> Result<Reply> {
    let end = end.context("not opened")?;
    let (watch, chunks) = meeting.run(&mut **end, plan, may_sleep)?;
    Ok(Reply { wrong: watch.wrong, balance: watch.balance, chunks })
}

struct PartnerThread {
    orders: mpsc::Sender<(Order, Option<ThreadEnd>)>,
    replies: mpsc::Receiver<Result<Reply>>,
}

impl PartnerThread {
    fn start(meeting: &Path, core: usize) -> Result<Self> {
        let (orders, to_obey) = mpsc::channel::<(Order, Option<ThreadEnd>)>();
        let (answers, replies) = mpsc::channel();
        let path = PathBuf::from(meeting);
        std::thread::spawn(move || {
            let serve = || -> Result<()> {
                machine::pin(core)?;
                let mut meeting = Meeting::new(Arena::open(&path)?, false);
                let mut ends: HashMap<String, Box<dyn End>> = HashMap::new();
                for (order, end) in to_obey {
                    let reply = match order {
                        Order::Open { contest } => {
                            ends.extend(end.map(|end| (contest, end as Box<dyn End>)));
                            Reply { wrong: 0, balance: 0, chunks: Vec::new() }
                        }
                        Order::Run { contest, plan, may_sleep } => {
                            obey(&mut meeting, ends.get_mut(&contest), plan, may_sleep)?
                        }
                    };
                    answers.send(Ok(reply))?;
                }
                Ok(())
            };
            if let Err(error) = serve() {
                let _ = answers.send(Err(error)); // The lead has gone: nobody wants to know.
            }
        });
        Ok(Self { orders, replies })
    }

    fn order(&self, order: Order, end: Option<ThreadEnd>) -> Result<()> {
        self.orders.send((order, end)).ok().context("the partner thread has gone")
    }

    fn reply(&self) -> Result<Reply> {
        self.replies.recv().context("the partner thread has gone")?
    }
}
