//! Runs programs in instances as the host makes them, and looks which pages of memory they wrote to.

use std::{
    collections::HashSet,
    fs::{self, File},
    ops::Range,
    os::unix::fs::FileExt,
};

use anyhow::{Context, Result, bail};

use crate::{
    making::{Factory, Making, Tested, WarmUp},
    zones::PAGE,
};

/// A runtime with its image, from which instances are made.
pub(crate) struct Trial {
    factory: Factory,
    /// The pages of memory before the image.
    before: u64,
}

impl Trial {
    /// Of a component whose memory begins with the image, which begins at an address.
    pub(crate) fn new(component: &[u8], beginning: usize) -> Result<Self> {
        Ok(Self { factory: Factory::mapping(component)?, before: u64::try_from(beginning / PAGE)? })
    }

    /// Of each usual program and test the pages that it wrote to.
    pub(crate) fn written(&self) -> Result<Vec<Vec<usize>>> {
        let mut written = Vec::new();
        let (mut first, _) = self.instance()?;
        for program in first.warm_ups()? {
            written.push(self.by_program(&program)?);
        }
        for tested in first.tests()? {
            written.extend(self.by_test(&tested)?);
        }
        Ok(written)
    }

    fn by_program(&self, program: &WarmUp) -> Result<Vec<usize>> {
        let (mut instance, memory) = self.instance()?;
        instance.run(program)?;
        pages_written(&memory)
    }

    /// By the test, and by the program.
    fn by_test(&self, tested: &Tested) -> Result<[Vec<usize>; 2]> {
        let (program, programs) = self.instance()?;
        let (mut test, tests) = self.instance()?;
        let _program = test.test(tested, program)?;
        Ok([pages_written(&tests)?, pages_written(&programs)?])
    }

    /// An instance, and where its memory lies.
    fn instance(&self) -> Result<(Making, Range<u64>)> {
        let before: HashSet<u64> = images()?.iter().map(|image| image.start).collect();
        let instance = self.factory.make()?;
        let new: Vec<Range<u64>> = images()?.into_iter().filter(|image| !before.contains(&image.start)).collect();
        match <[Range<u64>; 1]>::try_from(new) {
            Ok([image]) => Ok((instance, image.start - self.before * PAGE as u64..image.end)),
            Err(several) => bail!("an instance has {} mapped memories", several.len()),
        }
    }
}

/// Mappings of files that may be written to without the file's changing: the memories that begin with an image.
fn images() -> Result<Vec<Range<u64>>> {
    let maps = fs::read_to_string("/proc/self/maps").context("the process's own mappings")?;
    let mut images = Vec::new();
    for line in maps.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (Some(range), Some("rw-p"), Some(path)) = (fields.next(), fields.next(), fields.nth(3)) else { continue };
        let Some((start, end)) = range.split_once('-') else { continue };
        let (start, end) = (u64::from_str_radix(start, 16)?, u64::from_str_radix(end, 16)?);
        if path.starts_with("/memfd:") && SMALLEST < end - start {
            images.push(start..end);
        }
    }
    Ok(images)
}

/// No image is smaller, and nothing else that is mapped so is larger, in bytes.
const SMALLEST: u64 = 1 << 20;

/// The pages that are the process's own and not the file's, counted from the beginning of the memory.
fn pages_written(memory: &Range<u64>) -> Result<Vec<usize>> {
    /// What the kernel says of a page, by its documentation `admin-guide/mm/pagemap`.
    const PRESENT: u64 = 1 << 63;
    const OF_A_FILE: u64 = 1 << 61;
    let page = PAGE as u64;
    let mut entries = vec![0; usize::try_from((memory.end - memory.start) / page * 8)?];
    File::open("/proc/self/pagemap")
        .and_then(|pagemap| pagemap.read_exact_at(&mut entries, memory.start / page * 8))
        .context("the process's own pages")?;
    let entries =
        entries.chunks_exact(8).map(|entry| entry.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    let written = entries.enumerate().filter(|(_, entry)| entry & (PRESENT | OF_A_FILE) == PRESENT);
    Ok(written.map(|(page, _)| page).collect())
}
