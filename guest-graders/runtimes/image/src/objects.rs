//! Objects of `CPython` in an image (32-bit builds of 3.14).
//!
//! An object begins with its reference count and a pointer to its type (`struct _object` in `Include/object.h`). An
//! object whose count says that it is immortal is never counted: programs that use it do not write to its page.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::{Context, Result, bail};

use crate::{
    heap::Chunk,
    making::Object,
    memory::{set_word, word},
};

/// Counts from here on belong to immortal objects.
const IMMORTAL: u32 = 1 << 30;

/// More references than any mortal object of a fresh interpreter has, and fewer than any address.
const MANY: u32 = 1_000_000;

/// Where an object may begin in its chunk: what the collector and instances keep in front of it is 8 bytes each.
const OFFSETS: [usize; 4] = [0, 8, 16, 24];

/// Makes every object that is alive and lies in the heap immortal. Returns those objects.
pub(crate) fn immortalise(memory: &mut [u8], chunks: &[Chunk], objects: &[Object]) -> Result<Vec<Object>> {
    let in_use: BTreeMap<usize, Chunk> =
        chunks.iter().filter(|chunk| chunk.in_use).map(|chunk| (chunk.content(), *chunk)).collect();
    let mut placed = Vec::new();
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for object in objects {
        let address = object.address as usize;
        let Some((content, _)) = in_use.range(..=address).next_back() else { continue };
        if !OFFSETS.contains(&(address - content)) || word(memory, address + 4)? != object.kind {
            continue;
        }
        match word(memory, address)? {
            0 | MANY..IMMORTAL => {}
            count if count < IMMORTAL => placed.push(*object),
            count => {
                placed.push(*object);
                *counts.entry(count).or_default() += 1;
            }
        }
    }
    // CPython has made some strings immortal itself: the count that it gave them is the one to give.
    let count = counts.into_iter().max_by_key(|(_, number)| *number).map(|(count, _)| count);
    let count = count.context("no object is immortal: reference counts are not what they were")?;
    if placed.len() < objects.len() / 2 {
        bail!(
            "of {} objects only {} lie where objects should: the layout is not what it was",
            objects.len(),
            placed.len()
        );
    }
    placed.extend(strings(memory, chunks, &placed)?);
    for object in &placed {
        if word(memory, object.address as usize)? < IMMORTAL {
            set_word(memory, object.address as usize, count)?;
        }
    }
    Ok(placed)
}

/// Strings that only the interpreter itself knows of, such as the names in its cache of methods.
fn strings(memory: &[u8], chunks: &[Chunk], known: &[Object]) -> Result<Vec<Object>> {
    let places: HashMap<usize, &Chunk> =
        chunks.iter().filter(|chunk| chunk.in_use).map(|chunk| (chunk.content(), chunk)).collect();
    let mut kinds: HashMap<u32, usize> = HashMap::new();
    for object in known {
        if let Some(chunk) = places.get(&(object.address as usize))
            && is_string(memory, chunk)?
        {
            *kinds.entry(object.kind).or_default() += 1;
        }
    }
    let kind = kinds.into_iter().max_by_key(|(_, number)| *number).map(|(kind, _)| kind);
    let kind = kind.context("no object is a string: the layout is not what it was")?;
    let known: HashSet<u32> = known.iter().map(|object| object.address).collect();
    let mut strings = Vec::new();
    for (address, chunk) in places {
        let count = word(memory, address)?;
        let object = Object { address: u32::try_from(address)?, kind, digest: word(memory, address + 12)? };
        let is_counted = 0 < count && count < MANY && word(memory, address + 4)? == kind;
        if is_counted && !known.contains(&object.address) && is_string(memory, chunk)? {
            strings.push(object);
        }
    }
    Ok(strings)
}

/// Whether a chunk holds what `PyASCIIObject` and `PyCompactUnicodeObject` of `Include/cpython/unicodeobject.h` describe,
/// and no more than that.
fn is_string(memory: &[u8], chunk: &Chunk) -> Result<bool> {
    let (length, state) = (word(memory, chunk.content() + 8)? as usize, word(memory, chunk.content() + 16)?);
    let (bytes_each, is_compact, is_ascii) = ((state >> 2 & 7) as usize, state >> 5 & 1 == 1, state >> 6 & 1 == 1);
    let head = if is_ascii { 20 } else { 28 };
    let room = chunk.size - 4;
    let taken = (length < room).then(|| head + (length + 1) * bytes_each);
    Ok(is_compact && [1, 2, 4].contains(&bytes_each) && taken.is_some_and(|taken| taken <= room && room < taken + 32))
}
