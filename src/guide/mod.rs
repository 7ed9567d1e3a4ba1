//! Guide pages. This module contains only documentation.
//!
//! | page | answers |
//! |---|---|
//! | [`choosing_a_transport`] | How do I set certificate authorities or a proxy, or leave ureq out? |
//! | [`testing`] | How do I test code that uses a client, in Rust or in another language? |
//! | [`errors`] | What does an error mean, and what should the program do? |
//! | [`sovereign_clouds`] | How do I use another cloud than the commercial one, or a gateway? |
//! | [`writing_a_transport`] | How do I use another HTTP client? |
//!
//! The examples are compiled, and run unless they need a real host.

pub mod choosing_a_transport {
    #![doc = include_str!("choosing-a-transport.md")]
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
    //!
    // Compiled in tests/judges, which has the HTTP client.
    #![cfg_attr(not(doctest), doc = "```")]
    #![cfg_attr(not(doctest), doc = include_str!("../../examples/custom_transport.rs"))]
    #![cfg_attr(not(doctest), doc = "```")]
}
