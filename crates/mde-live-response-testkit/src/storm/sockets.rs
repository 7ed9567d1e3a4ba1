//! A wire of sockets.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use mde_live_response_core::http::header::CONTENT_TYPE;
use mde_live_response_core::http::{HeaderValue, Request, Response};
use mde_live_response_core::transport::{Exchange, Transport, TransportError};

use super::far::{ORDER, SERVICE};
use super::{Order, Wire};

/// Orders on their way. The key is what the far end sees of a request: the boundary of a form, which is random, or the
/// [`ORDER`] of a request without a body. Only one request at a time is for a token.
pub(super) type Orders = Arc<Mutex<HashMap<String, Arc<Mutex<Pending>>>>>;

/// An order until its exchange has ended.
#[derive(Debug)]
pub(super) struct Pending {
    /// For the next request that arrives.
    pub(super) order: Option<Arc<Order>>,
    arrived: u32,
}

impl Pending {
    /// The order of a request that arrives. Nothing happens to the same request if an intermediary sends it again.
    pub(super) fn arrive(&mut self) -> Option<Arc<Order>> {
        let order = self.order.take()?;
        self.order = Some(Arc::new(order.again()));
        self.arrived += 1;
        Some(order)
    }
}

/// Sends exchanges with a transport to a [`FarEnd`](super::FarEnd), directly or through an intermediary.
#[derive(Debug)]
pub struct Sockets<T> {
    transport: T,
    orders: Orders,
    answers: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl<T: Transport> Sockets<T> {
    /// Creates a wire of this transport.
    pub fn new(transport: T) -> Self {
        Self { transport, orders: Orders::default(), answers: Arc::default() }
    }

    /// The orders, for the far end.
    pub(super) fn orders(&self) -> Orders {
        Arc::clone(&self.orders)
    }

    /// The number of answers so far, by who gave it and status, and of the requests that an intermediary repeated.
    pub fn answers(&self) -> Arc<Mutex<BTreeMap<String, u64>>> {
        Arc::clone(&self.answers)
    }

    fn send_as(
        &self,
        key: &str,
        exchange: &mut Exchange<'_>,
        order: Arc<Order>,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let pending = Arc::new(Mutex::new(Pending { order: Some(order), arrived: 0 }));
        self.orders.lock().unwrap().insert(key.to_owned(), Arc::clone(&pending));
        let answer = self.transport.send(exchange);
        // What has not arrived by now is lost: an uncontrolled late request would change what is right for a later call.
        // The lock waits for a request that the library is working on.
        let mut pending = pending.lock().unwrap();
        pending.order = None;
        let what = answer.as_ref().map_or_else(
            |_| "no answer".to_owned(),
            |answer| {
                let by = if answer.headers().contains_key(SERVICE) { "service" } else { "between" };
                format!("{by} {}", answer.status().as_u16())
            },
        );
        let mut answers = self.answers.lock().unwrap();
        *answers.entry(what).or_default() += 1;
        if pending.arrived > 1 {
            *answers.entry("repeats".to_owned()).or_default() += 1;
        }
        answer
    }
}

impl<T: Transport> Wire for Sockets<T> {
    fn send(
        &self,
        exchange: &mut Exchange<'_>,
        order: Arc<Order>,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        if let Some(key) = exchange.head().headers.get(CONTENT_TYPE) {
            let key = key.to_str().unwrap().to_owned();
            return self.send_as(&key, exchange, order);
        }
        let (number, mut head) = (order.number, exchange.take_head());
        head.headers.insert(ORDER, HeaderValue::from(number));
        let named = Exchange::new(Request::from_parts(head, &[][..])).unwrap();
        let mut named = named.with_limits(exchange.limits().clone());
        self.send_as(&number.to_string(), &mut named, order)
    }
}
