//! Objects of `CPython` in an image (32-bit builds of 3.14).
//!
//! An object begins with its reference count and a pointer to its type (`struct _object` in `Include/object.h`). An
//! object whose count says that it is immortal is never counted: programs that use it do not write to its page.

use std::collections::{BTreeMap, HashMap};

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
    let mut mortal = Vec::new();
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for object in objects {
        let address = object.address as usize;
        let Some((content, _)) = in_use.range(..=address).next_back() else { continue };
        if !OFFSETS.contains(&(address - content)) || word(memory, address + 4)? != object.kind {
            continue;
        }
        match word(memory, address)? {
            0 | MANY..IMMORTAL => {}
            count if count < IMMORTAL => mortal.push(*object),
            count => *counts.entry(count).or_default() += 1,
        }
    }
    // CPython has made some strings immortal itself: the count that it gave them is the one to give.
    let count = counts.into_iter().max_by_key(|(_, number)| *number).map(|(count, _)| count);
    let count = count.context("no object is immortal: reference counts are not what they were")?;
    if mortal.len() < objects.len() / 2 {
        bail!(
            "of {} objects only {} lie where objects should: the layout is not what it was",
            objects.len(),
            mortal.len()
        );
    }
    for object in &mortal {
        set_word(memory, object.address as usize, count)?;
    }
    Ok(mortal)
}
