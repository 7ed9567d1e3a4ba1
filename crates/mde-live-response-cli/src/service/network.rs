//! How `lrlib` reaches the network: proxy and certificate authorities.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::BoolishValueParser;
use mde_live_response_core::error::InvalidInput;
use mde_live_response_ureq::{Certificate, Proxy, Roots, UreqTransport, UreqTransportBuilder};

use crate::output::exit::Failure;

#[derive(Debug, Args)]
pub(crate) struct Network {
    /// HTTP proxy, such as `http://proxy.example:3128`; an empty text means none. Other users can see a password here, but
    /// not in an environment variable.
    #[arg(long, value_name = "URL", help_heading = "Network")]
    proxy: Option<String>,
    /// Hosts and networks that are reached without the proxy, between commas.
    #[arg(long, value_name = "LIST", help_heading = "Network")]
    no_proxy: Option<String>,
    /// File with more certificate authorities (PEM), for example that of a proxy that intercepts TLS.
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    ca_file: Option<PathBuf>,
    /// Trust the operating system's certificate authorities instead of the bundled ones.
    #[arg(long, help_heading = "Network", value_parser = BoolishValueParser::new())]
    system_roots: bool,
}

impl Network {
    pub(crate) fn transport(&self) -> Result<UreqTransportBuilder, Failure> {
        Ok(UreqTransport::builder().proxy(self.proxy()?).roots(self.roots()?))
    }

    /// Reads the proxy. Each option takes precedence over its variables.
    fn proxy(&self) -> Result<Option<Proxy>, Failure> {
        let is_list = |name: &str| name.eq_ignore_ascii_case("no_proxy");
        let option = |name| if is_list(name) { &self.no_proxy } else { &self.proxy };
        let proxy = Proxy::from_lookup(|name| match option(name) {
            Some(text) => Some(text.into()),
            None => env::var_os(name),
        });
        proxy.map_err(|why| {
            let name = match option(why.field()) {
                Some(_) => "--proxy",
                None => why.field(),
            };
            Failure::usage(InvalidInput::new(name, why.problem().clone()), why.help())
        })
    }

    fn roots(&self) -> Result<Roots, Failure> {
        match &self.ca_file {
            // clap sees only conflicts between options at the same place of the command line.
            Some(_) if self.system_roots => Err(Failure::usage(
                "--ca-file cannot be combined with --system-roots",
                "Give one of them, or add the authority to the operating system's.",
            )),
            Some(path) => Ok(Roots::BundledAnd(authorities(path)?)),
            None if self.system_roots => Ok(Roots::Platform),
            None => Ok(Roots::Bundled),
        }
    }

    /// Describes the proxy for a base URL, without its password.
    pub(crate) fn route(&self, base: &str) -> Result<String, Failure> {
        let Some(host) = base.strip_prefix("https://") else {
            return Ok("not used for plain http".to_owned());
        };
        let host = host.split('/').next().unwrap_or_default();
        // Without the port. An IPv6 address keeps its brackets.
        let host = host.rsplit_once(':').filter(|it| !it.1.contains(']')).map_or(host, |it| it.0);
        Ok(match self.proxy()? {
            None => "none".to_owned(),
            Some(proxy) if proxy.is_bypassed(host) => "not used for this host".to_owned(),
            Some(proxy) => format!("{}:{}", proxy.host(), proxy.port()),
        })
    }
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let pem = fs::read(path).map_err(|why| {
        let message = format!("cannot read the file of --ca-file, {}: {why}", path.display());
        Failure::usage(message, "Check its path and permissions.")
    })?;
    Certificate::all_from_pem(&pem)
        .map_err(|why| Failure::usage(format!("{}: {why}", path.display()), why.help()))
}
