//! Requests that are none, by the hundred: each is refused with the status it deserves, stores nothing, and the
//! emulator serves on.
//!
//! They come in families, generated, the same in every run. 400 is the rule, and where a request was understood far
//! enough to say more (404, 405, 413, 414, 431) the family says so.

mod bodies;
mod forms;
mod headers;
mod lines;
mod parts;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::Shutdown;

use mde_live_response_emulator::Emulator;

use crate::support::{Answer, connect, file_form, list, upload};

/// Bytes to send, and what must come back.
pub(super) struct Case {
    what: String,
    request: Vec<u8>,
    /// Status and code; where the HTTP server refuses, before there is a call, the code is empty.
    answer: (u16, &'static str),
    end: End,
}

/// Who ends the connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The client: it says that nothing more comes.
    Client,
    /// The emulator, to a client that would go on: after such bytes nothing can be read any more.
    Emulator,
}

/// The connection ends, without an answer.
const NOTHING: (u16, &str) = (0, "");
const NO_HTTP: (u16, &str) = (400, "");
const BODY: (u16, &str) = (400, "InvalidRequestBody");
const INPUT: (u16, &str) = (400, "InvalidInput");
const MISSING: (u16, &str) = (400, "MissingRequiredParameter");

impl Case {
    fn new(
        what: impl Into<String>,
        request: impl Into<Vec<u8>>,
        answer: (u16, &'static str),
        end: End,
    ) -> Self {
        Self { what: what.into(), request: request.into(), answer, end }
    }

    /// What is wrong with how the emulator took it.
    fn fault(&self, emulator: &Emulator) -> Option<String> {
        let mut stream = connect(emulator);
        stream.write_all(&self.request).unwrap();
        if self.end == End::Client {
            stream.shutdown(Shutdown::Write).unwrap();
        }
        let mut heard = Vec::new();
        let end = stream.read_to_end(&mut heard);
        let mut rest = heard.as_slice();
        let answer = (!rest.is_empty()).then(|| Answer::read_next(&mut rest));
        let got = answer.map_or((0, String::new()), |answer| (answer.status, answer.code()));
        let names = emulator.library().names();
        let fault = if (got.0, got.1.as_str()) != self.answer {
            format!("answered with {got:?}, not {:?}", self.answer)
        } else if !rest.is_empty() || end.is_err() {
            format!("after the answer: {:?}, {end:?}", String::from_utf8_lossy(rest))
        } else if !names.is_empty() {
            format!("stored {names:?}")
        } else {
            return None;
        };
        emulator.library().restore(Vec::<(_, Vec<u8>)>::new());
        let request = String::from_utf8_lossy(&self.request).chars().take(300).collect::<String>();
        Some(format!("{}: {fault}\n    {request:?}", self.what))
    }
}

type Family = fn(&Emulator) -> Vec<Case>;

/// Sends each, and then an upload that is none of these.
#[track_caller]
fn refuse(family: Family) {
    let emulator = Emulator::builder().no_limits().start().unwrap();
    let cases = family(&emulator);
    let faults: Vec<_> = cases.iter().filter_map(|case| case.fault(&emulator)).collect();
    let shown = faults.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(faults.is_empty(), "{} of {}:\n{shown}", faults.len(), cases.len());
    assert_eq!(list(&emulator).status, 200);
    assert_eq!(upload(&emulator, &file_form("sound", b"x")).status, 200);
    assert_eq!(emulator.library().names(), ["sound"]);
    assert_eq!(emulator.library().content("sound").as_deref(), Some(&b"x"[..]));
}

macro_rules! families {
    ($($test:ident: $family:path,)*) => {
        $(#[test]
        fn $test() {
            refuse($family);
        })*

        const FAMILIES: &[Family] = &[$($family),*];
    };
}

families! {
    request_lines_cut_short: lines::cut,
    heads_cut_short: headers::cut,
    request_lines_with_a_byte_that_cannot_be: lines::bytes,
    request_lines_of_another_shape: lines::shapes,
    bytes_that_are_no_http: lines::noise,
    targets_too_long: lines::long,
    header_lines_that_are_none: headers::broken,
    heads_without_the_one_host: headers::hosts,
    heads_too_large: headers::large,
    lengths_that_are_none: bodies::lengths,
    transfer_codings_that_are_none: bodies::codings,
    bodies_shorter_than_promised: bodies::short,
    chunked_bodies_cut_short: bodies::cut_chunks,
    chunks_that_are_none: bodies::chunks,
    bodies_larger_than_any_form: bodies::large,
    forms_cut_short: forms::cut,
    forms_with_another_boundary: forms::boundaries,
    forms_of_another_type: forms::types,
    forms_with_a_broken_delimiter: forms::delimiters,
    forms_of_other_kinds: forms::others,
    forms_of_noise: forms::noise,
    parts_with_a_broken_header: parts::headers,
    parts_with_a_nul: parts::nuls,
    parts_that_hold_parts: parts::nested,
    parts_that_come_twice: parts::twice,
    parts_of_other_names: parts::names,
    files_of_impossible_names: parts::filenames,
    flags_that_are_none: parts::flags,
    texts_that_are_no_utf8: parts::not_utf8,
    methods_and_paths_that_are_none: lines::elsewhere,
}

#[test]
fn there_are_two_thousand_and_each_is_another_one() {
    let emulator = Emulator::start().unwrap();
    let cases: Vec<_> = FAMILIES.iter().flat_map(|family| family(&emulator)).collect();
    let mut seen = HashMap::new();
    let twice = cases.iter().filter_map(|case| {
        seen.insert(&case.request, &case.what).map(|other| format!("{other} = {}", case.what))
    });
    assert_eq!(twice.collect::<Vec<_>>(), Vec::<String>::new());
    assert!(cases.len() >= 2_000, "{}", cases.len());
}

/// splitmix64: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}
