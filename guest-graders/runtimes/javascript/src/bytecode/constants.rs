//! Looks at a script as the engine writes it down: whether what is read of it is the same.
//!
//! The engine freezes the strings of tagged templates when it compiles, and not when it reads. So only scripts are passed on
//! whose constants are of other kinds. What is not as it is known here is refused: another engine's bytes, for example.

const NULL: u8 = 1;
const TRUE: u8 = 4;
const INTEGER: u8 = 5;
const FLOAT: u8 = 6;
const STRING: u8 = 7;
const BIG_INTEGER: u8 = 10;
const FUNCTION: u8 = 12;

/// In the flags of a function: what tracebacks need stands behind it.
const HAS_DEBUG: u16 = 1 << 11;
/// In the flags of a variable: a closure has it.
const IS_CAPTURED: u8 = 1 << 6;

/// Whether every constant is read as the compiler made it.
pub(super) fn are_read_as_they_were(script: &[u8]) -> bool {
    let mut rest = Rest(script);
    rest.script().is_some() && rest.0.is_empty()
}

/// What has not been looked at yet. Everything that reads gives None where it is not as expected.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn script(&mut self) -> Option<()> {
        // The version and a sum.
        self.skip(1 + 4)?;
        for _ in 0..self.number()? {
            match self.byte()? {
                // Known to every engine, by a number of one or two parts.
                name if name & 0xc0 == 0xc0 => drop(self.number()?),
                name if name & 0x80 != 0 => {}
                _ => self.string()?,
            }
        }
        self.constant()
    }

    fn constant(&mut self) -> Option<()> {
        match self.byte()? {
            NULL..=TRUE => Some(()),
            INTEGER => self.number().map(drop),
            FLOAT => self.skip(8),
            STRING => self.string(),
            BIG_INTEGER => self.bytes(),
            FUNCTION => self.function(),
            _ => None,
        }
    }

    fn function(&mut self) -> Option<()> {
        let flags = u16::from_le_bytes([self.byte()?, self.byte()?]);
        // Whether it is strict, and its name.
        self.skip(1)?;
        self.number()?;
        // Arguments, variables, arguments without a default, stack, references.
        for _ in 0..5 {
            self.number()?;
        }
        let (closures, constants, code) = (self.number()?, self.number()?, self.number()?);
        for _ in 0..self.number()? {
            // Name, level and next of its scope.
            for _ in 0..3 {
                self.number()?;
            }
            if self.byte()? & IS_CAPTURED != 0 {
                self.number()?;
            }
        }
        for _ in 0..closures {
            // Name, place, flags.
            for _ in 0..3 {
                self.number()?;
            }
        }
        for _ in 0..constants {
            self.constant()?;
        }
        self.skip(code)?;
        if flags & HAS_DEBUG != 0 {
            // File, line, column; the lines of the code; the source.
            for _ in 0..3 {
                self.number()?;
            }
            self.bytes()?;
            self.bytes()?;
        }
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        let length = self.number()?;
        // The last bit says that characters have two bytes.
        self.skip((length >> 1) << (length & 1))
    }

    fn bytes(&mut self) -> Option<()> {
        let length = self.number()?;
        self.skip(length)
    }

    /// Seven bits to a byte, the lowest first.
    fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for place in 0..5 {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f).checked_shl(7 * place)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.0 = self.0.get(bytes..)?;
        Some(())
    }
}
