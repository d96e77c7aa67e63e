//! The heap of wasi-libc's allocator (Doug Lea's malloc 2.8.6, 32 bits, 16-byte alignment, one thread), in an image.
//!
//! Its layout is that of `struct malloc_state` and `struct malloc_chunk` in wasi-libc's `dlmalloc/src/malloc.c`. Nothing
//! is taken on trust: the state is found by its invariants, and the heap is walked from its beginning to its end.

use anyhow::{Context, Result, bail};

use crate::memory::{set_word, word};

const SMALL_MAP: usize = 0;
const TREE_MAP: usize = 4;
const VICTIM_SIZE: usize = 8;
const TOP_SIZE: usize = 12;
const LEAST_ADDRESS: usize = 16;
const VICTIM: usize = 20;
const TOP: usize = 24;
const SMALL_BINS: usize = 40;
const TREE_BINS: usize = 304;
const FOOTPRINT: usize = 432;
const SEGMENT: usize = 448;
const STATE_BYTES: usize = 464;
const BINS: usize = 32;

const PREVIOUS_IN_USE: u32 = 1;
const IN_USE: u32 = 2;
const SIZE: u32 = !7;

/// The head of what ends a segment that was followed by memory that is not the allocator's.
const FENCE: u32 = 7;

/// Where the allocator keeps its state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heap {
    state: usize,
}

/// A piece of the heap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk {
    pub(crate) address: usize,
    pub(crate) size: usize,
    pub(crate) in_use: bool,
}

impl Chunk {
    /// Where the bytes begin that the program may use.
    pub(crate) fn content(&self) -> usize {
        self.address + 8
    }
}

impl Heap {
    /// The one place in memory that looks like the allocator's state in all its parts.
    pub(crate) fn find(memory: &[u8]) -> Result<Self> {
        let places = (0..memory.len().saturating_sub(STATE_BYTES)).step_by(4);
        let found: Vec<usize> = places.filter(|state| is_state(memory, *state) == Some(true)).collect();
        match *found.as_slice() {
            [state] => Ok(Self { state }),
            _ => bail!("{} places look like the allocator's state, where there should be one", found.len()),
        }
    }

    /// Every chunk below the top, segment by segment. Fails where two neighbours contradict each other.
    pub(crate) fn chunks(self, memory: &[u8]) -> Result<Vec<Chunk>> {
        let mut chunks = Vec::new();
        let mut segment = self.state + SEGMENT;
        while segment != 0 {
            let (base, size) = (word(memory, segment)? as usize, word(memory, segment + 4)? as usize);
            self.walk(memory, base, size, &mut chunks)?;
            segment = word(memory, segment + 8)? as usize;
        }
        Ok(chunks)
    }

    fn walk(self, memory: &[u8], base: usize, bytes: usize, chunks: &mut Vec<Chunk>) -> Result<()> {
        let top = word(memory, self.state + TOP)? as usize;
        // A chunk's content is aligned, and begins after two words.
        let mut address = (base + 8).next_multiple_of(16) - 8;
        let mut previous_in_use = true;
        while address != top {
            let head = word(memory, address + 4)?;
            let size = (head & SIZE) as usize;
            if (head & PREVIOUS_IN_USE != 0) != previous_in_use || base + bytes < address {
                bail!("the heap is broken at {address:#x}: head {head:#x}");
            }
            if head == FENCE {
                return Ok(());
            }
            if size < 16 || !size.is_multiple_of(16) {
                bail!("the heap is broken at {address:#x}: head {head:#x}");
            }
            let in_use = head & IN_USE != 0;
            chunks.push(Chunk { address, size, in_use });
            previous_in_use = in_use;
            address += size;
        }
        if previous_in_use { Ok(()) } else { bail!("a free chunk before the top was not joined with it") }
    }

    /// Takes every free chunk out of circulation for good, so that all that is allocated from now on lies side by side
    /// at the top instead of in holes all over the heap, each on a page that would have to be copied. Returns how many
    /// bytes that costs.
    pub(crate) fn withdraw(self, memory: &mut [u8]) -> Result<usize> {
        let mut withdrawn = 0;
        for chunk in self.chunks(memory)?.iter().filter(|chunk| !chunk.in_use) {
            let next = chunk.address + chunk.size;
            let head = word(memory, chunk.address + 4)?;
            set_word(memory, chunk.address + 4, head | IN_USE)?;
            // The last word of a chunk that is in use is the first of the next.
            memory.get_mut(chunk.content()..next + 4).context("a chunk inside the memory")?.fill(0);
            let head = word(memory, next + 4)?;
            set_word(memory, next + 4, head | PREVIOUS_IN_USE)?;
            withdrawn += chunk.size;
        }
        self.clear(memory)?;
        self.chunks(memory)?;
        Ok(withdrawn)
    }

    /// The largest free chunk.
    pub(crate) fn largest(self, memory: &[u8]) -> Result<Chunk> {
        let free = self.chunks(memory)?.into_iter().filter(|chunk| !chunk.in_use);
        free.max_by_key(|chunk| chunk.size).context("the heap has no free chunk")
    }

    /// What is left of a chunk since it was [offered](Self::offer).
    pub(crate) fn offered(self, memory: &[u8]) -> Result<Chunk> {
        let address = word(memory, self.state + VICTIM)? as usize;
        let size = word(memory, self.state + VICTIM_SIZE)? as usize;
        let chunk = self.chunks(memory)?.into_iter().find(|chunk| (chunk.address, chunk.size) == (address, size));
        chunk.filter(|chunk| !chunk.in_use).context("nothing is left of the memory that was offered")
    }

    /// Has the allocator take from this chunk first, from its beginning on. No other may be free.
    pub(crate) fn offer(self, memory: &mut [u8], chunk: Chunk) -> Result<()> {
        let (size, next) = (u32::try_from(chunk.size)?, chunk.address + chunk.size);
        let head = word(memory, chunk.address + 4)?;
        set_word(memory, chunk.address + 4, head & !IN_USE)?;
        // A free chunk's size stands behind it, too.
        set_word(memory, next, size)?;
        let head = word(memory, next + 4)?;
        set_word(memory, next + 4, head & !PREVIOUS_IN_USE)?;
        set_word(memory, self.state + VICTIM_SIZE, size)?;
        set_word(memory, self.state + VICTIM, u32::try_from(chunk.address)?)?;
        let free = self.chunks(memory)?.iter().filter(|chunk| !chunk.in_use).count();
        if free == 1 { Ok(()) } else { bail!("{free} chunks of the heap are free, where one should be") }
    }

    fn clear(self, memory: &mut [u8]) -> Result<()> {
        for offset in [SMALL_MAP, TREE_MAP, VICTIM_SIZE, VICTIM] {
            set_word(memory, self.state + offset, 0)?;
        }
        for bin in 0..BINS {
            let place = self.state + SMALL_BINS + 8 * bin;
            let own = u32::try_from(place)?;
            set_word(memory, place + 8, own)?;
            set_word(memory, place + 12, own)?;
            set_word(memory, self.state + TREE_BINS + 4 * bin, 0)?;
        }
        Ok(())
    }
}

/// Whether the top chunk lies in the first segment, and the bins are what the map says of them.
fn is_state(memory: &[u8], state: usize) -> Option<bool> {
    let read = |address: usize| Some(u32::from_le_bytes(memory.get(address..address + 4)?.try_into().ok()?));
    let field = |offset: usize| read(state + offset);
    let (top, top_size) = (field(TOP)? as usize, field(TOP_SIZE)?);
    if top % 16 != 8 || read(top + 4)? != top_size | PREVIOUS_IN_USE {
        return None;
    }
    let (base, size) = (field(SEGMENT)? as usize, field(SEGMENT + 4)? as usize);
    let (end, limit) = (top + top_size as usize, base + size);
    if top < base || limit < end || end + 256 < limit || memory.len() < limit {
        return None;
    }
    let (footprint, most) = (field(FOOTPRINT)? as usize, field(FOOTPRINT + 4)? as usize);
    if footprint < size || most < footprint || memory.len() < most || top < field(LEAST_ADDRESS)? as usize {
        return None;
    }
    // A bin that the map calls empty keeps what it held last.
    let small = field(SMALL_MAP)?;
    for bin in (0..BINS).filter(|bin| small >> bin & 1 == 1) {
        let place = state + SMALL_BINS + 8 * bin;
        let (first, last) = (read(place + 8)? as usize, read(place + 12)? as usize);
        if first == place || last == place || read(first + 12)? as usize != place || read(last + 8)? as usize != place {
            return None;
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const STATE: usize = 64;
    const BASE: usize = 4096;
    const TOP_BYTES: usize = 61440 - 104 - 40;

    /// Three chunks, the middle one free, and a top.
    fn memory() -> Vec<u8> {
        let mut memory = vec![0; 65536];
        let mut set = |address: usize, value: usize| {
            set_word(&mut memory, address, u32::try_from(value).unwrap()).unwrap();
        };
        let chunks = [(BASE + 8, 0x20 | 3), (BASE + 40, 0x30 | 1), (BASE + 88, 0x10 | 2), (BASE + 104, TOP_BYTES | 1)];
        for (address, head) in chunks {
            set(address + 4, head);
        }
        let free = BASE + 40;
        let bin = STATE + SMALL_BINS + 8 * 6;
        for (address, value) in [(bin + 8, free), (bin + 12, free), (free + 8, bin), (free + 12, bin), (free + 48, 48)]
        {
            set(address, value);
        }
        let state = [
            (SMALL_MAP, 1 << 6),
            (TOP_SIZE, TOP_BYTES),
            (LEAST_ADDRESS, BASE),
            (TOP, BASE + 104),
            (FOOTPRINT, 61440),
            (FOOTPRINT + 4, 61440),
            (SEGMENT, BASE),
            (SEGMENT + 4, 61440),
        ];
        for (offset, value) in state {
            set(STATE + offset, value);
        }
        memory
    }

    #[test]
    fn the_state_is_found_and_free_chunks_are_withdrawn() {
        let mut memory = memory();
        let heap = Heap::find(&memory).unwrap();
        assert_eq!(heap.state, STATE);
        let in_use = |memory: &[u8]| heap.chunks(memory).unwrap().iter().map(|chunk| chunk.in_use).collect::<Vec<_>>();
        assert_eq!(in_use(&memory), [true, false, true]);
        assert_eq!(heap.withdraw(&mut memory).unwrap(), 48);
        assert_eq!(in_use(&memory), [true, true, true]);
        assert_eq!(word(&memory, STATE + SMALL_MAP).unwrap(), 0);
    }

    #[test]
    fn the_allocator_is_offered_what_was_withdrawn_before() {
        let mut memory = memory();
        let heap = Heap::find(&memory).unwrap();
        let room = heap.largest(&memory).unwrap();
        assert_eq!((room.address, room.size), (BASE + 40, 48));
        heap.withdraw(&mut memory).unwrap();
        assert!(heap.offered(&memory).is_err());
        heap.offer(&mut memory, room).unwrap();
        assert_eq!(heap.offered(&memory).unwrap().address, room.address);
        assert_eq!(word(&memory, BASE + 88).unwrap(), 48);
        assert_eq!(Heap::find(&memory).unwrap().state, STATE);
    }

    #[test]
    fn a_heap_that_contradicts_itself_is_refused() {
        let mut broken = memory();
        set_word(&mut broken, BASE + 44, 0x30 | 3).unwrap();
        let heap = Heap::find(&broken).unwrap();
        assert!(heap.chunks(&broken).is_err(), "its free neighbour says that the chunk before is in use");
        let mut elsewhere = memory();
        set_word(&mut elsewhere, STATE + TOP, 0).unwrap();
        assert!(Heap::find(&elsewhere).is_err());
    }
}
