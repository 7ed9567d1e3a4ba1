//! `lrlib probe`: its report, its calls, and what it leaves behind.
//!
//! Without faults nothing is left, and the files of others are never changed or named.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::SystemTime;

use mde_live_response_emulator::{Call, Emulator, ExistsAnswer, FakeLibrary, Fault};
use serde_json::{Value, json};

use crate::support::{Lrlib, Ran};

const QUESTIONS: [(&str, &str); 15] = [
    ("existingName", "upload of a name that exists"),
    ("otherCase", "the same name in upper case"),
    ("deleteOtherCase", "delete in another letter case"),
    ("deleteAbsent", "delete of an absent name"),
    ("newFileListed", "a new file in the next listing"),
    ("pages", "pages of that listing"),
    ("sha256", "SHA-256 in the answer"),
    ("creationTime", "form of creationTime"),
    ("lastUpdatedTime", "form of lastUpdatedTime"),
    ("emptyFile", "a file without bytes"),
    ("longName", "a name of 255 bytes"),
    ("symbols", "a name with space, é, ()+#,=@~[]"),
    ("fileSize", "largest file"),
    ("description", "longest description"),
    ("parametersDescription", "longest parameters description"),
];

const USUAL: [&str; 12] = [
    "refused: 400 BadRequest",
    "another file",
    "404: letter case counts",
    "404",
    "present",
    "1 for at most 10 files",
    "present",
    "0000-00-00T00:00:00.0000000Z",
    "0000-00-00T00:00:00.000000Z",
    "accepted",
    "accepted",
    "accepted",
];

/// A library with a short limit of texts, so that a probe of it is fast.
fn small() -> Emulator {
    serve(FakeLibrary::builder().token(Emulator::DEFAULT_TOKEN).max_text_chars(256).build())
}

/// Starts a library with two files of others.
fn serve(library: FakeLibrary) -> Emulator {
    library.insert("hers.ps1", b"hers");
    library.insert("HIS.ps1", b"his");
    Emulator::builder().library(library).start().unwrap()
}

/// Runs a probe, and asserts what is true of each: few calls, and no other file is changed or named.
#[track_caller]
fn probe(emulator: &Emulator, more: &[&str], code: i32) -> Ran {
    let before = emulator.library().snapshot();
    let ran = Lrlib::of(emulator).run(&[&["probe", "--yes"], more].concat());
    assert_eq!(ran.code, code, "{ran:?}");
    assert!(calls(emulator) <= 40, "{}", calls(emulator));
    let of_others = |name: &str| !name.to_lowercase().starts_with("lrlib-probe-");
    let mut after = emulator.library().snapshot();
    after.retain(|(entry, _)| of_others(&entry.file_name));
    assert_eq!(after, before);
    let host = emulator.base_url().trim_start_matches("http://");
    for secret in ["hers", "his.ps1", "HIS", "127.0.0.1", "00000000-", host] {
        assert!(!ran.stdout.contains(secret), "{secret}: {}", ran.stdout);
    }
    ran
}

/// Number of requests, those with a fault included.
fn calls(emulator: &Emulator) -> usize {
    emulator.journal().len()
}

fn names(emulator: &Emulator) -> Vec<String> {
    let mut names = emulator.library().names();
    names.retain(|name| name != "hers.ps1" && name != "HIS.ps1");
    names
}

/// The report with these answers, in the order of the questions; `None` is not asked.
fn report(answers: &[Option<&str>], calls: usize) -> Value {
    let answers: Vec<_> = QUESTIONS
        .iter()
        .zip(answers)
        .filter_map(|((id, question), answer)| {
            let unknown = (*answer)?.strip_prefix("unknown: ");
            let answer = if unknown.is_some() { "unknown" } else { (*answer)? };
            Some(json!({ "id": id, "question": question, "answer": answer, "why": unknown }))
        })
        .collect();
    json!({
        "version": 1,
        "command": "probe",
        "service": "custom",
        "lrlib": env!("CARGO_PKG_VERSION"),
        "calls": calls,
        "answers": answers,
        "leftBehind": [],
        "leftUnderOtherNames": 0,
    })
}

#[test]
fn a_report_has_the_answers_of_each_service() {
    let new = || FakeLibrary::builder().token(Emulator::DEFAULT_TOKEN).now(SystemTime::now);
    let usual = [USUAL[0], USUAL[1], USUAL[2]];
    let taken = "refused: 409 Conflict";
    let unlimited = "at least 8388608 characters";
    for (case, library, names_told, file_size, texts, count) in [
        ("the defaults", new().build(), usual, None, [unlimited; 2], 24),
        (
            "409, letter case ignored, short texts, 20 MB",
            new()
                .exists_answer(ExistsAnswer::Conflict409)
                .ignore_letter_case()
                .max_text_chars(1_024)
                .max_file_bytes(20_000_000)
                .build(),
            [taken, taken, "deletes the file"],
            Some("20000000 bytes (20 MB); larger: 413 InvalidInput"),
            ["1024 characters; longer: 400 InvalidInput"; 2],
            33,
        ),
        (
            "strict, an odd limit of texts",
            new().strict().max_text_chars(777).build(),
            usual,
            None,
            [
                "from 774 to 789 characters; longer: 400 InvalidInput; then: no calls left",
                "from 777 to 779 characters; longer: 400 InvalidInput; then: no calls left",
            ],
            38,
        ),
        (
            "no texts",
            new().max_text_chars(0).build(),
            usual,
            None,
            ["0 characters; longer: 400 InvalidInput"; 2],
            35,
        ),
    ] {
        println!("case: {case}");
        let emulator = serve(library);
        let more: &[&str] = if file_size.is_some() { &["--size-limit"] } else { &[] };
        let ran = probe(&emulator, &[more, &["--format", "json"]].concat(), 0);
        assert_eq!((names(&emulator), ran.stderr.as_str()), (vec![], ""));
        let mut answers: Vec<_> = USUAL.into_iter().map(Some).collect();
        answers.splice(..3, names_told.map(Some));
        answers.push(file_size);
        answers.extend(texts.map(Some));
        assert_eq!(ran.json(), report(&answers, count));
        assert_eq!(calls(&emulator), count);
    }
}

#[test]
fn a_failed_call_leaves_one_question_open_and_the_library_clean() {
    let status = |status| Fault::new().status(status);
    let first = "unknown: 500 InternalServerError";
    for (case, fault, told, count) in [
        ("a delete", status(503).on(Call::Delete), (2..3, "unknown: 503 ServiceUnavailable"), 30),
        ("the first upload", status(500).on(Call::Upload), (0..3, first), 25),
        (
            "a lost answer",
            Fault::new().drop_answer().on(Call::Upload),
            (0..3, "unknown: no answer"),
            25,
        ),
        (
            "another hash",
            Fault::new().wrong_sha256().on(Call::Upload),
            (0..3, "unknown: the service reports the SHA-256 of other bytes"),
            25,
        ),
    ] {
        println!("case: {case}");
        let emulator = small();
        emulator.fail_next(fault);
        let ran = probe(&emulator, &["--format", "json"], 0);
        assert_eq!((names(&emulator), ran.stderr.as_str()), (vec![], ""));
        let mut answers: Vec<_> = USUAL.into_iter().map(Some).collect();
        let (of, told) = told;
        if of == (0..3) {
            // Questions about the first file. Deletes of absent names, and other files, go on.
            answers[..3].fill(Some(told));
            answers[4..9].fill(Some(told));
        }
        answers[of].fill(Some(told));
        let texts = Some("256 characters; longer: 400 InvalidInput");
        answers.extend([None, texts, texts]);
        assert_eq!(ran.json(), report(&answers, count));
        assert_eq!(calls(&emulator), count);
    }
}

#[test]
fn files_that_could_not_be_deleted_are_listed() {
    let library = FakeLibrary::builder().token(Emulator::DEFAULT_TOKEN).max_text_chars(777);
    let emulator = serve(library.build());
    let refused = Fault::new().status(403).on(Call::Delete).times(40);
    emulator.fail_next(refused);
    let ran = probe(&emulator, &["--format", "json"], 3);
    let json = ran.json();
    let mut left: Vec<_> =
        json["leftBehind"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    left.sort_unstable();
    assert_eq!(names(&emulator), left);
    assert!(left.len() > 4, "{left:?}");
    let command = ran.stderr.lines().last().unwrap();
    assert!(command.contains("lrlib delete lrlib-probe-"), "{command}");
    let find = |id| json["answers"].as_array().unwrap().iter().find(|it| it["id"] == id).unwrap();
    assert_eq!(find("deleteAbsent")["why"], "403 Forbidden");
    let told = find("parametersDescription")["answer"].as_str().unwrap();
    assert!(told.ends_with("; then: no calls left"), "{told}");
    // The command works, also for names that a shell must not split.
    let library = emulator.library().clone();
    let emulator = Emulator::builder().library(library).start().unwrap();
    let quoted = command.split_once("lrlib delete ").unwrap().1;
    let names: Vec<_> = quoted
        .split(if cfg!(windows) { '"' } else { '\'' })
        .enumerate()
        .flat_map(|(n, part)| match n % 2 {
            0 => part.split_whitespace().collect::<Vec<_>>(),
            _ => vec![part],
        })
        .collect();
    Lrlib::of(&emulator).ends(&[&["delete", "--yes"], &names[..]].concat(), 0, "");
    assert_eq!(emulator.library().names(), ["HIS.ps1", "hers.ps1"]);
}

#[test]
fn a_delete_that_failed_is_tried_again() {
    let emulator = small();
    // Up to the last two deletes, those of the cleanup.
    emulator.fail_next(Fault::new().header("x-harmless", "1").on(Call::Delete).times(9));
    emulator.fail_next(Fault::new().status(503).on(Call::Delete).times(2));
    probe(&emulator, &[], 0);
    assert_eq!((names(&emulator), calls(&emulator)), (vec![], 32));
    let last: Vec<_> =
        emulator.journal().iter().rev().take(5).map(|it| it.status.unwrap()).collect();
    assert_eq!(last, [204, 204, 200, 503, 503]);
}

#[test]
fn a_probe_ends_before_its_first_file_if_it_may_not_list() {
    let emulator = serve(FakeLibrary::builder().forbidden_token(Emulator::DEFAULT_TOKEN).build());
    let ran = Lrlib::of(&emulator).ends(&["probe", "--yes"], 1, "Library.Manage");
    assert_eq!((ran.stdout.as_str(), calls(&emulator)), ("", 1));
}

#[test]
fn a_probe_needs_an_answer() {
    let emulator = small();
    Lrlib::of(&emulator).ends(&["probe"], 2, "give --yes");
    #[cfg(unix)]
    for (answer, code) in [("n\n", 1), ("y\n", 0)] {
        assert_eq!(calls(&emulator), 0);
        let mut run = crate::terminal::OnTerminal::start(&Lrlib::of(&emulator), &["probe"]);
        run.shows("in at most 40 calls. Continue? [y/N] ");
        run.types(answer);
        assert_eq!(run.end().code, code);
    }
}

#[test]
fn each_format_has_the_whole_report() {
    for (format, start, row, end) in [
        (
            "table",
            "QUESTION   ",
            "\npages of that listing             1 for at most 10 files\n",
            "\nfiles left behind                 none\n",
        ),
        (
            "markdown",
            "### lrlib probe\n\n| QUESTION | ANSWER |\n",
            "\n| pages of that listing | 1 for at most 10 files |\n",
            "\n| files left behind | none |\n",
        ),
        (
            "tsv",
            "QUESTION\tANSWER\nservice\tcustom\n",
            "\ndelete of an absent name\t404\n",
            "\ncalls\t30\nfiles left behind\tnone\n",
        ),
    ] {
        let emulator = small();
        let ran = probe(&emulator, &["--format", format], 0);
        assert!(ran.stdout.starts_with(start) && ran.stdout.ends_with(end), "{}", ran.stdout);
        assert!(ran.stdout.contains(row), "{}", ran.stdout);
    }
}

/// A service that accepts every upload under a name of its own.
fn renaming() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || while answer(&mut BufReader::new(stream.as_ref().unwrap())) {});
        }
    });
    format!("http://{address}")
}

/// Answers a request. Returns whether there was one.
fn answer(stream: &mut BufReader<&TcpStream>) -> bool {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return false;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head += &line;
    }
    stream.read_exact(&mut vec![0; length]).unwrap();
    let (status, body) = match head.split(' ').next().unwrap() {
        "POST" => ("200 OK", r#"{"fileName":"contoso.ps1"}"#),
        "GET" => ("200 OK", r#"{"value":[{"fileName":"contoso.ps1"}]}"#),
        _ => ("404 Not Found", r#"{"error":{"code":"NotFound"}}"#),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.get_mut().write_all(answer.as_bytes()).unwrap();
    false
}

/// Such a file is not deleted, because its name may be that of a file of others, and the report does not name it.
#[test]
fn a_file_under_another_name_is_told_but_not_in_the_report() {
    let base = renaming();
    let lrlib = Lrlib::alone().with(&[("MDE_TOKEN", "canary")]);
    let ran = lrlib.ends(&["probe", "--yes", "--base-url", &base, "--format", "json"], 3, "");
    let json = ran.json();
    assert_eq!(json["answers"][0]["why"], "stored under another name");
    assert_eq!((&json["leftBehind"], &json["leftUnderOtherNames"]), (&json!([]), &json!(6)));
    assert!(!ran.stdout.contains("contoso"), "{}", ran.stdout);
    assert!(ran.stderr.contains("under the name contoso.ps1; delete it"), "{}", ran.stderr);
}
