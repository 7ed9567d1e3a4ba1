//! The server's thread: a listener, a runtime, and a task per connection.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::linger::Lingering;
use crate::service::Service;

/// Pause after a failed `accept`. Mostly, file handles are lacking, and become free again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server on its own thread. Dropping it stops it, and waits until it has stopped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts the server. It listens when this returns.
    pub(crate) fn start(listen: SocketAddr, service: Arc<Service>) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).map_err(|cause| {
            io::Error::new(cause.kind(), format!("cannot listen on {listen}: {cause}"))
        })?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("mde-emulator".to_owned())
            .spawn(move || runtime.block_on(run(listener, service, stopped)))?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// The address on which the server listens, with its real port.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the thread ends, which it does only after a failure.
    pub(crate) fn wait(mut self) -> io::Result<()> {
        self.join();
        Err(io::Error::other("the server ended unexpectedly"))
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // The thread has printed its panic, and a drop cannot return it.
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.take();
        self.join();
    }
}

/// Serves until the other end of `stopped` is dropped.
async fn run(
    listener: tokio::net::TcpListener,
    service: Arc<Service>,
    stopped: oneshot::Receiver<()>,
) {
    tokio::select! {
        _ = stopped => {}
        () = accept(&listener, &service) => {}
    }
}

async fn accept(listener: &tokio::net::TcpListener, service: &Arc<Service>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => drop(connections.spawn(serve(stream, peer, Arc::clone(service)))),
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, service: Arc<Service>) {
    // An answer is one small write, so waiting for more bytes would only delay it.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let service = Arc::clone(&service);
        async move { service.answer(peer, request).await }
    });
    let connection = http1::Builder::new()
        // A peer that has ended its side still waits for its answer.
        .half_close(true)
        .serve_connection(TokioIo::new(Lingering::new(stream)), service);
    // The peer notices a broken connection itself.
    let _ = connection.await;
}
