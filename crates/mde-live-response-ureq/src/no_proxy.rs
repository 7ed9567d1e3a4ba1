//! Hosts that are reached without the proxy, as curl reads `NO_PROXY`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A parsed list. Any text is one: entries that match no host have no effect.
#[derive(Debug, Clone, Default)]
pub(crate) struct NoProxy {
    everything: bool,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    /// A name without a dot at either end, in lower case.
    domain: String,
    network: Option<(IpAddr, u32)>,
}

impl NoProxy {
    pub(crate) fn parse(list: &str) -> Self {
        let mut entries = Vec::new();
        for part in list.split(',') {
            let mut words = part.split_ascii_whitespace();
            if let Some(word) = words.next() {
                entries.push(Entry::parse(word));
            }
            // For curl, the list ends where a comma is missing.
            if words.next().is_some() {
                break;
            }
        }
        Self { everything: list == "*", entries }
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.everything
    }

    /// Returns whether a host, as in a URL, is in the list.
    pub(crate) fn contains(&self, host: &str) -> bool {
        if self.everything {
            return true;
        }
        let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let address = match literal {
            Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        };
        if let Some(address) = address {
            return self.entries.iter().any(|entry| entry.has_address(address));
        }
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        self.entries.iter().any(|entry| entry.has_name(&name))
    }
}

impl Entry {
    fn parse(word: &str) -> Self {
        let domain = word.strip_suffix('.').unwrap_or(word);
        let domain = domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase();
        Self { domain, network: network(word) }
    }

    /// Returns whether a name in lower case is the entry's or below it.
    fn has_name(&self, name: &str) -> bool {
        let before = name.strip_suffix(&self.domain);
        let is_whole = |before: &str| before.is_empty() || before.ends_with('.');
        !self.domain.is_empty() && before.is_some_and(is_whole)
    }

    fn has_address(&self, address: IpAddr) -> bool {
        let Some((network, bits)) = self.network else { return false };
        match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                ((network.to_bits() ^ address.to_bits()) >> (32 - bits)) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                ((network.to_bits() ^ address.to_bits()) >> (128 - bits)) == 0
            }
            _ => false,
        }
    }
}

/// Parses an address, or a network such as `10.0.0.0/8`. For curl, 0 bits are all of them.
fn network(word: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = match word.split_once('/') {
        Some((address, bits)) => (address, bits.parse().ok()?),
        None => (word, 0),
    };
    let address: IpAddr = address.parse().ok()?;
    let all = if address.is_ipv4() { 32 } else { 128 };
    match bits {
        0 => Some((address, all)),
        1.. if bits <= all => Some((address, bits)),
        _ => None,
    }
}
