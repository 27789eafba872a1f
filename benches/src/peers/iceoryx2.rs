//! iceoryx2: services that are found by name, and messages in memory that is loaned.
//!
//! Publish and subscribe with one publisher and one or several subscribers, whose buffers hold as many messages as were asked for. Nothing
//! may be lost, so safe overflow is off and the publisher retries until a message is delivered. Request and response with one
//! client and one server. Everything else is the default; the files of services lie in the folder where the ends meet, and
//! shared memory bears that folder's name.
//!
//! Copies nothing: messages are written and read where they are loaned. Waits by polling `receive`; a full buffer by retrying.
//! When a peer dies: the other one goes on polling or retrying, until some process clears dead nodes away, as making one does.

use crate::calls::{Answer, Call, Calls};
use crate::peer::{Late, Named, Peer, Rx, Shape, Side, Tx};
use anyhow::{Context, Result, ensure};
use iceoryx2::node::Node;
use iceoryx2::port::client::Client;
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::server::Server;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::port::update_connections::UpdateConnections;
use iceoryx2::prelude::{BackpressureStrategy, Config, LogLevel, NodeBuilder, ServiceName, set_log_level};
use iceoryx2::service::ipc::Service as Ipc;
use iceoryx2::service::port_factory::{publish_subscribe, request_response};
use std::fs::File;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};

/// One node an end, and the name of its service.
fn node(path: &Path) -> Result<(Node<Ipc>, ServiceName)> {
    set_log_level(LogLevel::Error);
    let (folder, name) = path.parent().zip(path.file_name()).context("no place for services")?;
    let mut config = Config::default();
    let place = folder.file_name().context("no name for shared memory")?.to_string_lossy();
    config.global.prefix = format!("{place}.").as_str().try_into()?;
    config.global.set_root_path(&folder.join("iceoryx2").display().to_string().as_str().try_into()?);
    Ok((NodeBuilder::new().config(&config).create()?, name.to_string_lossy().as_ref().try_into()?))
}

/// Bytes that are to become a message.
fn bytes<const N: usize>(loaned: &mut MaybeUninit<[u8; N]>) -> &mut [u8; N] {
    // SAFETY: loaned memory is part of a file, zeros at first, and any byte is valid.
    unsafe { loaned.assume_init_mut() }
}

/// Where the subscribers say, each by a file, that they have found their publisher. Until then, what does not fit into a buffer would be
/// lost, for all that the publisher retries: nobody is there to make room.
fn connected(path: &Path) -> Result<PathBuf> {
    let folder = PathBuf::from(format!("{}.connected", path.display()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Publish and subscribe, with so many subscribers.
#[derive(Debug, Clone, Copy)]
pub struct PublishSubscribe(pub usize);

impl Named for PublishSubscribe {
    fn id(&self) -> String {
        "iceoryx2-publish-subscribe".to_owned()
    }

    fn label(&self) -> String {
        "iceoryx2 publish-subscribe".to_owned()
    }

    fn may_sleep(&self) -> bool {
        false
    }
}

/// The service that both ends make, whoever comes first.
fn messages<const N: usize>(
    path: &Path,
    shape: Shape,
    subscribers: usize,
) -> Result<publish_subscribe::PortFactory<Ipc, [u8; N], ()>> {
    let (node, name) = node(path)?;
    let builder = node.service_builder(&name).publish_subscribe::<[u8; N]>();
    let builder = builder.max_publishers(1).max_subscribers(subscribers).max_nodes(subscribers + 1);
    Ok(builder.enable_safe_overflow(false).subscriber_max_buffer_size(shape.room / N).open_or_create()?)
}

impl<const N: usize> Peer<N> for PublishSubscribe {
    type Tx = Publishing<N>;
    type Rx = Subscribing<N>;

    fn tx(&self, path: &Path, _: Side, shape: Shape) -> Result<Publishing<N>> {
        let service = messages(path, shape, self.0)?;
        let builder = service.publisher_builder().backpressure_strategy(BackpressureStrategy::RetryUntilDelivered);
        let (publisher, connected, subscribers) = (builder.create()?, connected(path)?, self.0);
        let wait = move || {
            while std::fs::read_dir(&connected)?.count() < subscribers {
                std::thread::yield_now();
            }
            Ok(publisher)
        };
        Ok(Publishing { publisher: Late::awaited(wait), subscribers })
    }

    fn rx(&self, path: &Path, _: Side, shape: Shape) -> Result<Subscribing<N>> {
        let (subscriber, connected) = (messages(path, shape, self.0)?.subscriber_builder().create()?, connected(path)?);
        let connect = move || {
            subscriber.update_connections()?;
            File::create(connected.join(std::process::id().to_string()))?;
            Ok(subscriber)
        };
        Ok(Subscribing { subscriber: Late::awaited(connect) })
    }
}

pub struct Publishing<const N: usize> {
    publisher: Late<Publisher<Ipc, [u8; N], ()>>,
    subscribers: usize,
}

impl<const N: usize> Tx<N> for Publishing<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        let mut sample = self.publisher.get()?.loan_uninit()?;
        write(bytes(sample.payload_mut()));
        // SAFETY: it is written.
        let subscribers = unsafe { sample.assume_init() }.send()?;
        ensure!(subscribers == self.subscribers, "{subscribers} of {} have subscribed", self.subscribers);
        Ok(())
    }
}

pub struct Subscribing<const N: usize> {
    subscriber: Late<Subscriber<Ipc, [u8; N], ()>>,
}

impl<const N: usize> Rx<N> for Subscribing<N> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let subscriber = self.subscriber.get()?;
        loop {
            if let Some(sample) = subscriber.receive()? {
                return Ok(read(sample.payload()));
            }
            std::hint::spin_loop();
        }
    }
}

/// Request and response.
#[derive(Debug, Clone, Copy)]
pub struct RequestResponse;

impl Named for RequestResponse {
    fn id(&self) -> String {
        "iceoryx2-request-response".to_owned()
    }

    fn label(&self) -> String {
        "iceoryx2 request-response".to_owned()
    }

    fn may_sleep(&self) -> bool {
        false
    }
}

/// The service that both ends make, whoever comes first.
fn calls<const N: usize>(path: &Path) -> Result<request_response::PortFactory<Ipc, [u8; N], (), [u8; N], ()>> {
    let (node, name) = node(path)?;
    Ok(node
        .service_builder(&name)
        .request_response::<[u8; N], [u8; N]>()
        .max_clients(1)
        .max_servers(1)
        .open_or_create()?)
}

impl<const N: usize> Calls<N> for RequestResponse {
    type Caller = Asking<N>;
    type Callee = Answering<N>;

    fn caller(&self, path: &Path) -> Result<Asking<N>> {
        Ok(Asking { client: calls(path)?.client_builder().create()? })
    }

    fn callee(&self, path: &Path) -> Result<Answering<N>> {
        Ok(Answering { server: calls(path)?.server_builder().create()? })
    }
}

#[derive(Debug)]
pub struct Asking<const N: usize> {
    client: Client<Ipc, [u8; N], (), [u8; N], ()>,
}

impl<const N: usize> Call<N> for Asking<N> {
    #[inline]
    fn call<R>(&mut self, write: impl FnOnce(&mut [u8; N]), read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let mut request = self.client.loan_uninit()?;
        write(bytes(request.payload_mut()));
        // SAFETY: it is written.
        let pending = unsafe { request.assume_init() }.send()?;
        loop {
            if let Some(response) = pending.receive()? {
                return Ok(read(response.payload()));
            }
            std::hint::spin_loop();
        }
    }
}

#[derive(Debug)]
pub struct Answering<const N: usize> {
    server: Server<Ipc, [u8; N], (), [u8; N], ()>,
}

impl<const N: usize> Answer<N> for Answering<N> {
    #[inline]
    fn answer(&mut self, answer: impl FnOnce(&[u8; N], &mut [u8; N])) -> Result<()> {
        loop {
            if let Some(request) = self.server.receive()? {
                let mut response = request.loan_uninit()?;
                answer(request.payload(), bytes(response.payload_mut()));
                // SAFETY: it is written.
                unsafe { response.assume_init() }.send()?;
                return Ok(());
            }
            std::hint::spin_loop();
        }
    }
}
