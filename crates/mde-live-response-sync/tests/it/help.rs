//! Comment-based help, as PowerShell scripts write it.

use std::path::Path;

use mde_live_response_sync::{read, read_file};
use mde_live_response_testkit::TempDir;

#[test]
fn help_is_read_from_the_first_comment_that_has_it() {
    let utf16 = "\u{feff}<#\n.SYNOPSIS\nWide é.\n#>".encode_utf16().flat_map(u16::to_le_bytes);
    let utf16: Vec<_> = utf16.collect();
    let cut = format!("<#\n.SYNOPSIS\nLong.\n#>\n#{}", "é".repeat(40_000));
    // Help is looked for in the first 64 KiB.
    let late = |at: usize| format!("{:at$}<#\n.SYNOPSIS\nLate.\n#>", "");
    let (late, too_late) = (late(64 * 1024 - 21), late(64 * 1024 - 20));
    let both = "<#\n.SYNOPSIS\nS.\n.PARAMETER A\nOne,\ntwo.\n.PARAMETER B\nThree.\n#>";
    let cases: [(&[u8], Option<&str>, Option<&str>); 22] = [
        (b"<#\r.SYNOPSIS\rBy\rreturns.\r#>", Some("By returns."), None),
        (b"<#\r\n.SYNOPSIS\r\nTwo\r\nlines.\r\n#>", Some("Two lines."), None),
        (b"<#\n.synopsis\nLow.\n#>", Some("Low."), None),
        (b"# .SYNOPSIS\n#  By lines.\n# .DESCRIPTION\n# No.\n", Some("By lines."), None),
        (b"$x = 1\n<#\n.SYNOPSIS\nLate.\n#>", Some("Late."), None),
        (b"# L\n\n<# all rights #>\n<#\n.SYNOPSIS\nSecond.\n#>", Some("Second."), None),
        (b"<#\n.DESCRIPTION\nNo.\n.SYNOPSIS\nYes.\n.EXAMPLE\nNo.\n#>", Some("Yes."), None),
        (b"<#\n.SYNOPSIS\n\n.DESCRIPTION\nNo.\n#>", None, None),
        (b"<#\n.SYNOPSIS\nTakes\n.5 s.\n#>", Some("Takes .5 s."), None),
        (b"<#\n.SYNOPSIS\nNeeds\n.NET4.\n#>", Some("Needs .NET4."), None),
        (b"<#\n.PARAMETER\nWithout a name.\n#>", None, None),
        (b"<#\n.SYNOPSIS\nWithout an end.\n", None, None),
        (b"Get-Date\n", None, None),
        ("\u{feff}<# .SYNOPSIS\nMarked. #>".as_bytes(), Some("Marked."), None),
        (b"<#\n.PARAMETER Name\n#>\n", None, Some("-Name")),
        (both.as_bytes(), Some("S."), Some("-A: One, two.\n-B: Three.")),
        (&utf16, Some("Wide é."), None),
        (&[0xff, 0x00, 0x80], None, None),
        (b"<#\n.SYNOPSIS\nNot UTF-8.\n#>\n'\xe4'", None, None),
        (late.as_bytes(), Some("Late."), None),
        (too_late.as_bytes(), None, None),
        // Cut within a character.
        (cut.as_bytes(), Some("Long."), None),
    ];
    for (script, synopsis, parameters) in cases {
        let dir = TempDir::new();
        let file = read_file(&dir.write("a.ps1", script)).unwrap();
        let read = (file.description().map(AsRef::as_ref), file.parameters().map(AsRef::as_ref));
        let case = String::from_utf8_lossy(&script[..script.len().min(60)]);
        assert_eq!(read, (synopsis, parameters), "case: {case}");
    }
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
