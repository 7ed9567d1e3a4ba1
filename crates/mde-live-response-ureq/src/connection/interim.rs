//! Recognizes interim answers (1xx) by their first line.

/// Returns the length of a complete interim answer at the input's start.
///
/// A change of protocol (101) is not interim, because no HTTP follows it.
pub(super) fn complete_len(input: &[u8]) -> Option<usize> {
    let status = status(input)?;
    let is_interim = status.starts_with(b"1") && status != *b"101";
    if is_interim { head_len(input) } else { None }
}

/// Returns whether the input starts with the status line of a success.
pub(super) fn is_success(input: &[u8]) -> bool {
    status(input).is_some_and(|status| status.starts_with(b"2"))
}

/// Returns whether the input starts with a final answer.
///
/// Complete interim answers were removed before.
pub(super) fn is_final_answer(input: &[u8]) -> bool {
    match status(input) {
        Some(status) => !status.starts_with(b"1") || status == *b"101",
        // Too short to tell, unless it is not HTTP.
        None => input.iter().zip(b"HTTP/1.").any(|(is, must)| is != must),
    }
}

/// Returns the length of a head, its empty line included. Old servers end lines with LF alone.
fn head_len(input: &[u8]) -> Option<usize> {
    let ends = input.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    ends.map(|(at, _)| at + 1).find_map(|start| match input.get(start..)? {
        [b'\n', ..] => Some(start + 1),
        [b'\r', b'\n', ..] => Some(start + 2),
        _ => None,
    })
}

/// Returns the status digits of an HTTP/1.x status line.
fn status(input: &[u8]) -> Option<[u8; 3]> {
    let rest = input.strip_prefix(b"HTTP/1.")?;
    let [_, b' ', a, b, c, ..] = rest else { return None };
    Some([*a, *b, *c])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_interim_answers_are_dropped() {
        let cases: [(&[u8], Option<usize>, bool); 12] = [
            (b"", None, false),
            (b"HTTP/1.1 1", None, false),
            (b"HTTP/1.1 100 Continue\r\n", None, false),
            (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200", Some(25), false),
            (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", Some(37), false),
            (b"HTTP/1.1 100 Continue\n\nHTTP/1.1 200", Some(23), false),
            (b"HTTP/1.1 103 Early Hints\nlink: x\r\n\nx", Some(35), false),
            (b"HTTP/1.1 103 Early Hints\nlink: x\n\r", None, false),
            (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", None, true),
            (b"HTTP/1.1 413 Too Large\r\n\r\n", None, true),
            (b"HTTP/1.0 200", None, true),
            (b"SSH-2.0", None, true),
        ];
        for (input, len, is_final) in cases {
            let case = String::from_utf8_lossy(input);
            assert_eq!(complete_len(input), len, "length of {case:?}");
            assert_eq!(is_final_answer(input), is_final, "finality of {case:?}");
        }
    }
}
