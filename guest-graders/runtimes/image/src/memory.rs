//! A linear memory that the build can look into and change between two calls.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context, Result, bail};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

/// No runtime's image comes near this; untouched memory costs nothing.
const CAPACITY: usize = 1 << 30;

/// Makes memories, and lends each to the build while no code runs in it.
#[derive(Default)]
pub(crate) struct VisibleMemories {
    made: Mutex<Option<Arc<Block>>>,
}

/// The memory of one instance.
pub(crate) struct VisibleMemory(Arc<Block>);

/// Memory at a fixed place. Only its beginning is in use.
struct Block {
    start: *mut u8,
    used: AtomicUsize,
}

#[expect(unsafe_code, reason = "a pointer says nothing of threads")]
// SAFETY: whoever uses the pointer has the store or the build's own borrow of it, one at a time.
unsafe impl Send for Block {}
#[expect(unsafe_code, reason = "a pointer says nothing of threads")]
// SAFETY: as above.
unsafe impl Sync for Block {}

impl VisibleMemories {
    /// The memory of the instance that was made last.
    pub(crate) fn take(&self) -> Option<VisibleMemory> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).take().map(VisibleMemory)
    }
}

impl VisibleMemory {
    /// The bytes in use. `store` stands for the right to touch them: code runs only with a mutable borrow of it.
    pub(crate) fn bytes<'s, T>(&self, _store: &'s mut wasmtime::Store<T>) -> &'s mut [u8] {
        #[expect(unsafe_code, reason = "wasmtime shows a component's memory to nobody else")]
        // SAFETY: the block is never freed or moved, and the borrow of the store keeps its code from running.
        unsafe {
            std::slice::from_raw_parts_mut(self.0.start, self.0.used.load(Ordering::Relaxed))
        }
    }
}

#[expect(unsafe_code, reason = "wasmtime trusts what this says of the memory")]
// SAFETY: the memory has the size that was asked for, never moves, and is checked at each access, for the engine is set
// up without guard pages.
unsafe impl MemoryCreator for VisibleMemories {
    fn new_memory(
        &self,
        _kind: MemoryType,
        minimum: usize,
        _maximum: Option<usize>,
        _reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.is_some() || guard != 0 || CAPACITY < minimum {
            return Err("the build makes one memory for an instance, without guards and of less than 1 GiB".to_owned());
        }
        let start = Box::leak(vec![0_u8; CAPACITY].into_boxed_slice()).as_mut_ptr();
        let block = Arc::new(Block { start, used: AtomicUsize::new(minimum) });
        *made = Some(Arc::clone(&block));
        Ok(Box::new(Lent(block)))
    }
}

struct Lent(Arc<Block>);

#[expect(unsafe_code, reason = "wasmtime trusts what this says of the memory")]
// SAFETY: as for the creator.
unsafe impl LinearMemory for Lent {
    fn byte_size(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    fn byte_capacity(&self) -> usize {
        CAPACITY
    }

    fn grow_to(&mut self, size: usize) -> wasmtime::Result<()> {
        if CAPACITY < size {
            wasmtime::bail!("the runtime wants more than 1 GiB");
        }
        self.0.used.store(size, Ordering::Relaxed);
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.0.start
    }
}

/// A 32-bit word of a memory.
pub(crate) fn word(memory: &[u8], address: usize) -> Result<u32> {
    let bytes = address.checked_add(4).and_then(|end| memory.get(address..end));
    match bytes {
        Some(&[a, b, c, d]) => Ok(u32::from_le_bytes([a, b, c, d])),
        _ => bail!("{address:#x} lies beyond the memory"),
    }
}

/// Changes a 32-bit word of a memory.
pub(crate) fn set_word(memory: &mut [u8], address: usize, value: u32) -> Result<()> {
    let end = address.checked_add(4).context("an address")?;
    let bytes = memory.get_mut(address..end).with_context(|| format!("{address:#x} lies beyond the memory"))?;
    bytes.copy_from_slice(&value.to_le_bytes());
    Ok(())
}
