//! Uploads that every client makes, each in its own way of writing a form, and what the library holds then.

use std::fs;
use std::path::Path;

use mde_live_response_emulator::Emulator;
use serde_json::{Value, json};

use super::{Said, Sent, assert_stored};

type Fields = &'static [(&'static str, &'static str)];

/// One upload: a file, and the fields before and after it.
pub(super) struct Upload {
    pub(super) case: &'static str,
    pub(super) name: &'static str,
    pub(super) content: Vec<u8>,
    pub(super) before: Fields,
    pub(super) after: Fields,
}

const PLAIN: &[u8] = b"Get-DnsClientCache\r\n";

const ALL: Fields = &[
    ("Description", "Collects the DNS client cache"),
    ("ParametersDescription", "-Hours <n>"),
    ("HasParameters", "true"),
    ("OverrideIfExists", "false"),
];

const DESCRIBED: Fields = &[("ParametersDescription", "-Hours <n>")];

/// What any client can say.
pub(super) fn plain() -> Vec<Upload> {
    let upload =
        |case, name, before, after| Upload { case, name, content: PLAIN.to_vec(), before, after };
    vec![
        upload("a file alone", "alone.ps1", &[], &[]),
        upload("every field before the file", "before.ps1", ALL, &[]),
        upload("every field after the file", "after.ps1", &[], ALL),
        upload("fields on both sides", "both.ps1", &[("HasParameters", "True")], DESCRIBED),
        upload("parameters described, not declared", "undeclared.ps1", DESCRIBED, &[]),
        upload("declared, not described", "undescribed.ps1", &[("HasParameters", "true")], &[]),
        upload("a flag as `False`", "flag.ps1", &[("HasParameters", "False")], &[]),
        upload("a name with blanks", "a  b .ps1 (2)+&=#~'", &[], &[]),
    ]
}

/// What only those can say who leave bytes alone.
pub(super) fn hard() -> Vec<Upload> {
    let upload = |case, name, content: &[u8]| Upload {
        case,
        name,
        content: content.to_vec(),
        before: &[("Description", "Grüße, 日本 \u{1f600}")],
        after: &[],
    };
    let delimiters =
        b"\r\n--\r\n----\r\n--b--\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
    let large: Vec<u8> =
        (0..1_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let every_byte: Vec<u8> = (0..=255).collect();
    let mut all = vec![
        upload("an empty file", "empty", b""),
        upload("every byte", "bytes.bin", &every_byte),
        upload("line ends of all kinds", "lines", b"\n\r\r\n\n\r\n\r"),
        upload("content like a form", "form.txt", delimiters),
        upload("a MiB", "large.bin", &large),
        upload("a name beyond ASCII", "Grüße 日本 \u{1f600} e\u{301}.ps1", PLAIN),
        upload("a name with `%` and `;`", "100%41;z=1; filename=x.ps1", PLAIN),
    ];
    all.push(Upload { before: &[("Description", "")], ..upload("an empty text", "untold", PLAIN) });
    let before = &[(
        "Description",
        "line\r\n--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\t\"quoted\" \\ %22",
    )];
    all.push(Upload { before, ..upload("a text like a form", "texts", PLAIN) });
    all
}

pub(super) fn all() -> Vec<Upload> {
    [plain(), hard()].into_iter().flatten().collect()
}

impl Upload {
    /// What of it the library must hold: flags as sent, texts as sent, nothing concluded.
    pub(super) fn sent(&self) -> Sent<'_> {
        let field = |wanted| {
            let mut fields = self.before.iter().chain(self.after);
            fields.find(|(name, _)| *name == wanted).map(|(_, value)| *value)
        };
        Sent {
            name: self.name,
            content: &self.content,
            description: field("Description"),
            parameters_description: field("ParametersDescription"),
            has_parameters: matches!(field("HasParameters"), Some("true" | "True")),
        }
    }

    fn parts(&self, path: &Path) -> Value {
        let text = |(name, value): &(&str, &str)| json!({ "name": name, "value": value });
        let file = json!({ "name": "file", "filename": self.name, "path": path });
        let parts = self.before.iter().map(text).chain([file]);
        parts.chain(self.after.iter().map(text)).collect()
    }
}

/// What a script is told on its standard input: where to send, and which forms. Writes the files that it names.
pub(super) fn job(emulator: &Emulator, dir: &Path, uploads: &[Upload], more: Value) -> Vec<u8> {
    let forms = uploads.iter().enumerate().map(|(n, upload)| {
        let path = dir.join(n.to_string());
        fs::write(&path, &upload.content).unwrap();
        upload.parts(&path)
    });
    let mut job = json!({
        "url": format!("{}/api/libraryfiles", emulator.base_url()),
        "token": emulator.token(),
        "forms": forms.collect::<Value>(),
    });
    if let (Value::Object(job), Value::Object(more)) = (&mut job, more) {
        job.extend(more);
    }
    serde_json::to_vec(&job).unwrap()
}

/// Each is stored as it was sent, each was answered so, and there is nothing else.
#[track_caller]
pub(super) fn assert_all_stored(emulator: &Emulator, said: &[Said], uploads: &[Upload]) {
    assert_eq!(said.len(), uploads.len(), "{said:?}");
    for (said, upload) in said.iter().zip(uploads) {
        assert_stored(emulator, said, &upload.sent(), upload.case);
    }
    let mut names: Vec<_> = uploads.iter().map(|upload| upload.name).collect();
    names.sort_unstable();
    assert_eq!(emulator.library().names(), names);
}
