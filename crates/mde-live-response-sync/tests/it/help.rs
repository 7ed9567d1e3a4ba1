//! Comment-based help, as PowerShell scripts write it.

use std::path::Path;

use mde_live_response_sync::{read, read_file};
use mde_live_response_testkit::TempDir;

fn assert_help(case: &str, script: &[u8], synopsis: Option<&str>, parameters: Option<&str>) {
    let dir = TempDir::new();
    let file = read_file(&dir.write("a.ps1", script)).unwrap();
    let text = |text: Option<&str>| text.map(str::to_owned);
    assert_eq!(
        (file.description().map(ToString::to_string), file.parameters().map(ToString::to_string)),
        (text(synopsis), text(parameters)),
        "case: {case}"
    );
}

#[test]
fn help_is_read_from_the_first_comment_that_has_it() {
    for (case, script, synopsis) in [
        ("old line ends", "<#\r.SYNOPSIS\rBy\rreturns.\r#>", Some("By returns.")),
        ("CRLF", "<#\r\n.SYNOPSIS\r\nTwo\r\nlines.\r\n#>", Some("Two lines.")),
        ("lower case", "<#\n.synopsis\nLow.\n#>", Some("Low.")),
        ("lines", "# .SYNOPSIS\n#  By lines.\n# .DESCRIPTION\n# Not this.\n", Some("By lines.")),
        ("after code", "$x = 1\n<#\n.SYNOPSIS\nLate.\n#>", Some("Late.")),
        ("a licence", "# L\n\n<# all rights #>\n<#\n.SYNOPSIS\nSecond.\n#>", Some("Second.")),
        ("sections", "<#\n.DESCRIPTION\nNo.\n.SYNOPSIS\nYes.\n.EXAMPLE\nNo.\n#>", Some("Yes.")),
        ("an empty one", "<#\n.SYNOPSIS\n\n.DESCRIPTION\nNo.\n#>", None),
        ("a number in a text", "<#\n.SYNOPSIS\nTakes\n.5 s.\n#>", Some("Takes .5 s.")),
        ("without an end", "<#\n.SYNOPSIS\nNever.\n", None),
        ("none", "Get-Date\n", None),
        ("a byte order mark", "\u{feff}<# .SYNOPSIS\nMarked. #>", Some("Marked.")),
    ] {
        assert_help(case, script.as_bytes(), synopsis, None);
    }
    for (case, script, synopsis, parameters) in [
        ("parameters alone", "<#\n.PARAMETER Name\n#>\n", None, "-Name"),
        (
            "both",
            "<#\n.SYNOPSIS\nS.\n.PARAMETER A\nOne,\ntwo.\n.PARAMETER B\nThree.\n#>",
            Some("S."),
            "-A: One, two.\n-B: Three.",
        ),
    ] {
        assert_help(case, script.as_bytes(), synopsis, Some(parameters));
    }
    let utf16 = "\u{feff}<#\n.SYNOPSIS\nWide é.\n#>".encode_utf16().flat_map(u16::to_le_bytes);
    assert_help("UTF-16", &utf16.collect::<Vec<_>>(), Some("Wide é."), None);
    assert_help("not text", &[0xff, 0x00, 0x80], None, None);
    let cut = format!("<#\n.SYNOPSIS\nLong.\n#>\n#{}", "é".repeat(40_000));
    assert_help("cut within a character", cut.as_bytes(), Some("Long."), None);
}

/// The folder of the README's example.
#[test]
fn the_examples_folder_describes_itself() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/library");
    let desired = read(Path::new(folder)).unwrap();
    let file = desired.files().next().unwrap();
    assert_eq!(file.name().as_str(), "Get-DnsCache.ps1");
    assert_eq!(file.description().unwrap().as_str(), "Lists the DNS client cache.");
    assert_eq!(
        file.parameters().unwrap().as_str(),
        "-Name: Only names like this pattern, for example *.example.com."
    );
}
