//! A listener between a client and the emulator, on its own thread.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// A running listener.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Relay {
    /// Listens on this port, or on any free one if it is 0.
    ///
    /// `run` must accept connections, and end after the first one that comes once the flag is set.
    pub fn start(port: u16, run: impl FnOnce(&TcpListener, &AtomicBool) + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let address = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        Self { address, is_over, thread: thread::spawn(move || run(&listener, &over)) }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it. The client is gone by now.
    pub fn stop(self) {
        self.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        self.thread.join().unwrap();
    }
}
