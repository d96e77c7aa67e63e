//! Makes a component of one core module again.

use anyhow::{Context, Result, bail};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding};
use wit_parser::{Resolve, WorldId, WorldItem, WorldKey};

/// The types of a component's imports and exports.
pub(crate) struct Interface {
    resolve: Resolve,
    world: WorldId,
}

impl Interface {
    /// What a component imports, and of what it exports only these interfaces.
    pub(crate) fn of(component: &[u8], interfaces: &[&str]) -> Result<Self> {
        let DecodedWasm::Component(mut resolve, world) = wit_component::decode(component)? else {
            bail!("a package of interfaces, not a component");
        };
        let names: Vec<(WorldKey, bool)> = resolve
            .worlds
            .get(world)
            .context("a component has a world")?
            .exports
            .iter()
            .map(|(key, item)| {
                (key.clone(), matches!(item, WorldItem::Interface { .. } if interfaces.contains(&resolve.name_world_key(key).as_str())))
            })
            .collect();
        let exports = &mut resolve.worlds.get_mut(world).context("a component has a world")?.exports;
        exports.retain(|key, _| names.iter().any(|(name, kept)| name == key && *kept));
        if exports.len() != interfaces.len() {
            bail!("the component does not export {interfaces:?}");
        }
        Ok(Self { resolve, world })
    }

    /// A component whose one module of its own is `module`.
    pub(crate) fn wrap(&self, module: &[u8]) -> Result<Vec<u8>> {
        let mut module = module.to_vec();
        wit_component::embed_component_metadata(&mut module, &self.resolve, self.world, StringEncoding::UTF8)?;
        ComponentEncoder::default().validate(true).module(&module)?.encode()
    }
}
