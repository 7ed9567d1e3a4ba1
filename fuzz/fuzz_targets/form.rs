//! Gives the fuzzer the target `form`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| mde_live_response_fuzz::form(input));
