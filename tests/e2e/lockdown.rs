//! What the kernel refuses to a worker, behind the WebAssembly sandbox, and that a kernel without Landlock will do.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::support::{Bench, root};

/// What a process finds refused that has locked itself down as a worker does.
fn refused(program: &Path, readable: &Path) -> Value {
    let output = Command::new(program).args(["worker", "probe"]).arg(readable).output().expect("a program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("what was refused")
}

/// Asks the kernel, without the code under test.
pub fn kernel_has_landlock() -> bool {
    let version = "import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))";
    let output = Command::new("python3").args(["-c", version]).output().expect("python3");
    String::from_utf8_lossy(&output.stdout).trim().parse().is_ok_and(|version: i32| 0 < version)
}

/// The binary, on a kernel that has no Landlock: a filter answers its calls as such a kernel would.
fn without_landlock(bench: &Bench) -> PathBuf {
    let script = r#"#!/usr/bin/env python3
import ctypes, os, struct, sys
CREATE_RULESET, RESTRICT_SELF, NO_NEW_PRIVS, SECCOMP = 444, 446, 38, 22
instructions = b"".join(struct.pack("HBBI", *instruction) for instruction in (
    (0x20, 0, 0, 0),                       # the number of the call
    (0x35, 0, 2, CREATE_RULESET),          # below: allowed
    (0x25, 1, 0, RESTRICT_SELF),           # above: allowed
    (0x06, 0, 0, 0x00050000 | 38),         # there is no such call
    (0x06, 0, 0, 0x7FFF0000),
))
buffer = ctypes.create_string_buffer(instructions)
program = struct.pack("HxxxxxxP", len(instructions) // 8, ctypes.addressof(buffer))
prctl = ctypes.CDLL(None, use_errno=True).prctl
prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_ulong]
assert prctl(NO_NEW_PRIVS, 1, None, 0, 0) == 0 and prctl(SECCOMP, 2, program, 0, 0) == 0
os.execv(BINARY, [BINARY, *sys.argv[1:]])
"#;
    bench.write_script("old-kernel", script.replace("BINARY", &format!("{:?}", env!("CARGO_BIN_EXE_gradebox"))))
}

#[test]
fn a_worker_can_neither_read_nor_write_files_nor_open_sockets_nor_start_processes() {
    let bench = Bench::new();
    let found = refused(Path::new(env!("CARGO_BIN_EXE_gradebox")), &bench.path(""));
    let expected =
        json!({"reading": kernel_has_landlock(), "writing": true, "sockets": true, "processes": true, "others": true});
    assert_eq!(found, expected);
}

#[test]
fn without_landlock_everything_but_reading_is_still_refused_and_programs_run() {
    let bench = Bench::new();
    let program = without_landlock(&bench);
    let expected = json!({"reading": false, "writing": true, "sockets": true, "processes": true, "others": true});
    assert_eq!(refused(&program, &bench.path("")), expected);
    bench.write("six.py", "print(2 * 3)");
    let output = Command::new(&program)
        .args(["exec", "six.py"])
        .current_dir(bench.path(""))
        .env("GRADEBOX_CACHE", root().join("target/test-cache"))
        .env("GRADEBOX_GRADERS", root().join("target/graders"))
        .output()
        .expect("a program");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "6\n", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn doctor_says_what_is_refused() {
    let bench = Bench::new();
    let ran = bench.run(&["doctor"]);
    let line = ran.stdout.lines().find(|line| line.contains("lockdown")).unwrap_or_default();
    for right in ["write files", "open sockets", "start processes"] {
        assert!(line.contains(right), "{}", ran.stdout);
    }
    assert_eq!(line.starts_with("ok"), kernel_has_landlock(), "{line}");
}
