//! Pages for those who use these crates: nothing here but documentation.
//!
//! | page | for whom |
//! |---|---|
//! | [`choosing_a_transport`] | who sets up a program: roots, a proxy, no ureq at all |
//! | [`testing`] | who tests code that uses a client, in Rust or in another language |
//! | [`errors`] | who decides what a program does after an error, and who reads one at night |
//! | [`sovereign_clouds`] | who works in another cloud than the commercial one, or behind a gateway |
//! | [`writing_a_transport`] | who brings another HTTP client |
//!
//! The examples are compiled, and run unless they need a real host.

pub mod choosing_a_transport {
    #![doc = include_str!("choosing-a-transport.md")]
    //!
    // What ureq alone brings must be linked to where this is built without it, too.
    #![cfg_attr(feature = "ureq", doc = "[`UreqTransport`]: crate::UreqTransport")]
    #![cfg_attr(feature = "ureq", doc = "[`client`]: crate::client")]
    #![cfg_attr(feature = "ureq", doc = "[`Roots`]: crate::Roots")]
    #![cfg_attr(feature = "ureq", doc = "[`Proxy`]: crate::Proxy")]
    #![cfg_attr(
        not(feature = "ureq"),
        doc = "[`UreqTransport`]: https://docs.rs/mde-live-response/latest/mde_live_response/struct.UreqTransport.html"
    )]
    #![cfg_attr(
        not(feature = "ureq"),
        doc = "[`client`]: https://docs.rs/mde-live-response/latest/mde_live_response/fn.client.html"
    )]
    #![cfg_attr(
        not(feature = "ureq"),
        doc = "[`Roots`]: https://docs.rs/mde-live-response/latest/mde_live_response/enum.Roots.html"
    )]
    #![cfg_attr(
        not(feature = "ureq"),
        doc = "[`Proxy`]: https://docs.rs/mde-live-response/latest/mde_live_response/struct.Proxy.html"
    )]
}

pub mod testing {
    #![doc = include_str!("testing-your-code.md")]
}

pub mod errors {
    #![doc = include_str!("errors.md")]
}

pub mod sovereign_clouds {
    #![doc = include_str!("sovereign-clouds.md")]
}

pub mod writing_a_transport {
    #![doc = include_str!("writing-a-transport.md")]
}
