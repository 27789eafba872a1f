//! The relays of this process: as many threads as its places need, each with a bell and the places that it sleeps for.
//!
//! ```text
//! RELAYS ─► Relays of this process ─► Relay: bell, up to 127 places ◄─ its thread
//!                                     Relay: …
//! ```
//!
//! - *A thread starts with the first place and ends with the last.* A place that comes while a thread is about to end gets another one.
//! - *A forked child has none.* It finds its parent's relays under a foreign mark, and makes its own; a handle that it inherited
//!   refuses every call, and leaves them alone.
//! - *Nobody waits for the thread's end.* It calls the wakers of the program, and one of those may wait for a lock that is held where the last
//!   handle is dropped.

use super::arming::Bell;
use super::place::{Due, Place, WakeWord};
use crate::region::{BEDS_MAX, Bed, Clock, Futex, LibraryThread, Moment, PerProcess, ProcessMark, sleep_on_any};
use crate::sync::Mutex;
use std::io;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

/// Places of one thread: it also sleeps on its bell.
const PLACES_MAX: usize = BEDS_MAX - 1;

/// Where a word cannot be slept on, the relay looks again after this long, at first and at most. Each look in vain doubles it.
const LOOKS: (Duration, Duration) = (Duration::from_micros(50), Duration::from_millis(5));

/// A sleep in which nobody is armed ends with a ring of the bell. And with this, which is as good as never.
const FOR_EVER: Duration = Duration::from_secs(1 << 30);

/// The relays of one process.
#[derive(Debug, Default)]
struct Relays(Mutex<Vec<Arc<Relay>>>);

static RELAYS: PerProcess<Relays> = PerProcess::new();

/// One thread, as the handles see it.
#[derive(Debug)]
struct Relay {
    bell: Bell,
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    all: Vec<Arc<Place>>,
    /// The last one has gone, and the thread ends.
    is_over: bool,
}

/// A handle's hold on its place. Dropping it gives the place up.
#[derive(Debug)]
pub(crate) struct Subscription {
    place: Arc<Place>,
    relay: Arc<Relay>,
    mark: ProcessMark,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Relays {
    /// Those of this process.
    fn here() -> &'static Self {
        RELAYS.get(Self::default)
    }

    fn subscribe(&self, at: WakeWord) -> io::Result<Subscription> {
        let place = Arc::new(Place::new(at));
        let mut all = lock(&self.0);
        let relay = match all.iter().find(|relay| relay.admit(&place)) {
            Some(relay) => Arc::clone(relay),
            None => {
                let relay = Relay::start(&place)?;
                all.push(Arc::clone(&relay));
                relay
            }
        };
        Ok(Subscription { place, relay, mark: ProcessMark::current() })
    }

    fn leave(&self, relay: &Arc<Relay>, place: &Arc<Place>) {
        let mut all = lock(&self.0);
        if relay.dismiss(place) {
            all.retain(|other| !Arc::ptr_eq(other, relay));
        }
    }
}

impl Relay {
    /// A relay with this place, and its thread.
    fn start(place: &Arc<Place>) -> io::Result<Arc<Self>> {
        let places = Places { all: vec![Arc::clone(place)], is_over: false };
        let relay = Arc::new(Self { bell: Bell::new(), places: Mutex::new(places) });
        let theirs = Arc::clone(&relay);
        LibraryThread::start("memlane-relay", move || theirs.run())?;
        Ok(relay)
    }

    /// Takes a place in, if there is room. It is not armed yet, so the thread need not know.
    fn admit(&self, place: &Arc<Place>) -> bool {
        let mut places = lock(&self.places);
        let has_room = !places.is_over && places.all.len() < PLACES_MAX;
        if has_room {
            places.all.push(Arc::clone(place));
        }
        has_room
    }

    /// Gives a place up. Returns whether it was the last one, and the thread ends.
    fn dismiss(&self, place: &Arc<Place>) -> bool {
        let is_over = {
            let mut places = lock(&self.places);
            places.all.retain(|other| !Arc::ptr_eq(other, place));
            places.is_over = places.all.is_empty();
            places.is_over
        };
        // The thread keeps the words mapped that it sleeps on, and lets go of them now.
        self.ring();
        is_over
    }

    fn ring(&self) {
        self.bell.ring(|word| _ = Futex::OWN.wake(word, 1));
    }

    /// The thread.
    fn run(&self) {
        let mut next_look = LOOKS.0;
        let mut places = Vec::new();
        loop {
            let bell = self.bell.announce();
            places.clear();
            match &*lock(&self.places) {
                Places { is_over: true, .. } => return,
                Places { all, .. } => places.extend(all.iter().cloned()),
            }
            if Self::tell_those_that_are_due(&places) {
                next_look = LOOKS.0;
            } else {
                self.sleep(bell, &places, &mut next_look);
            }
        }
    }

    /// Returns whether there was one.
    fn tell_those_that_are_due(places: &[Arc<Place>]) -> bool {
        let now = Clock::now();
        let mut told = false;
        for place in places.iter().filter(|place| matches!(place.look(now), Due::Tell)) {
            place.tell();
            told = true;
        }
        told
    }

    /// Sleeps until the bell rings, a word moves, or a place is due.
    fn sleep(&self, bell: u32, places: &[Arc<Place>], next_look: &mut Duration) {
        let now = Clock::now();
        let mut until = now.plus(FOR_EVER);
        let mut looks = false;
        let mut beds = vec![Bed { futex: &Futex::OWN, word: self.bell.word(), expected: bell }];
        for place in places {
            match place.look(now) {
                Due::Nothing => {}
                Due::Tell => return,
                Due::Sleep(bed, end) => {
                    beds.push(bed);
                    until = until.min(end);
                }
                Due::Look(end) => {
                    looks = true;
                    until = until.min(end);
                }
            }
        }
        if looks {
            until = until.min(now.plus(*next_look));
            *next_look = next_look.saturating_mul(2).min(LOOKS.1);
        }
        if !sleep_on_any(&beds, until) {
            // Before Linux 5.16, and where a sandbox refuses it.
            Futex::OWN.wait(self.bell.word(), bell, until.min(now.plus(*next_look)));
            *next_look = next_look.saturating_mul(2).min(LOOKS.1);
        }
    }
}

impl Subscription {
    /// A place with a relay for a handle that is woken there.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub(crate) fn new(at: WakeWord) -> io::Result<Self> {
        Relays::here().subscribe(at)
    }

    pub(in crate::wait) fn place(&self) -> &Place {
        &self.place
    }

    /// Has the relay tell at this moment at the latest, from the next arming on.
    pub(in crate::wait) fn set_until(&self, until: Moment) {
        self.place.set_until(until);
    }

    /// Says that the place is armed.
    pub(in crate::wait) fn ring(&self) {
        self.relay.ring();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // In a child, another thread of the parent may have held the locks.
        if !self.mark.is_foreign() {
            self.place.arming().disarm();
            Relays::here().leave(&self.relay, &self.place);
        }
    }
}
