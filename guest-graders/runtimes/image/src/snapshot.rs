//! Makes the memory that every instance begins with.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};

use crate::{
    heap::Heap,
    making::{Making, Object, Runtime},
    objects,
};

/// Runs of every warm-up: through the exports, as the host runs programs, until all that is made lazily is there.
const ROUNDS: usize = 4;

/// Bytes of free memory at the top of the heap, so that a small program never asks the host for more.
const ROOM: u32 = 1 << 20;

/// A memory, and the objects that lay in it.
pub(crate) struct Snapshot {
    pub(crate) memory: Vec<u8>,
    objects: Vec<Object>,
}

/// Warms a runtime up, and leaves it so that a program changes few pages of its memory.
pub(crate) fn take(component: &[u8]) -> Result<Snapshot> {
    let runtime = Runtime::compile(component)?;
    let (mut making, mut other) = (runtime.start()?, runtime.start()?);
    (making, other) = rehearse(making, other)?;
    making.watch()?;
    (making, other) = rehearse(making, other)?;
    let heap = Heap::find(making.memory())?;
    heap.withdraw(making.memory())?;
    // Before code is made anew: what it does with a constant when it runs depends on whether that is immortal. The other
    // runtime is in much the same state, and looks, because looking makes memory larger for good.
    let chunks = heap.chunks(making.memory())?;
    objects::immortalise(making.memory(), &chunks, &other.objects()?)?;
    // What ran lies together now, in the memory that lies low, and what every program makes will lie behind it.
    making.release()?;
    let room = heap.largest(making.memory())?;
    heap.withdraw(making.memory())?;
    heap.offer(making.memory(), room)?;
    making.gather()?;
    let room = heap.offered(making.memory())?;
    heap.withdraw(making.memory())?;
    // What was made anew has yet to run for the first time, which changes it.
    (making, _) = rehearse(making, other)?;
    making.refresh()?;
    making.settle(ROOM)?;
    // Looking for objects takes memory of its own, which must not stay.
    let before = making.memory().to_vec();
    let objects = making.objects()?;
    let (own, grown) = making.memory().split_at_mut_checked(before.len()).context("memory does not shrink")?;
    own.copy_from_slice(&before);
    grown.fill(0);
    let chunks = heap.chunks(making.memory())?;
    let objects = objects::immortalise(making.memory(), &chunks, &objects)?;
    // What the next program finds shall lie together, too: not in the holes that the last one left, nor where what lies
    // in the interpreter's lists of free objects happens to be. The collector lets go of the objects, as it does of
    // everything immortal that it meets.
    heap.withdraw(making.memory())?;
    making.settle(0)?;
    making.clear()?;
    heap.withdraw(making.memory())?;
    heap.offer(making.memory(), room)?;
    making.settle(0)?;
    let room = heap.offered(making.memory())?;
    heap.withdraw(making.memory())?;
    heap.offer(making.memory(), room)?;
    let memory = making.memory().get(..before.len()).context("memory does not shrink")?.to_vec();
    heap.chunks(&memory).context("the runtime took more memory when it settled")?;
    Ok(Snapshot { memory, objects })
}

/// Runs the usual programs, and both sides of the usual tests.
fn rehearse(mut making: Making, mut other: Making) -> Result<(Making, Making)> {
    let programs = making.warm_ups()?;
    let tests = making.tests()?;
    for _ in 0..ROUNDS {
        for tested in &tests {
            other = making.test(tested, other)?;
            making = other.test(tested, making)?;
        }
        for program in &programs {
            making.run(program)?;
            other.run(program)?;
        }
    }
    making.settle(ROOM)?;
    other.settle(ROOM)?;
    Ok((making, other))
}

/// Compares the objects of an instance that began with the snapshot with those that lay in it.
pub(crate) fn check(component: &[u8], snapshot: &Snapshot) -> Result<()> {
    let mut making = Runtime::compile(component)?.start()?;
    let now: HashMap<(u32, u32), u32> =
        making.objects()?.iter().map(|object| ((object.address, object.kind), object.digest)).collect();
    let (mut same, mut different) = (0, 0);
    for object in &snapshot.objects {
        match now.get(&(object.address, object.kind)) {
            Some(digest) if *digest == object.digest => same += 1,
            Some(_) => different += 1,
            None => {}
        }
    }
    if different != 0 || same < snapshot.objects.len() / 2 {
        bail!("objects of the image are not what they were: {same} same, {different} different");
    }
    Heap::find(making.memory())?.chunks(making.memory())?;
    Ok(())
}
