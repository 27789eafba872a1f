//! memlane's `rpc` between processes.

use crate::calls::{Answer, Call, Calls};
use crate::peer::Named;
use anyhow::{Result, ensure};
use memlane::Strategy;
use memlane::rpc::{Client, Options, Server};
use std::path::Path;
use std::time::Duration;

/// Calls, both of whose ends wait by this strategy.
#[derive(Debug, Clone, Copy)]
pub struct Rpc(pub Strategy);

impl Named for Rpc {
    fn id(&self) -> String {
        format!("memlane-rpc-{:?}", self.0).to_lowercase()
    }

    fn label(&self) -> String {
        format!("memlane rpc, {:?}", self.0)
    }

    fn may_sleep(&self) -> bool {
        self.0 != Strategy::Spin
    }
}

impl<const N: usize> Calls<N> for Rpc {
    type Caller = Asking;
    type Callee = Answering;

    fn caller(&self, path: &Path) -> Result<Asking> {
        // Persistent: the caller comes first, and waits for the other side.
        let options = Options::new().max_request(N).max_response(N).persistent(true);
        let client = options.create(&path.display().to_string())?.client()?;
        client.set_strategy(self.0);
        Ok(Asking { client })
    }

    fn callee(&self, path: &Path) -> Result<Answering> {
        let server = Options::new().open(&path.display().to_string())?.server()?;
        server.set_strategy(self.0);
        Ok(Answering { server })
    }
}

#[derive(Debug)]
pub struct Asking {
    client: Client,
}

impl<const N: usize> Call<N> for Asking {
    #[inline]
    fn call<R>(&mut self, write: impl FnOnce(&mut [u8; N]), read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let (mut request, mut answer) = ([0; N], [0; N]);
        write(&mut request);
        let length = self.client.call_into(&request, &mut answer, Duration::MAX)?;
        ensure!(length == N, "an answer of {length} bytes");
        Ok(read(&answer))
    }
}

#[derive(Debug)]
pub struct Answering {
    server: Server,
}

impl<const N: usize> Answer<N> for Answering {
    #[inline]
    fn answer(&mut self, answer: impl FnOnce(&[u8; N], &mut [u8; N])) -> Result<()> {
        let call = self.server.next()?;
        let (mut request, mut response) = ([0; N], [0; N]);
        call.copy_to(&mut request)?;
        answer(&request, &mut response);
        call.respond(&response)?;
        Ok(())
    }
}
