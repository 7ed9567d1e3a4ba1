//! Guide pages. This module contains only documentation.
//!
//! | page | after reading it you can |
//! |---|---|
//! | [`first_program`] | write a program that uploads a script and explains its errors |
//! | [`progress_and_cancel`] | show the progress of an upload, limit its time, and stop it |
//! | [`credentials`] | give a client tokens, grant the permission they need, and explain a 403 |
//! | [`identities`] | run `lrlib` as a GitHub job, an Azure pipeline, an Azure machine, or yourself |
//! | [`errors`] | decide what a program does after each error |
//! | [`testing`] | test code that uses a client, in Rust or in another language |
//! | [`emulator`] | test a program in any language against the emulator, and make its calls fail |
//! | [`sovereign_clouds`] | use a region, a government cloud or a gateway |
//! | [`the_service`] | tell what the service can do, its limits, and what is not known about it |
//! | [`choosing_a_transport`] | set certificate authorities or a proxy, or leave ureq out |
//! | [`writing_a_transport`] | use another HTTP client |
//!
//! The examples are compiled, and run unless they need a real host.

// A page whose examples need a feature is tested only with that feature.

pub mod first_program {
    #![cfg_attr(any(not(doctest), feature = "ureq"), doc = include_str!("first-program.md"))]
}

pub mod progress_and_cancel {
    #![cfg_attr(any(not(doctest), feature = "ureq"), doc = include_str!("progress-and-cancel.md"))]
}

pub mod credentials {
    #![cfg_attr(
        any(not(doctest), all(feature = "ureq", feature = "entra")),
        doc = include_str!("credentials.md")
    )]
}

pub mod identities {
    #![doc = include_str!("identities.md")]
}

pub mod errors {
    #![doc = include_str!("errors.md")]
}

pub mod testing {
    #![cfg_attr(any(not(doctest), feature = "ureq"), doc = include_str!("testing-your-code.md"))]
}

pub mod emulator {
    #![cfg_attr(any(not(doctest), feature = "ureq"), doc = include_str!("emulator.md"))]
}

pub mod sovereign_clouds {
    #![doc = include_str!("sovereign-clouds.md")]
}

pub mod the_service {
    #![doc = include_str!("the-service.md")]
}

pub mod choosing_a_transport {
    #![cfg_attr(any(not(doctest), feature = "ureq"), doc = include_str!("choosing-a-transport.md"))]
}

pub mod writing_a_transport {
    #![doc = include_str!("writing-a-transport.md")]
    //!
    // Compiled in tests/judges, which has the HTTP client.
    #![cfg_attr(not(doctest), doc = "```")]
    #![cfg_attr(not(doctest), doc = include_str!("../../examples/custom_transport.rs"))]
    #![cfg_attr(not(doctest), doc = "```")]
}
