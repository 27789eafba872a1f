//! Random sequences of calls, answers and second thoughts against a queue that is obviously right, over channels of every place and shape.

mod support;

use memlane::rpc::{Call, Channel, Client, Options, Pending, Server};
use memlane::{Backend, CallError, RespondError, TryRecvError};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::time::Duration;
use support::stage::{Place, trust};
use support::{PATIENCE, Scratch};

const FRAMES: usize = 4;
const MAX_REQUEST: usize = 100;
const MAX_RESPONSE: usize = 60;

#[derive(Debug, Clone)]
enum Step {
    Start(usize),
    TryGet(usize),
    WaitShortly(usize),
    Cancel(usize),
    CallInVain,
    Next,
    Respond(usize, usize),
    DropCall(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let any = || 0..FRAMES;
    let step = prop_oneof![
        5 => (0..MAX_REQUEST + 2).prop_map(Step::Start),
        4 => any().prop_map(Step::TryGet),
        2 => any().prop_map(Step::WaitShortly),
        3 => any().prop_map(Step::Cancel),
        1 => Just(Step::CallInVain),
        5 => Just(Step::Next),
        5 => (any(), 0..MAX_RESPONSE + 2).prop_map(|(call, length)| Step::Respond(call, length)),
        1 => any().prop_map(Step::DropCall),
    ];
    proptest::collection::vec(step, 1..120)
}

/// What a call will say when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Waiting,
    Answered(Vec<u8>),
    Failed,
}

/// The calls under way, each with its number, and what is known of it.
struct Run<'a> {
    client: &'a Client,
    server: &'a Server,
    channel: &'a Channel,
    started: u64,
    pending: Vec<(u64, Pending<'a>, State)>,
    /// Calls that no server took, oldest first; some of them given up.
    queue: VecDeque<(u64, usize, bool)>,
    /// Calls that the server has; some of them given up.
    taken: Vec<(u64, Call<'a>, bool)>,
}

fn bytes(number: u64, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at as u64 * 7 + number) as u8).collect()
}

impl Run<'_> {
    fn free(&self) -> usize {
        let given_up = self.queue.iter().filter(|(.., is_cancelled)| *is_cancelled).count()
            + self.taken.iter().filter(|(.., is_cancelled)| *is_cancelled).count();
        FRAMES - self.pending.len() - given_up
    }

    /// A client that finds no frame takes those off the queue that were given up and stand in front.
    fn make_room(&mut self) {
        if self.free() == 0 {
            self.pass_cancelled();
        }
    }

    fn pass_cancelled(&mut self) {
        while self.queue.front().is_some_and(|(.., is_cancelled)| *is_cancelled) {
            self.queue.pop_front();
        }
    }

    fn start(&mut self, length: usize) {
        let number = self.started;
        let has_room = self.free() > 0 || self.queue.front().is_some_and(|(.., is_cancelled)| *is_cancelled);
        let started = self.client.start(&bytes(number, length), if has_room { PATIENCE } else { Duration::ZERO });
        if length > MAX_REQUEST {
            assert_eq!(started.err(), Some(CallError::TooLarge { length, max: MAX_REQUEST }));
            return;
        }
        self.make_room();
        match started {
            Ok(pending) => {
                assert!(self.free() > 0);
                self.started += 1;
                self.queue.push_back((number, length, false));
                self.pending.push((number, pending, State::Waiting));
            }
            Err(error) => assert_eq!((error, self.free()), (CallError::Timeout, 0)),
        }
    }

    fn get(&mut self, which: usize, get: impl FnOnce(&mut Pending<'_>) -> Result<Option<Vec<u8>>, CallError>) {
        let Some((_, pending, state)) = self.pending.get_mut(which) else { return };
        let got = get(pending);
        assert_eq!(pending.is_ready(), *state != State::Waiting);
        match state {
            State::Waiting => return assert_eq!(got, Ok(None)),
            State::Answered(answer) => assert_eq!(got, Ok(Some(answer.clone()))),
            State::Failed => assert_eq!(got, Err(CallError::ServerDied)),
        }
        assert_eq!(pending.try_get(), Err(CallError::Cancelled));
        drop(self.pending.remove(which));
    }

    fn cancel(&mut self, which: usize) {
        if which >= self.pending.len() {
            return;
        }
        let (number, pending, _) = self.pending.remove(which);
        pending.cancel();
        for (of, _, is_cancelled) in &mut self.queue {
            *is_cancelled |= *of == number;
        }
        for (of, call, is_cancelled) in &mut self.taken {
            *is_cancelled |= *of == number;
            assert_eq!(call.is_cancelled(), *is_cancelled);
        }
    }

    fn next(&mut self) {
        let next = self.server.try_next();
        self.pass_cancelled();
        match self.queue.pop_front() {
            None => assert_eq!(next.unwrap_err(), TryRecvError::Empty),
            Some((number, length, _)) => {
                let call = next.unwrap();
                assert_eq!(call.to_vec().unwrap(), bytes(number, length));
                self.taken.push((number, call, false));
            }
        }
    }

    fn finish(&mut self, which: usize, length: Option<usize>) {
        if which >= self.taken.len() {
            return;
        }
        let (number, call, is_cancelled) = self.taken.remove(which);
        let state = match length {
            None => {
                drop(call);
                State::Failed
            }
            Some(length) if length > MAX_RESPONSE => {
                let refused = call.respond(&bytes(number, length));
                assert_eq!(refused, Err(RespondError::TooLarge { length, max: MAX_RESPONSE }));
                State::Failed
            }
            Some(length) => {
                let answer = bytes(number + 1, length);
                let answered = call.respond(&answer);
                assert_eq!(answered, if is_cancelled { Err(RespondError::Cancelled) } else { Ok(()) });
                State::Answered(answer)
            }
        };
        if let Some((.., of)) = self.pending.iter_mut().find(|(of, ..)| *of == number) {
            *of = state;
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Start(length) => self.start(length),
            Step::TryGet(which) => self.get(which, |pending| pending.try_get()),
            Step::WaitShortly(which) => self.get(which, |pending| pending.wait_timeout(Duration::ZERO)),
            Step::Cancel(which) => self.cancel(which),
            Step::CallInVain => {
                let called = self.client.call(b"", Duration::ZERO);
                assert_eq!(called, Err(CallError::Timeout));
                self.make_room();
                if self.free() > 0 {
                    self.queue.push_back((u64::MAX, 0, true));
                }
            }
            Step::Next => self.next(),
            Step::Respond(which, length) => self.finish(which, Some(length)),
            Step::DropCall(which) => self.finish(which, None),
        }
    }

    fn check(&self) {
        let calls = self.channel.info().calls.unwrap();
        let cancelled = self.queue.iter().filter(|(.., is_cancelled)| *is_cancelled).count();
        let abandoned = self.taken.iter().filter(|(.., is_cancelled)| *is_cancelled).count();
        let answered = self.pending.iter().filter(|(.., state)| matches!(state, State::Answered(_))).count();
        let failed = self.pending.iter().filter(|(.., state)| *state == State::Failed).count();
        let counted =
            [calls.free, calls.asked, calls.taken, calls.cancelled, calls.abandoned, calls.answered, calls.failed];
        let known = [
            self.free(),
            self.queue.len() - cancelled,
            self.taken.len() - abandoned,
            cancelled,
            abandoned,
            answered,
            failed,
        ];
        assert_eq!(
            counted,
            known.map(|count| count as u64),
            "free, asked, taken, cancelled, abandoned, answered, failed"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_are_a_queue_with_answers(
        place in prop_oneof![2 => Just(Place::Private), 1 => Just(Place::Named), 1 => Just(Place::Anonymous)],
        alignment in prop_oneof![Just(8usize), Just(16), Just(64)],
        backend in prop_oneof![Just(Backend::Futex), Just(Backend::Semaphore)],
        retry in any::<bool>(),
        steps in steps(),
    ) {
        let options = Options::new().frames(FRAMES).max_request(MAX_REQUEST).max_response(MAX_RESPONSE).retry(retry);
        let options = options.payload_alignment(alignment).backend(backend);
        let options = if place == Place::Private { options } else { options.trust_peers(trust()) };
        let scratch = Scratch::new();
        let channel = match place {
            Place::Named => options.create(&scratch.name("calls")).unwrap(),
            Place::Anonymous => options.anonymous().unwrap(),
            Place::Private => options.private().unwrap(),
        };
        let (client, server) = (channel.client().unwrap(), channel.server().unwrap());
        let mut run = Run {
            client: &client,
            server: &server,
            channel: &channel,
            started: 0,
            pending: Vec::new(),
            queue: VecDeque::new(),
            taken: Vec::new(),
        };
        for step in &steps {
            run.take(step);
            run.check();
        }
    }
}
