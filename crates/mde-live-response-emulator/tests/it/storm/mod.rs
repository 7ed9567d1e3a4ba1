//! A storm over sockets: a relay stands between the client and the emulator.

mod applying;
mod relay;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use mde_live_response_core::http::header::CONTENT_TYPE;
use mde_live_response_core::http::{HeaderValue, Request, Response};
use mde_live_response_core::transport::{Exchange, Transport, TransportError};
use mde_live_response_emulator::Emulator;
use mde_live_response_testkit::storm::{Order, Service, Wire, storms};
use mde_live_response_ureq::UreqTransport;

/// Calls of the API: enough for every fault.
const CALLS: u64 = 600;

/// Names the order of a request without a body.
const ORDER: &str = "x-order";

/// Orders on their way. The key is what the relay sees of a request: the boundary of a form, which is random, or the
/// [`ORDER`] of a request without a body. Only one request at a time is for a token.
type Orders = Arc<Mutex<HashMap<String, Arc<Order>>>>;

#[derive(Debug)]
struct Sockets {
    transport: UreqTransport,
    orders: Orders,
}

impl Wire for Sockets {
    fn send(
        &self,
        exchange: &mut Exchange<'_>,
        order: Arc<Order>,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        if let Some(key) = exchange.head().headers.get(CONTENT_TYPE) {
            self.orders.lock().unwrap().insert(key.to_str().unwrap().to_owned(), order);
            return self.transport.send(exchange);
        }
        let (number, mut head) = (order.number(), exchange.take_head());
        self.orders.lock().unwrap().insert(number.to_string(), order);
        head.headers.insert(ORDER, HeaderValue::from(number));
        let named = Exchange::new(Request::from_parts(head, &[][..])).unwrap();
        self.transport.send(&mut named.with_limits(exchange.limits().clone()))
    }
}

#[test]
fn in_a_storm_over_sockets_every_word_is_true() {
    for storm in storms(CALLS) {
        let service = Service::new();
        let emulator = Emulator::builder().library(service.library().clone()).start().unwrap();
        let orders = Orders::default();
        let relay = relay::start(emulator.base_url(), Arc::clone(&service), Arc::clone(&orders));
        let transport = UreqTransport::new();
        let evidence = storm.run(8, &service, &relay.url(), Sockets { transport, orders });
        relay.stop();
        evidence.check();
    }
}
