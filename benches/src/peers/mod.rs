//! One file a peer.

pub mod array_queue;
#[cfg(feature = "native-peers")]
pub mod boost;
pub mod byte_pipe;
pub mod crossbeam_channel;
pub mod eventfd;
pub mod hundred;
#[cfg(feature = "peers")]
pub mod iceoryx2;
#[cfg(feature = "peers")]
pub mod ipc_channel;
pub mod memlane;
pub mod message_queue;
pub mod pipe;
#[cfg(feature = "peers")]
pub mod ringfire;
pub mod rpc;
pub mod rtrb;
#[cfg(feature = "peers")]
pub mod shaq;
pub mod spsc_each;
pub mod std_mpsc;
pub mod tcp;
#[cfg(feature = "peers")]
pub mod tokio_broadcast;
pub mod unix_datagram;
pub mod unix_seqpacket;
pub mod unix_stream;
#[cfg(feature = "native-peers")]
pub mod zeromq;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::{Peer, Rx, Shape, Side, Tx, Waiting};
    use crate::place::Place;
    use ::memlane::Strategy;
    use std::sync::Barrier;

    /// 2000 messages between two threads, through rings that they fill; either side comes first.
    fn delivers<const N: usize, P: Peer<N> + Sync>(peer: P) {
        let shape = Shape { room: 16 * (N + 64), batch: 1 };
        for first in [Side::Creates, Side::Opens] {
            let place = Place::new().unwrap();
            let path = place.path().join("ends");
            let met = Barrier::new(2);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let mut tx = in_turn(first, &met, || peer.tx(&path, first, shape));
                    (0..2000u32).for_each(|number| tx.send(|message| message.fill(number as u8)).unwrap());
                    // Some lose what was sent when the sender goes.
                    met.wait();
                });
                let other = if first == Side::Creates { Side::Opens } else { Side::Creates };
                let mut rx = in_turn(other, &met, || peer.rx(&path, other, shape));
                for number in 0..2000u32 {
                    assert!(rx.recv(|message| *message == [number as u8; N]).unwrap(), "{number}");
                }
                met.wait();
            });
        }
    }

    /// The side that creates comes first, and nobody goes on before both have come: so it is in a contest.
    fn in_turn<E>(side: Side, met: &Barrier, open: impl FnOnce() -> anyhow::Result<E>) -> E {
        if side == Side::Opens {
            met.wait();
        }
        let end = open().unwrap();
        if side == Side::Creates {
            met.wait();
        }
        met.wait();
        end
    }

    #[test]
    fn the_kernels_mechanisms_deliver() {
        for waiting in [Waiting::Asleep, Waiting::Spinning] {
            delivers::<56, _>(pipe::Pipe(waiting));
            delivers::<56, _>(unix_stream::UnixStreams(waiting));
            delivers::<56, _>(tcp::Tcp(waiting));
        }
        delivers::<56, _>(unix_seqpacket::UnixSeqpacket);
        delivers::<56, _>(unix_datagram::UnixDatagrams);
        delivers::<56, _>(message_queue::Posix);
    }

    #[test]
    fn memlanes_pipe_delivers() {
        for strategy in [Strategy::Spin, Strategy::Park] {
            delivers::<56, _>(byte_pipe::BytePipe(strategy));
            delivers::<5000, _>(byte_pipe::BytePipe(strategy));
        }
    }

    #[test]
    fn the_ends_of_a_bare_ring_sleep_and_are_woken() {
        delivers::<56, _>(eventfd::EventRing);
        delivers::<5000, _>(eventfd::EventRing);
    }

    #[cfg(feature = "peers")]
    #[test]
    fn other_crates_deliver() {
        delivers::<56, _>(iceoryx2::PublishSubscribe(1));
        delivers::<64, _>(ringfire::Ringfire::<ringfire::Lines<64>>::new());
        delivers::<56, _>(ringfire::Ringfire::<[u8; 56]>::new());
        for waiting in [Waiting::Asleep, Waiting::Spinning] {
            delivers::<56, _>(shaq::Shaq(waiting));
            delivers::<56, _>(ipc_channel::IpcChannel(waiting));
        }
    }

    #[cfg(feature = "native-peers")]
    #[test]
    fn native_libraries_deliver() {
        for waiting in [Waiting::Asleep, Waiting::Spinning] {
            delivers::<56, _>(boost::Boost(waiting));
        }
        delivers::<56, _>(zeromq::ZeroMq);
    }
}
