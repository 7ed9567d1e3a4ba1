//! Gives the fuzzer the target `replies`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| mde_live_response_fuzz::replies(input));
