//! seccomp: the calls of the system that workers and compilers use, and of those with a name for mischief the refusal.
//!
//! What is in no list is answered as by a kernel that does not have it. A C library that is newer than this program asks
//! for calls that this program does not know, and takes that answer for what it is.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter_all_threads,
};

use super::LockdownError;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Allowed whatever their arguments; those that [`REFUSED`] or [`rules`] names are refused all the same.
const ALLOWED: &[i64] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_memfd_create,
    libc::SYS_ftruncate,
    // What is open already, and compiled components.
    libc::SYS_openat,
    libc::SYS_close,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fcntl,
    libc::SYS_ppoll,
    // Threads, and the end of the process.
    libc::SYS_clone,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    libc::SYS_futex,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getcpu,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Signals: traps of guests are some.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // Time, random numbers, and what the C library asks of the machine.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    // Until the last filter is in place, which refuses it.
    libc::SYS_seccomp,
];

#[cfg(target_arch = "x86_64")]
const ALLOWED_ON_X86_64: &[i64] = &[libc::SYS_arch_prctl, libc::SYS_poll, libc::SYS_time, libc::SYS_getrlimit];

#[cfg(not(target_arch = "x86_64"))]
const ALLOWED_ON_X86_64: &[i64] = &[];

/// What may be asked of open files beside reading and writing: how much there is to read, whether it is a terminal, and
/// which pages of memory were written to.
const REQUESTS: [u64; 3] = [libc::FIONREAD, libc::TCGETS, PAGEMAP_SCAN];

/// `_IOWR('f', 16, struct pm_scan_arg)`
const PAGEMAP_SCAN: u64 = 0xc060_6610;

/// What a process may ask and change of itself: the name of a thread, what the kernel told it at its start, and that it
/// gains no more rights.
const SETTINGS: [u64; 3] = [libc::PR_SET_NAME as u64, PR_GET_AUXV, libc::PR_SET_NO_NEW_PRIVS as u64];

const PR_GET_AUXV: u64 = 0x4155_5856;

/// Refused whatever their arguments.
const REFUSED: &[i64] = &[
    // Sockets.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept4,
    // Other programs and processes.
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    // Changes to the file system, and ways to files that are no paths.
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_mkdirat,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mknodat,
    libc::SYS_fchmodat,
    libc::SYS_fchmod,
    libc::SYS_fchownat,
    libc::SYS_fchown,
    libc::SYS_truncate,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_openat2,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    // The machine.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_chroot,
    libc::SYS_pivot_root,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    // Wide interfaces of the kernel.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_fanotify_init,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_personality,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    // Further filters, which could only refuse more.
    libc::SYS_seccomp,
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
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_kexec_file_load,
    libc::SYS_ioperm,
    libc::SYS_iopl,
    libc::SYS_modify_ldt,
];

#[cfg(not(target_arch = "x86_64"))]
const REFUSED_ON_X86_64: &[i64] = &[];

/// Refuses the calls, where this architecture has a filter, to every thread of the process.
pub(super) fn refuse() -> Result<(), LockdownError> {
    let Ok(architecture) = TargetArch::try_from(std::env::consts::ARCH) else { return Ok(()) };
    let error = |error: i32| SeccompAction::Errno(error.unsigned_abs());
    // A filter cannot look into what `clone3` is given. Told that there is no such call, the C library uses `clone`.
    install(allowed()?, error(libc::ENOSYS), SeccompAction::Allow, architecture)?;
    // Of two refusals, that of the later filter counts.
    install(rules()?, SeccompAction::Allow, error(libc::EPERM), architecture)
}

/// Installs a filter that answers the calls of `rules` in one way, and all others in another.
fn install(
    rules: Rules,
    others: SeccompAction,
    named: SeccompAction,
    architecture: TargetArch,
) -> Result<(), LockdownError> {
    let program: BpfProgram = SeccompFilter::new(rules, others, named, architecture)?.try_into()?;
    Ok(apply_filter_all_threads(&program)?)
}

fn allowed() -> Result<Rules, BackendError> {
    let mut rules: Rules = ALLOWED.iter().chain(ALLOWED_ON_X86_64).map(|call| (*call, vec![])).collect();
    let requests = REQUESTS.into_iter().map(|request| equal(1, request)).collect::<Result<_, _>>()?;
    rules.insert(libc::SYS_ioctl, requests);
    let settings = SETTINGS.into_iter().map(|setting| equal(0, setting)).collect::<Result<_, _>>()?;
    rules.insert(libc::SYS_prctl, settings);
    // Of this process only: limits, and the signal by which it aborts.
    rules.insert(libc::SYS_prlimit64, vec![equal(0, 0)?]);
    rules.insert(libc::SYS_tgkill, vec![equal(0, std::process::id().into())?]);
    Ok(rules)
}

/// Holds where the argument, as 32 bits, has this value.
fn equal(argument: u8, value: u64) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)?])
}

fn rules() -> Result<Rules, BackendError> {
    let mut rules: Rules = REFUSED.iter().chain(REFUSED_ON_X86_64).map(|call| (*call, vec![])).collect();
    let mut writing = Vec::new();
    for flag in [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC] {
        writing.push(masked(2, flag, flag)?);
    }
    rules.insert(libc::SYS_openat, writing);
    // Threads, and no processes.
    rules.insert(libc::SYS_clone, vec![masked(0, libc::CLONE_THREAD, 0)?]);
    Ok(rules)
}

/// Holds where the argument, masked, has this value.
fn masked(argument: u8, mask: i32, value: i32) -> Result<SeccompRule, BackendError> {
    let [mask, value] = [mask, value].map(|flags| u64::from(flags.unsigned_abs()));
    SeccompRule::new(vec![SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::MaskedEq(mask),
        value,
    )?])
}
