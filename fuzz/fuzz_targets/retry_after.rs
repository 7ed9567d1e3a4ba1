//! Gives the fuzzer the target `retry_after`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| mde_live_response_fuzz::retry_after(input));
