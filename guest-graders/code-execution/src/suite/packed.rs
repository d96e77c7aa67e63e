//! LiveCodeBench's compressed tests: base64 of zlib of a pickle of JSON text.
//!
//! A pickle is a program, so none is ever run: only one that holds a single text, and does nothing else, is read as
//! data. That is what the benchmark publishes (`pickle.dumps(json.dumps(tests))`). The opcodes are those of Python's
//! `pickletools`.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

/// Bytes of the unpacked tests of one row.
const MOST: usize = 64 << 20;

/// The JSON text in a column; the problem, where it cannot be read.
pub(super) fn unpack(column: &str) -> Result<String, String> {
    unpack_at_most(MOST, column)
}

fn unpack_at_most(most: usize, column: &str) -> Result<String, String> {
    let packed: Vec<u8> = column.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let compressed = BASE64
        .decode(packed)
        .map_err(|_| "expected JSON, or tests compressed as LiveCodeBench does (base64, zlib)".to_owned())?;
    let pickle = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(&compressed, most).map_err(|problem| {
        if problem.status == miniz_oxide::inflate::TINFLStatus::HasMoreOutput {
            format!("its tests unpack to more than {} MiB", most >> 20)
        } else {
            "it is base64, but not of zlib's compressed data".to_owned()
        }
    })?;
    match text_of(&pickle) {
        Some(text) => Ok(text.to_owned()),
        None => String::from_utf8(pickle).ok().filter(|text| text.trim_start().starts_with(['[', '{'])).ok_or_else(|| {
            "it is compressed, but holds neither JSON text nor a pickle of nothing but JSON text; other pickles are \
             programs and never read: unpack it first"
                .to_owned()
        }),
    }
}

/// The text that a pickle holds, when it is nothing but one text.
fn text_of(pickle: &[u8]) -> Option<&str> {
    const STOP: u8 = b'.';
    const PROTO: u8 = 0x80;
    const FRAME: u8 = 0x95;
    const MEMOIZE: u8 = 0x94;
    const BINPUT: u8 = b'q';
    const LONG_BINPUT: u8 = b'r';
    const SHORT_BINUNICODE: u8 = 0x8c;
    const BINUNICODE: u8 = b'X';
    const BINUNICODE8: u8 = 0x8d;
    let mut rest = pickle;
    let mut text = None;
    loop {
        let (opcode, after) = rest.split_first()?;
        let length_bytes = match *opcode {
            STOP => return if after.is_empty() { text } else { None },
            SHORT_BINUNICODE => 1,
            BINUNICODE => 4,
            BINUNICODE8 => 8,
            other => {
                let skipped = match other {
                    MEMOIZE => 0,
                    PROTO | BINPUT => 1,
                    LONG_BINPUT => 4,
                    FRAME => 8,
                    _ => return None,
                };
                rest = after.get(skipped..)?;
                continue;
            }
        };
        let (length, after) = after.split_at_checked(length_bytes)?;
        let length =
            length.iter().rev().try_fold(0_usize, |sum, byte| Some(sum.checked_mul(256)? + usize::from(*byte)))?;
        let (content, after) = after.split_at_checked(length)?;
        if text.replace(std::str::from_utf8(content).ok()?).is_some() {
            return None;
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `base64(zlib(pickle.dumps('[{"input": "1", "output": "2", "testtype": "stdin"}]')))`, made by Python.
    const PACKED: &str = "eJxrYJlqwQABPSbR1UqZeQWlJUpWCkqGSjoKSvmlJVCuEYhbklpcUlJZkAoSKC5JycxTqo2dogcAOgkSqg==";

    fn packed(bytes: &[u8]) -> String {
        BASE64.encode(miniz_oxide::deflate::compress_to_vec_zlib(bytes, 6))
    }

    #[test]
    fn a_pickle_of_one_text_is_read_without_running_it() {
        let expected = r#"[{"input": "1", "output": "2", "testtype": "stdin"}]"#;
        assert_eq!(unpack(PACKED).as_deref(), Ok(expected));
        assert_eq!(unpack(&packed(expected.as_bytes())).as_deref(), Ok(expected));
        let long = "é".repeat(70_000);
        let mut pickle = vec![0x80, 4, b'X'];
        pickle.extend(u32::try_from(long.len()).unwrap().to_le_bytes());
        pickle.extend(long.as_bytes());
        pickle.extend([0x94, b'.']);
        assert_eq!(text_of(&pickle), Some(long.as_str()));
    }

    #[test]
    fn any_other_pickle_is_refused() {
        let problem = |bytes: &[u8]| unpack(&packed(bytes)).unwrap_err();
        assert!(problem(b"cos\nsystem\n(S'true'\ntR.").contains("never read"));
        assert!(problem(b"\x80\x04\x8c\x01a\x8c\x01b.").contains("never read"));
        assert!(problem(b"\x80\x04\x8c\xffa.").contains("never read"));
        assert!(problem(b"\x80\x04\x8c\x01a.more").contains("never read"));
        assert!(problem(b"").contains("never read"));
        assert!(unpack("not base64!").unwrap_err().contains("expected JSON"));
        assert!(unpack("bm90IHpsaWI=").unwrap_err().contains("zlib"));
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let problem = unpack_at_most(1 << 20, &packed(&vec![b'['; (1 << 20) + 1])).unwrap_err();
        assert!(problem.contains("more than 1 MiB"), "{problem}");
    }
}
