//! A component of a core module, such as the compilers of C, Zig and Go leave.

use std::path::Path;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

/// Who gives the memory that the adapter of WASI preview 1 keeps its state in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AdapterMemory {
    /// The module's own `cabi_realloc`.
    Allocated,
    /// New pages: the module's allocator needs the adapter before it works, as that of Go does.
    Grown,
}

/// The world of a project's folder `wit`, the only one there.
pub(super) struct World {
    resolve: Resolve,
    id: WorldId,
}

impl World {
    pub(super) fn read(wit: &Path) -> anyhow::Result<Self> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(wit)?;
        let id = resolve.select_world(&[package], None)?;
        Ok(Self { resolve, id })
    }

    pub(super) fn name(&self) -> &str {
        &self.resolve.worlds[self.id].name
    }

    /// Makes a component of a module that exports what the world says, by the names of the canonical ABI. What the
    /// module does not use of the world's imports is left out.
    pub(super) fn componentize(&self, module: Vec<u8>, memory: AdapterMemory) -> anyhow::Result<Vec<u8>> {
        let mut module = module;
        embed_component_metadata(&mut module, &self.resolve, self.id, StringEncoding::UTF8)?;
        ComponentEncoder::default()
            .validate(true)
            .realloc_via_memory_grow(memory == AdapterMemory::Grown)
            .module(&module)?
            .adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)?
            .encode()
    }
}
