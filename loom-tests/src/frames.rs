//! Call frames made of loom's parts, and the accounts of who called and what came back.
//!
//! Requests and answers are loom cells: loom itself reports a frame that is filled while somebody reads it. Where calls are not repeated, both are the
//! same cell, as both are in one area where the code ships.

use crate::departed::{self, Dead, first_life, live};
use loom::cell::Cell;
use loom::thread::{self, JoinHandle};
use memlane::layout::{FrameState, FrameWord, RowIndex};
use memlane::ring::frames::{Ask, Cancelled, FrameMemory, Frames, Given, Progress, Settled};
use memlane::ring::slots::{Search, SlotGeometry, SlotMemory};
use memlane::sync::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::cell::RefCell;
use std::rc::Rc;

/// Rows of the models' participants: clients have the first two, servers and helpers the others.
const ROWS: u16 = 6;

/// A server's answer to a request is so much more.
const ANSWER: u64 = 1000;

/// The words of some frames, shared by its clones.
#[derive(Debug, Clone)]
pub struct LoomFrames(Rc<Words>);

#[derive(Debug)]
struct Words {
    frames: Vec<Frame>,
    cells: Vec<AtomicU64>,
    head: AtomicU64,
    tail: AtomicU64,
    returned: AtomicU64,
    searched: AtomicU64,
    rows: Vec<AtomicU64>,
}

#[derive(Debug)]
struct Frame {
    word: AtomicU64,
    header: AtomicU64,
    caller: AtomicU64,
    answer_length: AtomicU32,
    request: Cell<u64>,
    answer: Cell<u64>,
}

impl SlotMemory for LoomFrames {
    fn slot(&self, frame: u16) -> &AtomicU64 {
        &self.0.frames[usize::from(frame)].word
    }

    fn slot_header(&self, frame: u16) -> &AtomicU64 {
        &self.0.frames[usize::from(frame)].header
    }

    fn cell(&self, _: u8, index: u64) -> &AtomicU64 {
        &self.0.cells[index as usize]
    }

    fn head(&self, _: u8) -> &AtomicU64 {
        &self.0.head
    }

    fn tail(&self, _: u8) -> &AtomicU64 {
        &self.0.tail
    }

    fn returned(&self) -> &AtomicU64 {
        &self.0.returned
    }

    fn searched(&self) -> &AtomicU64 {
        &self.0.searched
    }
}

impl FrameMemory for LoomFrames {
    fn caller(&self, frame: u16) -> &AtomicU64 {
        &self.0.frames[usize::from(frame)].caller
    }

    fn answer_length(&self, frame: u16) -> &AtomicU32 {
        &self.0.frames[usize::from(frame)].answer_length
    }
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The answer that belongs to it.
    Answered,
    /// Its server died.
    Failed,
    /// Its client gave up.
    GivenUp,
}

/// Some frames, and everything that is known about the calls. Clones are the same frames.
#[derive(Debug, Clone)]
pub struct Calls {
    memory: LoomFrames,
    geometry: SlotGeometry,
    repeats: bool,
    /// How often each request was worked on.
    worked: Rc<RefCell<Vec<u64>>>,
}

impl Calls {
    /// So many fresh frames, and as few cells as correctness allows. `repeats`: calls of dead servers go to others.
    pub fn of(frames: u32, repeats: bool) -> Self {
        let geometry = SlotGeometry::new(frames, u64::from(frames).next_power_of_two(), 1);
        let word = || AtomicU64::new(0);
        let frame = |_| Frame {
            word: AtomicU64::new(FrameWord::FRESH.bits()),
            header: word(),
            caller: word(),
            answer_length: AtomicU32::new(0),
            request: Cell::new(u64::MAX),
            answer: Cell::new(u64::MAX),
        };
        let memory = LoomFrames(Rc::new(Words {
            frames: (0..frames).map(frame).collect(),
            cells: (0..geometry.cells()).map(|_| word()).collect(),
            head: word(),
            tail: word(),
            returned: word(),
            searched: word(),
            rows: (0..ROWS).map(|row| AtomicU64::new(live(first_life(row)).bits())).collect(),
        }));
        Self { memory, geometry, repeats, worked: Rc::default() }
    }

    /// Access for the participant in this row.
    pub fn frames(&self, row: u16) -> Frames<LoomFrames> {
        Frames::new(self.memory.clone(), self.geometry, RowIndex(row))
    }

    fn request_of(&self, frame: u16) -> &Cell<u64> {
        &self.memory.0.frames[usize::from(frame)].request
    }

    fn answer_of(&self, frame: u16) -> &Cell<u64> {
        let frame = &self.memory.0.frames[usize::from(frame)];
        if self.repeats { &frame.answer } else { &frame.request }
    }

    /// Takes a frame, if there is one, and fills it.
    pub fn fill(&self, client: &mut Frames<LoomFrames>, request: u64) -> Option<Ask> {
        let ask = match client.alloc_fast() {
            Some(ask) => ask,
            None => client.alloc_while(|| true).expect("sound")?,
        };
        self.request_of(ask.frame).set(request);
        Some(ask)
    }

    /// Asks, if there is a frame.
    pub fn ask(&self, client: &mut Frames<LoomFrames>, request: u64) -> Option<Ask> {
        let ask = self.fill(client, request)?;
        client.ask(&ask, 8, Some(request)).expect("sound");
        Some(ask)
    }

    /// Looks for the answer, which has to be that to this request.
    pub fn look(&self, client: &mut Frames<LoomFrames>, ask: &Ask, request: u64) -> Option<Outcome> {
        match client.look(ask).expect("sound") {
            Progress::Waiting => None,
            Progress::Ended(ended) => Some(self.end(client, ended, request)),
        }
    }

    fn end(&self, client: &mut Frames<LoomFrames>, ended: memlane::ring::frames::Ended, request: u64) -> Outcome {
        if ended.is_answered {
            assert_eq!(self.answer_of(ended.frame).get(), request + ANSWER, "another call's answer");
            assert_eq!(client.memory().answer_length(ended.frame).load(Relaxed), request as u32, "its length");
        }
        client.finish(ended).expect("it is its client's");
        if ended.is_answered { Outcome::Answered } else { Outcome::Failed }
    }

    /// Gives the call up, unless it is over.
    pub fn cancel(&self, client: &mut Frames<LoomFrames>, ask: &Ask, request: u64) -> Outcome {
        match client.cancel(ask).expect("sound") {
            Cancelled::Unseen { .. } | Cancelled::Abandoned => Outcome::GivenUp,
            Cancelled::Ended(ended) => self.end(client, ended, request),
        }
    }

    /// Calls: looks so often, and then gives up. `None`: there is no frame.
    pub fn call(&self, client: &mut Frames<LoomFrames>, request: u64, looks: u32) -> Option<Outcome> {
        let ask = self.ask(client, request)?;
        let found = (0..looks).find_map(|_| self.look(client, &ask, request));
        Some(found.unwrap_or_else(|| self.cancel(client, &ask, request)))
    }

    /// Takes a call, if there is one: one that a dead server had first.
    pub fn take(&self, server: &Frames<LoomFrames>) -> Option<(Given, u64)> {
        let mut search = Search::default();
        server.search_if_returned(&mut search);
        let given = server.take(&mut search).expect("sound").given?;
        let request = self.request_of(given.frame).get();
        assert_eq!(given.caller.deadline_us(), Some(request), "who called stands in the frame");
        self.worked.borrow_mut().push(request);
        let times = self.worked.borrow().iter().filter(|worked| **worked == request).count();
        assert!(times == 1 || self.repeats && given.header.deliveries() > 1, "{request} was worked on twice");
        Some((given, request))
    }

    /// Answers. Whether the client was still there.
    pub fn answer(&self, server: &Frames<LoomFrames>, (given, request): (Given, u64)) -> bool {
        self.answer_of(given.frame).set(request + ANSWER);
        server.answer(&given, request as u32).expect("it is the server's")
    }

    /// Takes a call and answers it. Whether there was one.
    pub fn serve(&self, server: &Frames<LoomFrames>) -> bool {
        let Some(taken) = self.take(server) else { return false };
        self.answer(server, taken);
        true
    }

    /// A server on a thread of its own, that looks for a call so often.
    pub fn server(&self, row: u16, looks: u32) -> JoinHandle<()> {
        let here = self.clone();
        thread::spawn(move || {
            let server = here.frames(row);
            for _ in 0..looks {
                let _ = here.serve(&server);
            }
        })
    }

    /// A helper on a thread of its own, that reaps all of these by one pass.
    pub fn helper<const N: usize>(&self, dead: [u16; N]) -> JoinHandle<()> {
        let here = self.clone();
        thread::spawn(move || here.reap(&dead))
    }

    /// Reaps all of these by one pass, as far as they have not been reaped yet: they are dead and joined. Others may do so at the same time.
    pub fn reap(&self, departed: &[u16]) {
        let rows = &self.memory.0.rows[..];
        let dead = Dead::among(rows, departed);
        if dead.is_empty() {
            return;
        }
        let told = |settled: Settled| assert!(self.repeats || matches!(settled, Settled::Failed(_)));
        self.frames(ROWS - 1).reap(&dead, self.repeats, 0, told).expect("the dead leave sound frames");
        dead.bury();
    }

    /// Takes the seat of one that was reaped. Whether it was.
    pub fn sit_down(&self, row: u16) -> bool {
        departed::sit_down(&self.memory.0.rows, row)
    }

    /// Whether a frame is not free: a reaping that finds nothing is not worth a model of several.
    pub fn is_used(&self) -> bool {
        self.state_of(0) != Some(FrameState::Free)
    }

    fn state_of(&self, frame: u16) -> Option<FrameState> {
        FrameWord::from_bits(self.memory.slot(frame).load(Relaxed)).state()
    }

    /// All is quiet, and no client waits any more: a server takes what is left. Then all frames are free, and each works.
    pub fn settle(&self) {
        let server = self.frames(4);
        while self.serve(&server) {}
        let mut client = self.frames(1);
        for frame in 0..self.geometry.slots() as u16 {
            assert_eq!(self.state_of(frame), Some(FrameState::Free), "frame {frame} is lost");
        }
        let asked: Vec<_> = (0..u64::from(self.geometry.slots()))
            .map(|number| (self.ask(&mut client, 500 + number).expect("all are free"), 500 + number))
            .collect();
        for (ask, request) in asked {
            assert!(self.serve(&server), "it was asked");
            assert_eq!(self.look(&mut client, &ask, request), Some(Outcome::Answered), "in order");
        }
    }
}
