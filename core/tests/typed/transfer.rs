//! Values that come and go, in all ways of waiting.

use crate::stage::{Order, Place, Small, Stage, everywhere, over_carriers};
use crate::support::child::{Child, Part, hear, tell};
use memlane::generic::{Options, Spsc};
use memlane::typed::{Receiver, RecvError, SendError, Sender};
use memlane::{RecvTimeoutError, SendTimeoutError, TryRecvError, TrySendError};
use std::time::{Duration, Instant};

over_carriers! {
    values_arrive_in_every_way_of_waiting
    values_arrive_from_another_process
    slices_arrive_with_their_lengths
    what_finds_no_room_or_no_value_says_so
    a_message_is_acknowledged_or_comes_again
    a_clone_has_a_seat_of_its_own_where_the_kind_has_several
    handles_say_what_they_are
}

/// Enough to go round every small channel several times.
const MANY: u64 = 2_000;

/// Longer than any of these tests waits.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(1);

fn send_in_every_way<K: Small>(tx: &mut Sender<Order, K>) {
    let mut id = 0;
    while id < MANY {
        let order = Order::of(id);
        let batch = [order, Order::of(id + 1)];
        match id % 9 {
            0 => tx.send(&order).unwrap(),
            1 => tx.send_timeout(&order, LONG).unwrap(),
            2 => tx.send_deadline(&order, Instant::now() + LONG).unwrap(),
            3 => match tx.try_send(&order) {
                Err(SendError::Channel(TrySendError::Full)) => continue,
                sent => sent.unwrap(),
            },
            4 => {
                assert_eq!(tx.send_batch(batch), Ok(2));
                id += 1;
            }
            6 => match tx.try_send_batch(&batch[..1]) {
                Err(stopped) if stopped.error == TrySendError::Full => continue,
                sent => assert_eq!(sent, Ok(1)),
            },
            7 => assert_eq!(tx.send_batch_timeout([&order], LONG), Ok(1)),
            _ => assert_eq!(tx.send_batch_deadline([order], Instant::now() + LONG), Ok(1)),
        }
        id += 1;
    }
}

fn receive_in_every_way<K: Small>(rx: &mut Receiver<Order, K>) {
    let (mut received, mut expected) = (Vec::new(), 0);
    while expected < MANY {
        match expected % 10 {
            0 => received.push(rx.recv().unwrap()),
            1 => received.push(rx.recv_timeout(LONG).unwrap()),
            2 => received.push(rx.recv_deadline(Instant::now() + LONG).unwrap()),
            3 => match rx.try_recv() {
                Err(RecvError::Channel(TryRecvError::Empty)) => {}
                value => received.push(value.unwrap()),
            },
            4 => assert!(rx.recv_many(&mut received, 3).unwrap() <= 3),
            5 => assert!(rx.recv_many_timeout(&mut received, 64, LONG).unwrap() > 0),
            6 => assert!(rx.recv_many_deadline(&mut received, 2, Instant::now() + LONG).unwrap() > 0),
            7 => match rx.try_recv_many(&mut received, 1) {
                Err(RecvError::Channel(TryRecvError::Empty)) => {}
                count => assert_eq!(count.unwrap(), 1),
            },
            8 => received.push(rx.recv_message().unwrap().value().unwrap()),
            _ => received.push(rx.values().next().unwrap().unwrap()),
        }
        for order in received.drain(..) {
            assert_eq!(order, Order::of(expected));
            expected += 1;
        }
    }
    assert!(matches!(rx.recv(), Err(RecvError::Channel(memlane::RecvError::Disconnected))));
    assert!(rx.values().next().is_none());
}

fn values_arrive_in_every_way_of_waiting<K: Small>() {
    everywhere::<K>(|stage, options| {
        let channel = stage.channel(&options.of::<Order>());
        let mut rx = channel.receiver().unwrap();
        let mut tx = channel.sender().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || send_in_every_way(&mut tx));
            receive_in_every_way(&mut rx);
        });
    });
}

/// What another process does in the channel of a name.
fn sends_there<K: Small>(arguments: &[String]) {
    let options = K::small().swap_remove(0).trust_peers(crate::stage::trust());
    let mut tx = options.of::<Order>().open(&arguments[0]).unwrap().sender().unwrap();
    tell("joined");
    hear();
    send_in_every_way(&mut tx);
}

pub fn parts() -> [(&'static str, Part); 5] {
    [
        (std::any::type_name::<Spsc>(), sends_there::<Spsc>),
        (std::any::type_name::<memlane::generic::Mpmc>(), sends_there::<memlane::generic::Mpmc>),
        (std::any::type_name::<memlane::generic::Mpsc>(), sends_there::<memlane::generic::Mpsc>),
        (std::any::type_name::<memlane::generic::Broadcast>(), sends_there::<memlane::generic::Broadcast>),
        (std::any::type_name::<memlane::any::Any>(), sends_there::<memlane::any::Any>),
    ]
}

fn values_arrive_from_another_process<K: Small>() {
    let stage = Stage::new(Place::Named);
    for backend in [memlane::Backend::Futex, memlane::Backend::Semaphore] {
        let name = stage.name();
        let options = K::small().swap_remove(0).backend(backend).trust_peers(crate::stage::trust());
        let channel = options.of::<Order>().create(&name).unwrap();
        let mut rx = channel.receiver().unwrap();
        let mut child = Child::start(std::any::type_name::<K>(), &[&name]);
        assert_eq!(child.line(), "joined");
        child.say("go");
        receive_in_every_way(&mut rx);
    }
}

fn slices_arrive_with_their_lengths<K: Small>() {
    everywhere::<K>(|stage, options| {
        let channel = stage.channel(&options.max_message(160).of::<[u32]>());
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let values: Vec<u32> = (0..40).collect();
        for length in (0..=40).chain([0, 40]) {
            tx.send(&values[..length]).unwrap();
            assert_eq!(rx.recv().unwrap(), values[..length]);
        }
        assert_eq!(tx.send_batch([vec![1], vec![], vec![2, 3]]), Ok(3));
        let mut many = Vec::new();
        while many.len() < 3 {
            rx.recv_many(&mut many, 64).unwrap();
        }
        assert_eq!(many, [vec![1], vec![], vec![2, 3]]);
        let too_large = SendError::Channel(memlane::SendError::TooLarge { length: 164, max: 160 });
        assert_eq!(tx.send(&[0; 41]).unwrap_err().to_string(), too_large.to_string());
    });
}

fn what_finds_no_room_or_no_value_says_so<K: Small>() {
    everywhere::<K>(|stage, options| {
        let channel = stage.channel(&options.of::<Order>());
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let (mut none, now) = (Vec::new(), Instant::now());
        assert!(matches!(rx.try_recv(), Err(RecvError::Channel(TryRecvError::Empty))));
        assert!(matches!(rx.recv_timeout(SHORT), Err(RecvError::Channel(RecvTimeoutError::Timeout))));
        assert!(matches!(rx.recv_deadline(now), Err(RecvError::Channel(RecvTimeoutError::Timeout))));
        assert!(matches!(rx.try_recv_many(&mut none, 9), Err(RecvError::Channel(TryRecvError::Empty))));
        assert!(matches!(
            rx.recv_many_timeout(&mut none, 9, SHORT),
            Err(RecvError::Channel(RecvTimeoutError::Timeout))
        ));
        assert!(matches!(rx.recv_many_deadline(&mut none, 9, now), Err(RecvError::Channel(RecvTimeoutError::Timeout))));
        assert_eq!(rx.try_recv_message().err(), Some(TryRecvError::Empty));
        assert_eq!(rx.recv_message_timeout(SHORT).err(), Some(RecvTimeoutError::Timeout));
        assert_eq!(rx.recv_message_deadline(now).err(), Some(RecvTimeoutError::Timeout));
        assert!(none.is_empty());

        let order = Order::of(1);
        while tx.try_send(&order).is_ok() {}
        assert!(matches!(tx.try_send(&order), Err(SendError::Channel(TrySendError::Full))));
        assert!(matches!(tx.send_timeout(&order, SHORT), Err(SendError::Channel(SendTimeoutError::Timeout))));
        assert!(matches!(tx.send_deadline(&order, now), Err(SendError::Channel(SendTimeoutError::Timeout))));
        assert_eq!(tx.try_send_batch([order]).unwrap_err().error, TrySendError::Full);
        assert_eq!(tx.send_batch_timeout([order], SHORT).unwrap_err().error, SendTimeoutError::Timeout);
        assert_eq!(tx.send_batch_deadline([order], now).unwrap_err().error, SendTimeoutError::Timeout);
        drop(rx);
        assert!(matches!(tx.send(&order), Err(SendError::Channel(memlane::SendError::Disconnected))));
        assert_eq!(tx.send_batch([order]).unwrap_err().error, memlane::SendError::Disconnected);
    });
}

fn a_message_is_acknowledged_or_comes_again<K: Small>() {
    everywhere::<K>(|stage, options| {
        let channel = stage.channel(&options.of::<Order>());
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch([Order::of(1)]).unwrap();
        rx.recv_message().unwrap().nack().unwrap();
        rx.try_recv_message().unwrap().hand_back();
        let message = rx.recv_message_timeout(LONG).unwrap();
        assert_eq!((message.value().unwrap(), message.value().unwrap()), (Order::of(1), Order::of(1)));
        message.ack().unwrap();
        assert!(matches!(rx.try_recv(), Err(RecvError::Channel(TryRecvError::Empty))));
    });
}

fn a_clone_has_a_seat_of_its_own_where_the_kind_has_several<K: Small>() {
    everywhere::<K>(|stage, options| {
        let channel = stage.channel(&options.of::<Order>());
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let kind = channel.untyped().info().kind;
        let seats = [memlane::Role::Sender, memlane::Role::Receiver].map(|role| kind.max_seats(role) > 1);
        let (sender, receiver) = (tx.try_clone(), rx.try_clone());
        assert_eq!([sender.is_ok(), receiver.is_ok()], seats);
        tx.send(&Order::of(0)).unwrap();
        if let Ok(mut sender) = sender {
            sender.send(&Order::of(1)).unwrap();
        }
        drop(tx);
        let got: Vec<_> = rx.values().map(|order| order.unwrap().id).collect();
        assert_eq!(got, (0..1 + u64::from(seats[0])).collect::<Vec<_>>());
    });
}

fn handles_say_what_they_are<K: Small>()
where
    Options<K>: std::fmt::Debug + Clone,
{
    everywhere::<K>(|stage, options| {
        let options = options.of::<Order>();
        let channel = stage.channel(&options.clone()).clone();
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send(&Order::of(0)).unwrap();
        let shown = [format!("{options:?}"), format!("{channel:?}"), format!("{tx:?}"), format!("{rx:?}")];
        assert!(shown.iter().all(|text| text.len() > 5), "{shown:?}");
        assert!(!format!("{:?}", rx.recv_message().unwrap()).is_empty());
        assert!(format!("{:?}", rx.values()).contains("ended: false"));
        let info = channel.untyped().info();
        assert_eq!((info.type_name.as_str(), info.type_size, info.type_alignment), (Order::NAME, 24, 8));
    });
}
