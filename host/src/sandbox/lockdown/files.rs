//! Landlock: of the file system, a worker keeps the reading of compiled components.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    Scope,
};

/// The newest version of the kernel's interface that this program knows; of an older one, everything that it has is
/// used.
const NEWEST: ABI = ABI::V7;

/// Closes every file and every TCP port, signals and abstract sockets too, as far as the kernel can; files beneath
/// `readable` can still be opened for reading, and not listed.
pub(super) fn close(readable: &[PathBuf]) -> Result<(), RulesetError> {
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    for directory in readable {
        // What cannot be opened needs no rule.
        if let Ok(directory) = PathFd::new(directory) {
            ruleset = ruleset.add_rule(PathBeneath::new(directory, AccessFs::ReadFile))?;
        }
    }
    ruleset.restrict_self()?;
    Ok(())
}
