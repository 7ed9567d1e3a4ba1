//! The cases, and what a judge has to find in each.

use std::io::Read;

use mde_live_response_core::operation::{Operation, UploadRequest};
use mde_live_response_core::{Endpoint, FileName, IfExists, Upload};

use mde_live_response_judges::Form;

use mde_live_response_testkit::Rng;

/// Seed of the generated cases.
const SEED: u64 = 0x5EED_2026;
const GENERATED: usize = 1_000;

/// What core makes of [`SEED_OF_BOUNDARY`].
pub(crate) const BOUNDARY: &str = "3f0c1b7a9d2e4f5061728394a5b6c7d8e9f00112";
const SEED_OF_BOUNDARY: [u8; 20] = [
    0x3f, 0x0c, 0x1b, 0x7a, 0x9d, 0x2e, 0x4f, 0x50, 0x61, 0x72, 0x83, 0x94, 0xa5, 0xb6, 0xc7, 0xd8,
    0xe9, 0xf0, 0x01, 0x12,
];

pub(crate) struct Case {
    pub(crate) label: String,
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
    pub(crate) description: Option<String>,
    pub(crate) parameters: Option<String>,
    pub(crate) if_exists: IfExists,
}

impl Case {
    fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            name: "collect.bin".to_owned(),
            content: b"Get-Date\r\n".to_vec(),
            description: None,
            parameters: None,
            if_exists: IfExists::Fail,
        }
    }

    /// What core writes.
    pub(crate) fn body(&self) -> Vec<u8> {
        let name = FileName::permitting_separators(self.name.clone()).expect(&self.label);
        let mut upload =
            Upload::new(name, self.content.clone()).with_if_exists(self.if_exists).allow_empty();
        if let Some(text) = &self.description {
            upload = upload.with_description(text.parse().expect(&self.label));
        }
        if let Some(text) = &self.parameters {
            upload = upload.with_parameters(text.parse().expect(&self.label));
        }
        let request = UploadRequest::new(&upload, SEED_OF_BOUNDARY).expect(&self.label);
        let mut exchange = request.exchange(&Endpoint::COMMERCIAL);
        let content_type = exchange.head().headers["content-type"].to_str().unwrap();
        assert_eq!(content_type, format!("multipart/form-data; boundary={BOUNDARY}"));
        let mut body = Vec::new();
        exchange.read_to_end(&mut body).expect(&self.label);
        assert_eq!(body.len() as u64, exchange.body_len(), "case: {}", self.label);
        body
    }

    /// What a judge has to find.
    pub(crate) fn form(&self) -> Form {
        let mut texts = Vec::new();
        let mut text = |name: &str, value: &str| texts.push((name.to_owned(), value.to_owned()));
        if let Some(description) = &self.description {
            text("Description", description);
        }
        if let Some(parameters) = &self.parameters {
            text("ParametersDescription", parameters);
        }
        text("HasParameters", if self.parameters.is_some() { "true" } else { "false" });
        text(
            "OverrideIfExists",
            if self.if_exists == IfExists::Override { "true" } else { "false" },
        );
        Form {
            texts,
            field: "file".to_owned(),
            name: self.name.clone(),
            content_type: mime_guess::from_path(&self.name).first_or_octet_stream().to_string(),
            content: self.content.clone(),
        }
    }
}

/// One name of every accepted class, with `|` between them.
const NAMES: &str = "a|collect-dns.ps1|two words and  a gap.ps1|v1.2.3.tar.gz|-dash-first.sh|--two-dashes|\
    .hidden|...dots.first|caf\u{e9}.ps1|cafe\u{301}.ps1|\
    \u{53ce}\u{96c6}\u{30b9}\u{30af}\u{30ea}\u{30d7}\u{30c8}.ps1|\u{1f9f0}.sh|100%|a%zz|\
    50%of|it's.ps1|a=b.txt|name=x|filename=x.ps1|(copy) [1] {2}.txt|#!~@$^+,`.txt|\
    CONSOLE.txt|&|r&d.ps1|a&amp.txt";

/// Names that a caller has to opt in to, and that not every judge reads.
pub(crate) const WITH_SEMICOLON: [&str; 4] = ["r;d.ps1", ";", "a b; c.ps1", "\u{e9};filename=x"];

pub(crate) fn with_name(name: &str) -> Case {
    Case { name: name.to_owned(), ..Case::new(format!("name {name:?}")) }
}

/// Names of the longest length, in one-, two-, three- and four-byte characters.
fn longest_names() -> Vec<String> {
    let fill = |c: char| c.to_string().repeat(255 / c.len_utf8());
    vec![
        fill('x'),
        format!("{}x", fill('\u{e9}')),
        fill('\u{53ce}'),
        format!("{}xyz", fill('\u{1f9f0}')),
    ]
}

/// Contents that are hard to frame.
fn contents() -> Vec<(&'static str, Vec<u8>)> {
    let delimiter = format!("\r\n--{BOUNDARY}");
    let bare = format!("--{BOUNDARY}");
    let less_one = |text: &str| text.as_bytes()[..text.len() - 1].to_vec();
    let all: Vec<u8> = (0..=255).collect();
    let mut contents = vec![
        ("empty", Vec::new()),
        ("all byte values", all.clone()),
        ("all byte values, backwards", all.into_iter().rev().collect()),
        ("lone CR", b"\r".to_vec()),
        ("lone LF", b"\n".to_vec()),
        ("exactly CRLF", b"\r\n".to_vec()),
        ("two CRLF", b"\r\n\r\n".to_vec()),
        ("only empty lines", b"\n\n\n\r\n\r\n\r\n".to_vec()),
        ("ends with CR", b"text\r".to_vec()),
        ("ends with CRLF and CR", b"text\r\n\r".to_vec()),
        ("starts with CRLF", b"\r\ntext".to_vec()),
        ("two dashes", b"--".to_vec()),
        ("last line of two dashes", b"text\r\n--".to_vec()),
        ("last line of many dashes", b"text\r\n----------------------------".to_vec()),
        ("one dash at the end", b"text\r\n-".to_vec()),
        ("PEM", b"-----BEGIN CERTIFICATE-----\r\nMIIB\r\n-----END CERTIFICATE-----\r\n".to_vec()),
        ("looks like headers", b"Content-Type: text/plain\r\n\r\nbody".to_vec()),
        (
            "another form",
            b"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n1\r\n--x--\r\n".to_vec(),
        ),
        ("delimiter less its last character", less_one(&delimiter)),
        ("the same, and then more", [less_one(&delimiter), b"\r\nmore".to_vec()].concat()),
        ("the same, many times", less_one(&delimiter).repeat(100)),
        ("delimiter without CRLF, less its last character", less_one(&bare)),
        ("delimiter after LF, less its last character", less_one(&format!("\n{bare}"))),
        (
            "close less its last characters",
            [b"x".to_vec(), less_one(&delimiter), b"--\r\n".to_vec()].concat(),
        ),
        ("NUL bytes", vec![0; 1000]),
        ("not UTF-8", b"\xff\xfe\xc3\x28\xed\xa0\x80".to_vec()),
    ];
    // A prefix of the delimiter, of every length, at the very end.
    for end in 1..delimiter.len() {
        contents
            .push(("delimiter prefix at the end", format!("x{}", &delimiter[..end]).into_bytes()));
    }
    // Around the sizes of buffers.
    for size in [1_023, 1_024, 1_025, 8_191, 8_192, 8_193, 65_535, 65_536, 65_537, 131_072] {
        contents.push(("a buffer's size", bytes(&mut Rng::with_seed(size as u64), size)));
        contents.push((
            "a buffer's size, of CRLF",
            b"\r\n".iter().copied().cycle().take(size).collect(),
        ));
    }
    contents
}

fn texts() -> Vec<String> {
    vec![
        String::new(),
        " ".to_owned(),
        "one line".to_owned(),
        "two\nlines".to_owned(),
        "two\r\nlines".to_owned(),
        "\r\n".to_owned(),
        "\r".to_owned(),
        "ends with a line\n".to_owned(),
        "\ttab".to_owned(),
        "say \"hello\", it's \\ 100% & ; done".to_owned(),
        "--leading dashes".to_owned(),
        "\r\n--guessed\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx".to_owned(),
        format!("\r\n--{}", &BOUNDARY[..BOUNDARY.len() - 1]),
        "na\u{ef}ve \u{1f9f0} \u{53ce}\u{96c6}".to_owned(),
        "x".repeat(70_000),
    ]
}

/// Every class once, by name.
fn named() -> Vec<Case> {
    let names = NAMES.split('|').map(str::to_owned).chain(longest_names());
    let by_name = names.map(|name| with_name(&name));
    let by_content = contents().into_iter().map(|(what, content)| Case {
        label: format!("content: {what}, {} bytes", content.len()),
        content,
        ..Case::new("")
    });
    let by_text = texts().into_iter().flat_map(|text| {
        let label = |field| format!("{field} {text:.60?}");
        [
            Case { description: Some(text.clone()), ..Case::new(label("description")) },
            Case { parameters: Some(text.clone()), ..Case::new(label("parameters")) },
        ]
    });
    let overriding = Case { if_exists: IfExists::Override, ..Case::new("override") };
    by_name.chain(by_content).chain(by_text).chain([overriding]).collect()
}

/// A judge finds in each case what was put into it.
pub(crate) fn assert_read(read: impl Fn(&Case) -> Form) {
    for case in named().into_iter().chain(generated()) {
        let found = read(&case);
        assert!(found == case.form(), "case: {}\nread: {found:.2000?}", case.label);
    }
}

/// Combinations of the classes, drawn from the fixed seed: up to three names and contents in a row, each text or none.
fn generated() -> impl Iterator<Item = Case> {
    let mut rng = Rng::with_seed(SEED);
    let (contents, texts) = (contents(), texts());
    let names: Vec<_> = NAMES.split('|').collect();
    let cases = (0..GENERATED).map(move |n| {
        let mut pick = |of: usize| rng.usize(0..of);
        Case {
            name: (0..=pick(3)).map(|_| names[pick(names.len())]).collect(),
            content: (0..pick(4)).flat_map(|_| contents[pick(contents.len())].1.clone()).collect(),
            description: texts.get(pick(texts.len() + 5)).cloned(),
            parameters: texts.get(pick(texts.len() + 5)).cloned(),
            if_exists: [IfExists::Fail, IfExists::Override][pick(2)],
            ..Case::new(format!("generated #{n}"))
        }
    });
    // A percent sign and the next name may look like an escape.
    cases.filter(|case| FileName::permitting_separators(&*case.name).is_ok())
}

fn bytes(rng: &mut Rng, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    rng.fill(&mut bytes);
    bytes
}
