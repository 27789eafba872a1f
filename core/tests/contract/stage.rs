//! The channel of a case, and the other side in it.

use crate::case::{Case, Place, Side};
use crate::kinds::Kind;
use crate::peer::{Peer, Talk};
use crate::support::child::Child;
use crate::support::stage::trust;
use memlane::generic::{Channel, Options, Receiver, Sender};
use memlane::{SendError, Strategy, TrySendError};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::time::Duration;

/// Enough messages to go round the channel several times.
pub const MANY: u32 = 5_000;

/// Messages that fit into the smallest channel at once.
pub const FEW: u32 = 8;

/// Longest message of these channels in bytes.
pub const MAX_MESSAGE: usize = 200;

/// Shorter than a test's patience by far; what is waited for in vain takes so long.
pub const SHORT: Duration = Duration::from_millis(5);

pub fn options_for<K: Kind>(case: &Case) -> Options<K> {
    let options =
        K::small(case).backend(case.backend).payload_alignment(case.payload_alignment).max_message(MAX_MESSAGE);
    // A private channel needs no trust.
    if case.place == Place::Private { options } else { options.trust_peers(trust()) }
}

pub fn create<K: Kind>(case: &Case) -> Channel<K> {
    create_with(case, &options_for::<K>(case))
}

pub fn create_with<K>(case: &Case, options: &Options<K>) -> Channel<K> {
    match case.place {
        Place::Named => options.create(&case.name()).unwrap(),
        Place::Anonymous => options.anonymous().unwrap(),
        Place::Private => options.private().unwrap(),
        #[cfg(feature = "named-segments")]
        Place::Segment => options.create_segment(&case.name()).unwrap(),
    }
}

/// Has the other side play one of the [`parts`] in the channel.
pub fn start<K: Kind>(case: &Case, channel: &Channel<K>, part: &'static str) -> Peer {
    start_to(case, channel, part, act)
}

/// Has the other side play this part in the channel: by `act`, or in a process that the channel's kind plays in.
pub fn start_to<K: Clone + Send + 'static>(
    case: &Case,
    channel: &Channel<K>,
    part: &'static str,
    act: fn(&str, &Channel<K>, &Talk),
) -> Peer {
    if case.side == Side::Thread {
        let channel = channel.clone();
        return Peer::thread(move |talk| act(part, &channel, talk));
    }
    let kind = channel.info().kind.name();
    let Some((region, locks)) = channel.descriptors() else {
        return Peer::Process(Child::start(kind, &[part, &case.name()]));
    };
    let descriptors = [region.as_raw_fd(), locks.as_raw_fd()];
    let [region, locks] = descriptors.map(|descriptor| descriptor.to_string());
    Peer::Process(Child::start_with(kind, &[part, &region, &locks], |command| {
        // SAFETY: between fork and exec only fcntl is called, which is safe there; the descriptors are open.
        unsafe {
            command.pre_exec(move || {
                for descriptor in descriptors {
                    libc::fcntl(descriptor, libc::F_SETFD, 0);
                }
                Ok(())
            })
        };
    }))
}

type Part<K> = fn(&Channel<K>, &Talk);

/// What the other side can do.
fn parts<K: Kind>() -> [(&'static str, Part<K>); 7] {
    [
        ("sends as many as it is told", |channel, talk| {
            let mut sender = channel.sender().unwrap();
            talk.tell("joined");
            let count: u32 = talk.hear().parse().unwrap();
            (0..count).for_each(|number| sender.send(&message(number)).unwrap());
            talk.tell("sent");
            talk.hear();
        }),
        ("sends until the end", |channel, talk| {
            let mut sender = channel.sender().unwrap();
            talk.tell("joined");
            let end = (0..).find_map(|number| sender.send(&message(number)).err());
            assert_eq!(end, Some(SendError::Disconnected));
            talk.tell("ended");
        }),
        ("receives until the end", |channel, talk| {
            let mut receiver = K::successor(channel, 0);
            talk.tell("joined");
            let mut received = 0;
            while let Ok(found) = receiver.recv() {
                assert_eq!(found.to_vec(), message(received));
                received += 1;
            }
            talk.tell(received);
        }),
        ("sleeps for every message", |channel, talk| {
            let mut receiver = K::successor(channel, 0);
            receiver.set_strategy(Strategy::Park);
            talk.tell("joined");
            while let Ok(found) = receiver.recv() {
                talk.tell(found.len());
            }
        }),
        ("receives one whenever it is told", |channel, talk| {
            let mut receiver = K::successor(channel, 0);
            talk.tell("joined");
            while talk.hear() == "next" {
                let length = receiver.recv().unwrap().len();
                talk.tell(length);
            }
        }),
        ("acknowledges three of a batch and holds the others", |channel, talk| {
            let mut receiver = K::successor(channel, 0);
            talk.tell("joined");
            let mut done = 0;
            while done < 3 {
                let mut batch = receiver.recv_batch(FEW as usize).unwrap();
                let count = batch.len().min(3 - done);
                batch.ack_first(count).unwrap();
                done += count;
                if done == 3 {
                    talk.tell("three are done with");
                    talk.hear();
                }
            }
        }),
        ("has been there", |channel, talk| {
            drop((channel.sender(), channel.receiver()));
            talk.tell("left");
        }),
    ]
}

/// Plays a part, and stays until the test wants no more.
fn act<K: Kind>(name: &str, channel: &Channel<K>, talk: &Talk) {
    let (_, part) = parts().into_iter().find(|(part, _)| *part == name).expect("a known part");
    part(channel, talk);
    talk.hear();
}

/// Plays a part in another process: `[part, name]`, or `[part, region, locks]` with inherited descriptors.
pub fn play<K: Kind>(arguments: &[String]) {
    act(&arguments[0], &open(Options::<K>::new(), arguments), &Talk::Process);
}

/// The channel in which another process plays a part.
pub fn open<K>(options: Options<K>, arguments: &[String]) -> Channel<K> {
    let options = options.trust_peers(trust());
    match &arguments[1..] {
        #[cfg(feature = "named-segments")]
        [name] if !name.contains('/') => options.open_segment(name).unwrap(),
        [name] => options.open(name).unwrap(),
        descriptors => {
            let inherited = |at: usize| {
                // SAFETY: the parent left these descriptors open for us, and nobody else in this process knows them.
                unsafe { OwnedFd::from_raw_fd(descriptors[at].parse::<RawFd>().unwrap()) }
            };
            options.open_descriptors(inherited(0), inherited(1)).unwrap()
        }
    }
}

/// The message of this number: of any length up to 199 bytes, and different from every other.
pub fn message(number: u32) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.extend((0..number.wrapping_mul(37) % 196).map(|at| (at ^ number) as u8));
    bytes
}

pub fn ends<K: Kind>(channel: &Channel<K>) -> (Sender<K>, Receiver<K>) {
    (channel.sender().unwrap(), channel.receiver().unwrap())
}

/// The longest message of this number.
pub fn longest(number: u32) -> Vec<u8> {
    let mut bytes = vec![number as u8; MAX_MESSAGE];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// Sends the longest messages until there is no more room for one. Returns how many there were.
pub fn fill(sender: &mut Sender<impl Kind>) -> u32 {
    (0..).find(|&number| sender.try_send(&longest(number)) == Err(TrySendError::Full)).unwrap()
}
