//! What a worker gives up before it sees the first component: defence in depth behind the WebAssembly sandbox.
//!
//! On Linux a seccomp filter refuses sockets, new programs, tracing and every change to the file system. Reading files
//! stays possible, because compiled components are mapped on demand. Elsewhere nothing is given up, and `doctor` says so.

/// A right could not be given up.
#[derive(Debug, thiserror::Error)]
pub(super) enum LockdownError {
    #[cfg(target_os = "linux")]
    #[error("seccomp: {0}")]
    Seccomp(#[from] seccompiler::Error),
    #[cfg(target_os = "linux")]
    #[error("seccomp: {0}")]
    Backend(#[from] seccompiler::BackendError),
}

#[cfg(not(target_os = "linux"))]
pub(super) fn apply() -> Result<(), LockdownError> {
    Ok(())
}

#[cfg(target_os = "linux")]
pub(super) fn apply() -> Result<(), LockdownError> {
    match linux::filter() {
        Some(filter) => {
            let program: seccompiler::BpfProgram = filter?.try_into()?;
            seccompiler::apply_filter_all_threads(&program)?;
            Ok(())
        }
        None => Ok(()),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;

    use seccompiler::{
        BackendError, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
        TargetArch,
    };

    /// Refused whatever their arguments.
    const REFUSED: &[i64] = &[
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept4,
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_kill,
        libc::SYS_tkill,
        libc::SYS_pidfd_open,
        libc::SYS_unlinkat,
        libc::SYS_renameat2,
        libc::SYS_mkdirat,
        libc::SYS_linkat,
        libc::SYS_symlinkat,
        libc::SYS_mknodat,
        libc::SYS_fchmodat,
        libc::SYS_fchownat,
        libc::SYS_truncate,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_chroot,
        libc::SYS_pivot_root,
        libc::SYS_io_uring_setup,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_userfaultfd,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_kexec_load,
        libc::SYS_openat2,
    ];

    #[cfg(target_arch = "x86_64")]
    const REFUSED_ON_X86_64: &[i64] = &[
        libc::SYS_open,
        libc::SYS_creat,
        libc::SYS_accept,
        libc::SYS_fork,
        libc::SYS_vfork,
        libc::SYS_unlink,
        libc::SYS_rename,
        libc::SYS_renameat,
        libc::SYS_mkdir,
        libc::SYS_rmdir,
        libc::SYS_link,
        libc::SYS_symlink,
        libc::SYS_mknod,
        libc::SYS_chmod,
        libc::SYS_chown,
    ];

    #[cfg(not(target_arch = "x86_64"))]
    const REFUSED_ON_X86_64: &[i64] = &[];

    /// The filter, where this architecture has one.
    pub(super) fn filter() -> Option<Result<SeccompFilter, BackendError>> {
        let architecture = TargetArch::try_from(std::env::consts::ARCH).ok()?;
        Some(rules().and_then(|rules| {
            SeccompFilter::new(
                rules,
                SeccompAction::Allow,
                SeccompAction::Errno(libc::EPERM.unsigned_abs()),
                architecture,
            )
        }))
    }

    fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, BackendError> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
            REFUSED.iter().chain(REFUSED_ON_X86_64).map(|call| (*call, vec![])).collect();
        let mut writing = Vec::new();
        for flag in [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC] {
            let flag = u64::from(flag.unsigned_abs());
            let condition = SeccompCondition::new(2, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(flag), flag)?;
            writing.push(SeccompRule::new(vec![condition])?);
        }
        rules.insert(libc::SYS_openat, writing);
        Ok(rules)
    }
}
