//! The tables of mechanisms: what there is besides memlane, each as a program would use it, in the same run. The first row,
//! which all others are compared with, is memlane's where it can be.

use super::limits;
use crate::contest::{Contest, Family, Timing, Work};
use crate::peer::{Shape, Waiting};
use crate::peers::array_queue::Crossbeam;
#[cfg(feature = "native-peers")]
use crate::peers::boost::Boost;
use crate::peers::byte_pipe::BytePipe;
use crate::peers::crossbeam_channel::CrossbeamChannel;
use crate::peers::eventfd::EventRing;
#[cfg(feature = "peers")]
use crate::peers::iceoryx2::{PublishSubscribe, RequestResponse};
#[cfg(feature = "peers")]
use crate::peers::ipc_channel::IpcChannel;
use crate::peers::memlane::{Mpmc, Spsc};
use crate::peers::message_queue::Posix;
use crate::peers::pipe::Pipe;
use crate::peers::rpc::Rpc;
use crate::peers::rtrb::Rtrb;
#[cfg(feature = "peers")]
use crate::peers::shaq::Shaq;
use crate::peers::tcp::Tcp;
use crate::peers::unix_seqpacket::UnixSeqpacket;
use crate::peers::unix_stream::UnixStreams;
#[cfg(feature = "native-peers")]
use crate::peers::zeromq::ZeroMq;
use crate::shapes::{call, one_way, one_way_threads, round_trip};
use memlane::Strategy;

/// Longer messages do not fit into POSIX queues, as the kernel sets them up.
const POSIX_BYTES_MAX: usize = 8 << 10;
/// Longer ones do not fit into a socket's buffer, as the kernel sets it up.
const PACKET_BYTES_MAX: usize = 64 << 10;

/// Everything that is measured about mechanisms.
pub fn families() -> Vec<Family> {
    vec![
        awake::<8>(vec![limits::two_lines(Timing::Blocks), limits::bare_log::<8>()]),
        awake::<56>(vec![limits::two_lines(Timing::Blocks), limits::bare_log::<56>()]),
        awake::<1024>(vec![limits::two_lines(Timing::Blocks)]),
        asleep(),
        messages::<8>(1 << 20),
        messages::<56>(1 << 20),
        messages::<1024>(1 << 20),
        messages::<{ 64 << 10 }>(1 << 20),
        messages::<{ 1 << 20 }>(8 << 20),
        between_threads::<8>(),
        between_threads::<56>(),
        between_threads::<1024>(),
    ]
}

/// What can poll, and what the machine itself takes.
fn awake<const N: usize>(limits: Vec<Contest>) -> Family {
    let mut contests = vec![round_trip::<N, _>(Spsc::copying(Strategy::Spin), None)];
    contests.extend(limits);
    contests.push(call::<N, _>(Rpc(Strategy::Spin), None));
    #[cfg(feature = "peers")]
    contests.extend([
        round_trip::<N, _>(Shaq(Waiting::Spinning), None),
        round_trip::<N, _>(PublishSubscribe(1), None),
        call::<N, _>(RequestResponse, None),
        round_trip::<N, _>(IpcChannel(Waiting::Spinning), None),
    ]);
    #[cfg(feature = "native-peers")]
    contests.push(round_trip::<N, _>(Boost(Waiting::Spinning), None));
    contests.extend([
        round_trip::<N, _>(BytePipe(Strategy::Spin), None),
        round_trip::<N, _>(Pipe(Waiting::Spinning), None),
        round_trip::<N, _>(UnixStreams(Waiting::Spinning), None),
        round_trip::<N, _>(Tcp(Waiting::Spinning), None),
    ]);
    let title = format!("Mechanisms: round trips of {N} bytes, both ends awake");
    family(&format!("awake-{N}"), title, Work::RoundTrips, contests)
}

/// What waits for the other end in the kernel, at once or after some polling.
fn asleep() -> Family {
    let mut contests = vec![
        limits::futexes(Timing::Blocks),
        round_trip::<8, _>(Spsc::copying(Strategy::Park), None),
        round_trip::<8, _>(Spsc::copying(Strategy::Adaptive), None),
    ];
    #[cfg(feature = "peers")]
    contests.extend([
        round_trip::<8, _>(Shaq(Waiting::Asleep), None),
        round_trip::<8, _>(IpcChannel(Waiting::Asleep), None),
    ]);
    #[cfg(feature = "native-peers")]
    contests.extend([round_trip::<8, _>(Boost(Waiting::Asleep), None), round_trip::<8, _>(ZeroMq, None)]);
    contests.extend([
        round_trip::<8, _>(EventRing, None),
        round_trip::<8, _>(BytePipe(Strategy::Park), None),
        round_trip::<8, _>(Pipe(Waiting::Asleep), None),
        round_trip::<8, _>(UnixStreams(Waiting::Asleep), None),
        round_trip::<8, _>(UnixSeqpacket, None),
        round_trip::<8, _>(Tcp(Waiting::Asleep), None),
        round_trip::<8, _>(Posix, None),
    ]);
    family("asleep", "Mechanisms: round trips of 8 bytes, blocking".to_owned(), Work::RoundTrips, contests)
}

/// One way, one by one, each as it waits by itself.
fn messages<const N: usize>(room: usize) -> Family {
    let shape = Shape { room, batch: 1 };
    let mut contests = vec![
        one_way::<N, _>(Spsc::copying(Strategy::Adaptive), shape, None),
        one_way::<N, _>(Spsc::in_place(Strategy::Adaptive), shape, None),
    ];
    #[cfg(feature = "peers")]
    contests.extend([
        one_way::<N, _>(Shaq(Waiting::Spinning), shape, None),
        one_way::<N, _>(PublishSubscribe(1), shape, None),
        one_way::<N, _>(IpcChannel(Waiting::Asleep), shape, None),
    ]);
    #[cfg(feature = "native-peers")]
    contests.extend([one_way::<N, _>(Boost(Waiting::Asleep), shape, None), one_way::<N, _>(ZeroMq, shape, None)]);
    contests.extend([
        one_way::<N, _>(EventRing, shape, None),
        one_way::<N, _>(BytePipe(Strategy::Adaptive), shape, None),
        one_way::<N, _>(Pipe(Waiting::Asleep), shape, None),
        one_way::<N, _>(UnixStreams(Waiting::Asleep), shape, None),
        one_way::<N, _>(Tcp(Waiting::Asleep), shape, None),
    ]);
    if N <= PACKET_BYTES_MAX {
        contests.push(one_way::<N, _>(UnixSeqpacket, shape, None));
    }
    if N <= POSIX_BYTES_MAX {
        contests.push(one_way::<N, _>(Posix, shape, None));
    }
    family("mechanisms", format!("Mechanisms: one way, {N} bytes"), Work::Messages { bytes: N }, contests)
}

/// Within one process.
fn between_threads<const N: usize>() -> Family {
    let shape = Shape { room: 1 << 18, batch: 1 };
    let contests = vec![
        one_way_threads::<N, _>(Spsc::copying(Strategy::Adaptive), shape, None),
        one_way_threads::<N, _>(Mpmc::copying(Strategy::Adaptive), shape, None),
        one_way_threads::<N, _>(Rtrb, shape, None),
        one_way_threads::<N, _>(CrossbeamChannel, shape, None),
        one_way_threads::<N, _>(Crossbeam, shape, None),
    ];
    family("mechanisms", format!("Mechanisms: between threads, {N} bytes"), Work::Messages { bytes: N }, contests)
}

/// Contests of which other families have the same need names of their own.
fn family(name: &str, title: String, work: Work, contests: Vec<Contest>) -> Family {
    let contests = contests.into_iter().map(|contest| contest.of_table(name)).collect();
    Family { title, work, position: None, contests }
}
