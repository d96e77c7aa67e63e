//! The schema in the footer of a Parquet file, looked at before the reader makes a tree of it: the reader calls itself
//! for each level, and makes room for as many children as an element says it has, so that a small file could end the
//! process where nothing catches it.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use parquet::file::metadata::FooterTail;

/// Levels below the root that a schema may have. A list takes two, and rows of more than 127 lists within each other are
/// no rows of JSON that anything reads.
const DEEPEST: usize = 256;

/// Levels of what the format does not know; the reader takes as many.
const DEEPEST_UNKNOWN: u32 = 64;

/// Bytes of the length of the metadata and the mark behind it.
const TAIL: usize = 8;

/// Refuses a schema that the reader must not be given; says why. What else is wrong with the file is for the reader to
/// say.
pub(super) fn check(file: &mut (impl Read + Seek)) -> Result<(), String> {
    let length = file.seek(SeekFrom::End(0)).map_err(|error| error.to_string())?;
    let Some(metadata) = metadata(file, length).map_err(|error| error.to_string())? else { return Ok(()) };
    Footer(BufReader::new(metadata)).check()
}

/// The metadata of a file, unless there is none to be found.
fn metadata<R: Read + Seek>(file: &mut R, length: u64) -> io::Result<Option<io::Take<&mut R>>> {
    let Some(end) = length.checked_sub(TAIL as u64) else { return Ok(None) };
    file.seek(SeekFrom::Start(end))?;
    let mut tail = [0; TAIL];
    file.read_exact(&mut tail)?;
    let Some(tail) = FooterTail::try_new(&tail).ok().filter(|tail| !tail.is_encrypted_footer()) else {
        return Ok(None);
    };
    let Some(start) = end.checked_sub(tail.metadata_length() as u64) else { return Ok(None) };
    file.seek(SeekFrom::Start(start))?;
    Ok(Some(file.take(end - start)))
}

/// The type of a value in Thrift's compact protocol, by its number there.
mod kind {
    pub(super) const STOP: u8 = 0;
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I32: u8 = 5;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const LIST: u8 = 9;
    pub(super) const SET: u8 = 10;
    pub(super) const MAP: u8 = 11;
    pub(super) const STRUCT: u8 = 12;
    pub(super) const UUID: u8 = 13;
}

/// What the format has at the place of a field. The reader goes by fields and not by the types that a file gives them,
/// so that a file which gives them others would be another one to it than to this check.
enum Known {
    Boolean,
    Plain(u8),
    Struct(&'static [(i16, Self)]),
}

const VERSION: i16 = 1;
const SCHEMA: i16 = 2;
const CHILDREN: i16 = 5;

const I32: Known = Known::Plain(kind::I32);
const EMPTY: Known = Known::Struct(&[]);
const MOMENT: Known = Known::Struct(&[(1, Known::Boolean), (2, Known::Struct(&[(1, EMPTY), (2, EMPTY), (3, EMPTY)]))]);

/// The fields of an element of the schema.
const ELEMENT: &[(i16, Known)] = &[
    (1, I32),
    (2, I32),
    (3, I32),
    (4, Known::Plain(kind::BINARY)),
    (CHILDREN, I32),
    (6, I32),
    (7, I32),
    (8, I32),
    (9, I32),
    (10, Known::Struct(LOGICAL_TYPES)),
];

const LOGICAL_TYPES: &[(i16, Known)] = &[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    (5, Known::Struct(&[(1, I32), (2, I32)])),
    (6, EMPTY),
    (7, MOMENT),
    (8, MOMENT),
    (10, Known::Struct(&[(1, Known::Plain(kind::BYTE)), (2, Known::Boolean)])),
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
    (16, Known::Struct(&[(1, Known::Plain(kind::BYTE))])),
    (17, Known::Struct(&[(1, Known::Plain(kind::BINARY))])),
    (18, Known::Struct(&[(1, Known::Plain(kind::BINARY)), (2, I32)])),
    (19, EMPTY),
];

const CUT_OFF: &str = "its schema ends too soon";
const MALFORMED: &str = "its schema is not as Parquet has it";

/// Metadata in Thrift's compact protocol, read from its beginning.
struct Footer<R>(R);

impl<R: Read> Footer<R> {
    fn check(&mut self) -> Result<(), String> {
        let mut last = 0;
        loop {
            match self.field(&mut last)? {
                (kind::I32, VERSION) => {
                    self.varint()?;
                }
                (kind::LIST, SCHEMA) => return self.schema(),
                _ => return Err(MALFORMED.to_owned()),
            }
        }
    }

    /// The elements, each before its children.
    fn schema(&mut self) -> Result<(), String> {
        let (of, count) = self.list()?;
        if of != kind::STRUCT {
            return Err(MALFORMED.to_owned());
        }
        // Of each element around the next one, how many children are still to come.
        let mut around: Vec<u64> = Vec::new();
        for read in 1..=count {
            let children = match self.structure(ELEMENT)?.map(u64::try_from) {
                None => 0,
                Some(Ok(children)) if children <= count - read => children,
                Some(_) => return Err("its schema promises more columns than it has".to_owned()),
            };
            if let Some(siblings) = around.last_mut() {
                *siblings -= 1;
            }
            if children > 0 {
                around.push(children);
            }
            if DEEPEST < around.len() {
                return Err(format!("its columns are nested more than {DEEPEST} levels deep"));
            }
            while around.last() == Some(&0) {
                around.pop();
            }
        }
        Ok(())
    }

    /// Reads past a structure; gives the field that may be the number of children.
    fn structure(&mut self, known: &[(i16, Known)]) -> Result<Option<i32>, String> {
        let (mut last, mut children) = (0, None);
        loop {
            let (found, id) = self.field(&mut last)?;
            if found == kind::STOP {
                return Ok(children);
            }
            match (known.iter().find(|(known, _)| *known == id).map(|(_, known)| known), found) {
                (None, _) => self.skip(found, DEEPEST_UNKNOWN)?,
                (Some(Known::Boolean), kind::TRUE | kind::FALSE) => {}
                (Some(Known::Plain(kind::I32)), kind::I32) if id == CHILDREN => children = Some(self.integer()?),
                (Some(Known::Plain(expected)), _) if *expected == found => self.skip(found, 1)?,
                (Some(Known::Struct(fields)), kind::STRUCT) => {
                    self.structure(fields)?;
                }
                _ => return Err(MALFORMED.to_owned()),
            }
        }
    }

    /// The type and the number of the next field.
    fn field(&mut self, last: &mut i16) -> Result<(u8, i16), String> {
        let byte = self.byte()?;
        let (step, found) = (i16::from(byte >> 4), byte & 15);
        if found == kind::STOP {
            return Ok((found, 0));
        }
        #[expect(clippy::cast_possible_truncation, reason = "as the reader does")]
        let id = if step == 0 { self.zigzag()? as i16 } else { last.checked_add(step).ok_or(MALFORMED)? };
        *last = id;
        Ok((found, id))
    }

    /// What a list has, and how much of it.
    fn list(&mut self) -> Result<(u8, u64), String> {
        let byte = self.byte()?;
        let count = match byte >> 4 {
            15 => self.varint()?,
            count => count.into(),
        };
        Ok((byte & 15, count))
    }

    /// Reads past a value of which nothing is known but its type.
    fn skip(&mut self, found: u8, levels: u32) -> Result<(), String> {
        let Some(levels) = levels.checked_sub(1) else { return Err(MALFORMED.to_owned()) };
        match found {
            kind::TRUE | kind::FALSE => Ok(()),
            kind::BYTE => self.pass(1),
            kind::I16 | kind::I32 | kind::I64 => self.varint().map(|_| ()),
            kind::DOUBLE => self.pass(8),
            kind::BINARY => {
                let length = self.varint()?;
                self.pass(length)
            }
            kind::UUID => self.pass(16),
            kind::STRUCT => loop {
                match self.field(&mut 0)? {
                    (kind::STOP, _) => return Ok(()),
                    (found, _) => self.skip(found, levels)?,
                }
            },
            kind::LIST | kind::SET => {
                let (of, count) = self.list()?;
                self.skip_all(&[of], count, levels)
            }
            kind::MAP => {
                let count = self.varint()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                self.skip_all(&[kinds >> 4, kinds & 15], count, levels)
            }
            _ => Err(MALFORMED.to_owned()),
        }
    }

    /// Reads past entries of these types, so many times.
    fn skip_all(&mut self, of: &[u8], count: u64, levels: u32) -> Result<(), String> {
        // The reader takes no byte for a boolean here, so that any number of them would be read past in none.
        if of.iter().any(|of| matches!(*of, kind::TRUE | kind::FALSE)) {
            return Err(MALFORMED.to_owned());
        }
        (0..count).try_for_each(|_| of.iter().try_for_each(|of| self.skip(*of, levels)))
    }

    fn pass(&mut self, length: u64) -> Result<(), String> {
        let passed = io::copy(&mut self.0.by_ref().take(length), &mut io::sink()).map_err(|error| error.to_string())?;
        if passed == length { Ok(()) } else { Err(CUT_OFF.to_owned()) }
    }

    fn byte(&mut self) -> Result<u8, String> {
        let mut byte = [0];
        match self.0.read_exact(&mut byte) {
            Ok(()) => Ok(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(CUT_OFF.to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(MALFORMED.to_owned())
    }

    fn zigzag(&mut self) -> Result<i64, String> {
        let number = self.varint()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn integer(&mut self) -> Result<i32, String> {
        i32::try_from(self.zigzag()?).map_err(|_| MALFORMED.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn varint(mut number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number > 127 {
            bytes.push((number & 127).to_le_bytes()[0] | 128);
            number >>= 7;
        }
        bytes.push(number.to_le_bytes()[0]);
        bytes
    }

    fn zigzag(number: i32) -> Vec<u8> {
        let number = i64::from(number);
        varint(((number << 1) ^ (number >> 63)).cast_unsigned())
    }

    /// An element called `a`, with so many children, or else a column of whole numbers.
    fn element(children: Option<i32>) -> Vec<u8> {
        let name = [0x18, 1, b'a'];
        match children {
            Some(children) => [&[0x35, 2][..], &name, &[0x15], &zigzag(children), &[0]].concat(),
            None => [&[0x15, 2, 0x25, 2][..], &name, &[0]].concat(),
        }
    }

    fn file(before: &[u8], elements: &[Vec<u8>]) -> Vec<u8> {
        let schema = [&[0x19, 0xfc][..], &varint(elements.len() as u64), &elements.concat()].concat();
        let metadata = [&[0x15, 2][..], before, &schema, &[0x16, 0, 0x19, 0x0c, 0]].concat();
        [b"PAR1", &ended(&metadata)[..]].concat()
    }

    /// Metadata and what stands behind it.
    fn ended(metadata: &[u8]) -> Vec<u8> {
        let length = u32::try_from(metadata.len()).unwrap();
        [metadata, &length.to_le_bytes(), b"PAR1"].concat()
    }

    fn problem(file: &[u8]) -> Option<String> {
        check(&mut Cursor::new(file)).err()
    }

    fn nested(levels: usize) -> Vec<Vec<u8>> {
        (0..=levels).map(|level| element((level < levels).then_some(1))).collect()
    }

    #[test]
    fn a_schema_is_nested_to_a_limit_and_as_wide_as_it_likes() {
        assert_eq!(problem(&file(&[], &nested(DEEPEST))), None);
        for levels in [DEEPEST + 1, 10_000, 1_000_000] {
            assert_eq!(
                problem(&file(&[], &nested(levels))).unwrap(),
                "its columns are nested more than 256 levels deep"
            );
        }
        let wide: Vec<_> = std::iter::once(element(Some(100_000))).chain((0..100_000).map(|_| element(None))).collect();
        assert_eq!(problem(&file(&[], &wide)), None);
        // Level upon level, but beside each other.
        let group = [element(Some(2)), element(Some(1)), element(None), element(None)];
        let beside = std::iter::repeat_n(group, 50_000).flatten();
        let beside: Vec<_> = std::iter::once(element(Some(50_000))).chain(beside).collect();
        assert_eq!(problem(&file(&[], &beside)), None);
    }

    #[test]
    fn children_that_are_not_there_get_no_room() {
        let promising = |children| file(&[], &[element(Some(children)), element(None)]);
        assert_eq!(problem(&promising(1)), None);
        for children in [2, i32::MAX, -1] {
            assert_eq!(problem(&promising(children)).unwrap(), "its schema promises more columns than it has");
        }
    }

    #[test]
    fn what_the_reader_would_take_for_another_schema_is_refused() {
        // A version as text, whose bytes are fields to the reader; a field of another type; a list before the schema.
        for before in [&[0x08, 2, 40][..], &[0x08, 2], &[0x89, 1, 0]] {
            assert_eq!(problem(&file(before, &nested(1))).unwrap(), MALFORMED, "{before:?}");
        }
        let odd = [0x18, 1, b'a', 0x18, 1, b'b', 0];
        assert_eq!(problem(&file(&[], &[odd.to_vec()])).unwrap(), MALFORMED);
    }

    #[test]
    fn a_field_that_nobody_knows_is_read_past() {
        let known = element(None);
        // The eleventh field, seven behind the name: a structure of a number.
        let unknown = [&known[..known.len() - 1], &[0x7c, 0x15, 2, 0, 0]].concat();
        assert_eq!(problem(&file(&[], &[element(Some(1)), unknown])), None);
        let endless = [&known[..known.len() - 1], &[0x79, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]].concat();
        assert_eq!(problem(&file(&[], &[element(Some(1)), endless])).unwrap(), MALFORMED);
    }

    #[test]
    fn what_is_no_table_is_left_to_the_reader_and_a_cut_one_is_refused() {
        for bytes in [&b""[..], b"PAR1", b"PAR1PAR1", b"PAR1\0\0\0\0PARE", b"\xff\xff\xff\xffPAR1"] {
            assert_eq!(problem(bytes), None);
        }
        let whole = file(&[], &nested(3));
        let metadata = &whole[4..whole.len() - 8];
        for length in 0..metadata.len() - 6 {
            assert_eq!(problem(&ended(&metadata[..length])).unwrap(), CUT_OFF, "{length}");
        }
    }
}
