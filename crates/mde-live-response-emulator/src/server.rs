//! The thread that serves: a listener, a runtime of one thread, a task for each connection.

use std::convert::Infallible;
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

/// After a failed `accept`, mostly for want of file handles: time for some to come back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server on a thread of its own. Stops, and waits until it has stopped, when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens before it returns: a connection made from then on is served.
    pub(crate) fn start(listen: SocketAddr, service: Service) -> io::Result<Self> {
        let listener = TcpListener::bind(listen)
            .map_err(|cause| io::Error::new(cause.kind(), format!("{listen}: {cause}")))?;
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
            .spawn(move || runtime.block_on(run(listener, Arc::new(service), stopped)))?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// The address that is listened on, with its real port.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the thread ends, which it does by itself only if it cannot go on.
    pub(crate) fn wait(mut self) -> io::Result<()> {
        self.join();
        Err(io::Error::other("the server ended by itself"))
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic was printed by the thread itself; there is nobody here to pass it on to.
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
            Ok((stream, _)) => drop(connections.spawn(serve(stream, Arc::clone(service)))),
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, service: Arc<Service>) {
    // An answer is one small write: waiting for more to come would only delay it.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(service.answer(request).await) }
    });
    let connection = http1::Builder::new()
        // A peer that has nothing more to send still waits for its answer.
        .half_close(true)
        .serve_connection(TokioIo::new(Lingering::new(stream)), service);
    // Broken connections are the peer's to notice.
    let _ = connection.await;
}
