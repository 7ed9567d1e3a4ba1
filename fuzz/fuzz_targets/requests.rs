//! Gives the fuzzer the target `requests`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| mde_live_response_fuzz::requests(input));
