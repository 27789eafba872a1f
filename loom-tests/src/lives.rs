//! Several threads at one thing that they sleep for.

use crate::explore::{Model, Witness};
use crate::parking::{BACKENDS, Backend};
use loom::thread::{self, JoinHandle};
use std::rc::Rc;

/// Makes the thing over a backend. Whenever somebody sleeps at it, the witness sees it.
pub type Make<T> = fn(Backend, &Witness) -> Rc<T>;

/// A thread that does this at the thing.
pub fn spawn<T: 'static>(thing: &Rc<T>, life: fn(&T)) -> JoinHandle<()> {
    let thing = Rc::clone(thing);
    thread::spawn(move || life(&thing))
}

/// One thread for each of `lives`, the last of them the model's own; with either backend. Somebody has to sleep in it. `ending`
/// looks at what is left.
pub fn explore<T: 'static, const N: usize>(model: Model, make: Make<T>, lives: [fn(&T); N], ending: fn(&T)) {
    for backend in BACKENDS {
        let sleep = Witness::of("somebody sleeps");
        let asleep = sleep.clone();
        backend.names(&model).check(move || {
            let thing = make(backend, &asleep);
            let (own, others) = lives.split_last().expect("somebody");
            let others: Vec<_> = others.iter().map(|life| spawn(&thing, *life)).collect();
            own(&thing);
            for other in others {
                other.join().unwrap();
            }
            ending(&thing);
        });
        sleep.testifies();
    }
}
