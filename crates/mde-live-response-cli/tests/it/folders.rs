//! Folders as what a library should hold: which files, and what is said of them.

use std::error::Error;
use std::fs;
use std::path::Path;

use mde_live_response_cli::read_folder;

use crate::support::TempDir;

fn write(dir: &TempDir, name: &str, content: impl AsRef<[u8]>) {
    fs::write(dir.path().join(name), content).unwrap();
}

/// Name, description and parameters of each file.
fn read(dir: &TempDir) -> Vec<(String, Option<String>, Option<String>)> {
    let desired = read_folder(dir.path()).unwrap();
    desired
        .files()
        .map(|file| {
            let description = file.text_description().map(ToString::to_string);
            let parameters = file.text_parameters().map(ToString::to_string);
            (file.name().to_string(), description, parameters)
        })
        .collect()
}

fn error(dir: &TempDir) -> String {
    read_folder(dir.path())
        .unwrap_err()
        .to_string()
        .replace(&dir.path().join("").display().to_string(), "DIR/")
}

fn row(
    name: &str,
    description: Option<&str>,
    parameters: Option<&str>,
) -> (String, Option<String>, Option<String>) {
    (name.to_owned(), description.map(str::to_owned), parameters.map(str::to_owned))
}

const SCRIPT: &str = "<#\n.SYNOPSIS\n  Lists\n  things.\n.PARAMETER Name\n  Which.\n#>\n";

#[test]
fn without_a_manifest_all_files_count_but_hidden_ones_and_what_describes_others() {
    let dir = TempDir::new();
    write(&dir, "a.ps1", SCRIPT);
    write(&dir, "a.ps1.json", r#"{"description":"beside"}"#);
    write(&dir, "b.txt", "x");
    write(&dir, "data.json", "{}");
    write(&dir, ".gitignore", "x");
    fs::create_dir(dir.path().join("folder")).unwrap();
    assert_eq!(
        read(&dir),
        [
            row("a.ps1", Some("beside"), Some("-Name: Which.")),
            row("b.txt", None, None),
            row("data.json", None, None),
        ]
    );
}

#[test]
fn with_a_manifest_its_files_count_and_its_word_comes_first() {
    let dir = TempDir::new();
    for name in ["a.ps1", "b.ps1", "c.ps1", "not-listed.ps1"] {
        write(&dir, name, SCRIPT);
    }
    write(
        &dir,
        "b.ps1.json",
        r#"{"fileName":"b.ps1","description":"beside b","hasParameters":false}"#,
    );
    write(
        &dir,
        "librarymanifest.json",
        "\u{feff}[
            {\"fileName\":\"a.ps1\",\"description\":\"of a\",\"parametersDescription\":\"-A\",
             \"hasParameters\":true,\"creationTime\":\"2026\",\"lastUpdatedTime\":null,\"createdBy\":\"me\"},
            {\"fileName\":\"b.ps1\"},
            {\"fileName\":\"c.ps1\",\"description\":null,\"hasParameters\":true}
        ]",
    );
    assert_eq!(
        read(&dir),
        [
            row("a.ps1", Some("of a"), Some("-A")),
            row("b.ps1", Some("beside b"), None),
            row("c.ps1", Some("Lists things."), Some("")),
        ]
    );
}

#[test]
fn what_is_wrong_is_named() {
    let of_manifest = |text: &str| {
        let dir = TempDir::new();
        write(&dir, "a.ps1", "x");
        write(&dir, "librarymanifest.json", text);
        error(&dir)
    };
    let manifest = "DIR/librarymanifest.json: ";
    let wrong_hash = "0".repeat(64);
    let cases = [
        (
            r#"[{"fileName":"a.ps1","descripton":"x"}]"#.to_owned(),
            "unknown field `descripton`, expected one of",
        ),
        (r#"{"fileName":"a.ps1"}"#.to_owned(), "invalid type: map, expected a sequence"),
        (r#"[{"description":"x"}]"#.to_owned(), "entry 1 has no fileName"),
        (r#"[{"fileName":"a.ps1"},{"fileName":"a.ps1"}]"#.to_owned(), "\"a.ps1\" is listed twice"),
        (r#"[{"fileName":1}]"#.to_owned(), "invalid type: integer `1`, expected a string"),
        ("[".to_owned(), "EOF while parsing a list"),
        ("[{\"a\x7f\":1}]".to_owned(), "unknown field `a\\u{7f}`, expected"),
        (
            r#"[{"fileName":"a.ps1","hasParameters":false,"parametersDescription":"-A"}]"#
                .to_owned(),
            "`a.ps1`: hasParameters is false, and there is a parametersDescription",
        ),
        (
            format!(r#"[{{"fileName":"a.ps1","sha256":"{wrong_hash}"}}]"#),
            "`a.ps1`: its sha256 is said to be 0000",
        ),
    ];
    for (text, expected) in cases {
        let shown = of_manifest(&text);
        assert!(shown.starts_with(&format!("{manifest}{expected}")), "case: {text}: {shown}");
    }
    let missing = of_manifest(r#"[{"fileName":"b.ps1"}]"#);
    assert_eq!(missing, "there is no such file (DIR/b.ps1)");
    let outside = of_manifest(r#"[{"fileName":"../a.ps1"}]"#);
    assert!(outside.contains("path separator"), "{outside}");

    let dir = TempDir::new();
    write(&dir, "a.ps1", "x");
    write(&dir, "a.ps1.json", r#"{"fileName":"b.ps1"}"#);
    assert_eq!(error(&dir), "DIR/a.ps1.json: it speaks of \"b.ps1\"");

    let dir = TempDir::new();
    write(&dir, "a.ps1", "<#\n.SYNOPSIS\n \u{1} x\n#>");
    assert_eq!(
        error(&dir),
        "DIR/a.ps1: description contains the control character '\\u{1}' at byte 0"
    );

    let dir = TempDir::new();
    write(&dir, "a;b.ps1", "x");
    assert!(error(&dir).contains("';' at byte 1"), "{}", error(&dir));

    let missing = read_folder(Path::new("/nowhere")).unwrap_err();
    assert_eq!(missing.to_string(), "/nowhere: cannot be read");
    assert!(missing.source().is_some_and(<dyn Error>::is::<std::io::Error>));
}

/// What a library says of a file without parameters.
#[test]
fn no_parameters_and_an_empty_text_for_them_is_no_contradiction() {
    let dir = TempDir::new();
    write(&dir, "a.ps1", SCRIPT);
    let said = r#"[{"fileName":"a.ps1","parametersDescription":"","hasParameters":false}]"#;
    write(&dir, "librarymanifest.json", said);
    assert_eq!(read(&dir), [row("a.ps1", Some("Lists things."), None)]);
}

#[test]
fn a_hash_in_a_manifest_that_is_right_is_fine() {
    let dir = TempDir::new();
    write(&dir, "a.ps1", "");
    let hash = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
    write(&dir, "librarymanifest.json", format!(r#"[{{"fileName":"a.ps1","sha256":"{hash}"}}]"#));
    assert_eq!(read(&dir), [row("a.ps1", None, None)]);
}

/// Description and parameters.
type Said = (Option<String>, Option<String>);

fn help(script: impl AsRef<[u8]>) -> Said {
    let dir = TempDir::new();
    write(&dir, "a.ps1", script);
    let [(_, description, parameters)] = <[_; 1]>::try_from(read(&dir)).unwrap();
    (description, parameters)
}

#[test]
fn help_is_read_as_powershell_scripts_write_it() {
    let says = |synopsis: &str| (Some(synopsis.to_owned()), None);
    let nothing = (None, None);
    let utf16: Vec<u8> =
        "\u{feff}<#\n.SYNOPSIS\nWide é.\n#>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_bom = [b"\xEF\xBB\xBF".as_slice(), "<# .SYNOPSIS\nMarked. #>".as_bytes()].concat();
    let cut = [b"<#\n.SYNOPSIS\nLong.\n#>\n#".as_slice(), "é".repeat(40_000).as_bytes()].concat();
    let cases: [(&str, Vec<u8>, Said); 16] = [
        ("a block", SCRIPT.into(), (Some("Lists things.".into()), Some("-Name: Which.".into()))),
        (
            "CRLF",
            SCRIPT.replace('\n', "\r\n").into(),
            (Some("Lists things.".into()), Some("-Name: Which.".into())),
        ),
        ("old line ends", "<#\r.SYNOPSIS\rBy\rreturns.\r#>".into(), says("By returns.")),
        ("lower case", "<#\n.synopsis\nLow.\n#>".into(), says("Low.")),
        (
            "lines",
            "# .SYNOPSIS\n#  By lines.\n# .DESCRIPTION\n# Not this.\n".into(),
            says("By lines."),
        ),
        ("after code", "$x = 1\n<#\n.SYNOPSIS\nLate.\n#>".into(), says("Late.")),
        (
            "a licence before it",
            "# Licence\n\n<# all rights #>\n<#\n.SYNOPSIS\nSecond.\n#>".into(),
            says("Second."),
        ),
        (
            "other sections",
            "<#\n.DESCRIPTION\nNo.\n.SYNOPSIS\nYes.\n.EXAMPLE\nNo.\n#>".into(),
            says("Yes."),
        ),
        ("an empty one", "<#\n.SYNOPSIS\n\n.DESCRIPTION\nNo.\n#>".into(), nothing.clone()),
        ("a number in a text", "<#\n.SYNOPSIS\nTakes\n.5 s.\n#>".into(), says("Takes .5 s.")),
        ("without an end", "<#\n.SYNOPSIS\nNever.\n".into(), nothing.clone()),
        ("none", "Get-Date\n".into(), nothing.clone()),
        ("no text", vec![0xff, 0x00, 0x80], nothing),
        ("UTF-16", utf16, says("Wide é.")),
        ("a byte order mark", with_bom, says("Marked.")),
        ("cut within a character", cut, says("Long.")),
    ];
    for (case, script, expected) in cases {
        assert_eq!(help(script), expected, "case: {case}");
    }
    let two = "<#\n.PARAMETER Name\n#>\n";
    assert_eq!(help(two), (None, Some("-Name".to_owned())));
    let more = "<#\n.SYNOPSIS\nS.\n.PARAMETER A\nOne,\ntwo.\n.PARAMETER B\nThree.\n#>";
    assert_eq!(help(more), (Some("S.".to_owned()), Some("-A: One, two.\n-B: Three.".to_owned())));
}

/// What the README's example shows.
#[test]
fn the_examples_folder_describes_itself() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/library");
    let desired = read_folder(Path::new(folder)).unwrap();
    let file = desired.files().next().unwrap();
    assert_eq!(file.name().as_str(), "Get-DnsCache.ps1");
    assert_eq!(file.text_description().unwrap().as_str(), "Lists the DNS client cache.");
    assert_eq!(
        file.text_parameters().unwrap().as_str(),
        "-Name: Only names like this pattern, for example *.example.com."
    );
}
