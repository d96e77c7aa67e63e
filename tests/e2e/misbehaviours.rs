//! Graders that fit the contract by their types and misbehave when they grade.

use gradebox::score::ErrorKind;
use wasm_encoder::BlockType;

use crate::crafted::{Craft, LOG, RANDOM, SPARE, STDIN, memory, table};

/// What a grader does, and the kind of error and a part of the reason that it ends with; no kind where it is scored.
pub type Misbehaviour = (&'static str, fn(&mut Craft), Option<ErrorKind>, &'static str);

const FAILED: Option<ErrorKind> = Some(ErrorKind::GraderFailed);
const LIMIT: Option<ErrorKind> = Some(ErrorKind::GraderLimit);
const BAD: Option<ErrorKind> = Some(ErrorKind::BadResult);

/// Where the parts of a result lie in memory.
const RESULT: usize = 0;
const VERDICT: usize = 8;
const VALUE: usize = 16;
const REASON: usize = 24;
const DETAILS: usize = 32;

pub const MISBEHAVIOURS: &[Misbehaviour] = &[
    // Results.
    ("nothing", |_| (), None, ""),
    ("a result that is neither", |craft| craft.result = vec![(RESULT, vec![9])], FAILED, "discriminant"),
    ("a verdict that there is not", |craft| craft.result = vec![(VERDICT, vec![7])], FAILED, "discriminant"),
    (
        "an error that there is not",
        |craft| craft.result = vec![(RESULT, vec![1]), (VERDICT, vec![3])],
        FAILED,
        "discriminant",
    ),
    ("a score of NaN", |craft| craft.result = vec![(VALUE, f64::NAN.to_le_bytes().to_vec())], BAD, "NaN"),
    ("a score of -NaN", |craft| craft.result = vec![(VALUE, (-f64::NAN).to_le_bytes().to_vec())], BAD, "NaN"),
    ("an infinite score", |craft| craft.result = vec![(VALUE, f64::NEG_INFINITY.to_le_bytes().to_vec())], BAD, "-inf"),
    (
        "a score just off the scale",
        |craft| craft.result = vec![(VALUE, 1.000_001_f64.to_le_bytes().to_vec())],
        BAD,
        "scale",
    ),
    ("the largest score of all", |craft| craft.result = vec![(VALUE, f64::MAX.to_le_bytes().to_vec())], BAD, "scale"),
    ("a reason from nowhere", |craft| craft.result = vec![(REASON, vec![0xff; 4])], FAILED, "out of bounds"),
    ("a reason of 4 GiB", |craft| craft.result = vec![(REASON + 4, vec![0xff; 4])], FAILED, "out of bounds"),
    ("a reason of 2 GiB", |craft| craft.result = vec![(REASON + 4, vec![0, 0, 0, 0x80])], FAILED, "out of bounds"),
    ("a reason with a NUL", |craft| craft.result = vec![(REASON, vec![0, 0, 0, 0, 1, 0, 0, 0])], None, ""),
    (
        "details that are no text",
        |craft| craft.result = vec![(DETAILS, vec![0x10, 0x20, 0, 0, 8, 0, 0, 0])],
        BAD,
        "details",
    ),
    ("details of nothing", |craft| craft.result = vec![(DETAILS + 4, vec![0; 4])], BAD, "not JSON"),
    (
        "a result from nowhere",
        |craft| {
            craft.grade = |code| {
                code.i32_const(-40).return_();
            }
        },
        FAILED,
        "out of bounds",
    ),
    (
        "a result out of line",
        |craft| {
            craft.grade = |code| {
                code.i32_const(12_289).return_();
            }
        },
        FAILED,
        "aligned",
    ),
    (
        "a result half in memory",
        |craft| {
            craft.grade = |code| {
                code.i32_const(4 * 65_536 - 8).return_();
            }
        },
        FAILED,
        "bounds",
    ),
    // Traps.
    (
        "a trap",
        |craft| {
            craft.grade = |code| {
                code.unreachable();
            }
        },
        FAILED,
        "unreachable",
    ),
    (
        "a division by zero",
        |craft| {
            craft.grade = |code| {
                code.i32_const(1).i32_const(0).i32_div_s().drop();
            }
        },
        FAILED,
        "divide by zero",
    ),
    (
        "an overflow",
        |craft| {
            craft.grade = |code| {
                code.i32_const(i32::MIN).i32_const(-1).i32_div_s().drop();
            }
        },
        FAILED,
        "overflow",
    ),
    (
        "a bad conversion",
        |craft| {
            craft.grade = |code| {
                code.f64_const(f64::NAN.into()).i32_trunc_f64_s().drop();
            }
        },
        FAILED,
        "conversion",
    ),
    (
        "a look beyond memory",
        |craft| {
            craft.grade = |code| {
                code.i32_const(-4).i32_load(word()).drop();
            }
        },
        FAILED,
        "out of bounds",
    ),
    (
        "a write beyond memory",
        |craft| {
            craft.grade = |code| {
                code.i32_const(-4).i32_const(0).i32_store(word());
            }
        },
        FAILED,
        "out of bounds",
    ),
    (
        "a fill beyond memory",
        |craft| {
            craft.grade = |code| {
                code.i32_const(0).i32_const(1).i32_const(-1).memory_fill(0);
            }
        },
        FAILED,
        "out of bounds",
    ),
    (
        "a call through an empty table",
        |craft| {
            craft.tables = vec![table(8)];
            craft.grade = |code| {
                code.i32_const(3).call_indirect(0, 0);
            };
        },
        FAILED,
        "uninitialized",
    ),
    (
        "a call beyond a table",
        |craft| {
            craft.tables = vec![table(8)];
            craft.grade = |code| {
                code.i32_const(800).call_indirect(0, 0);
            };
        },
        FAILED,
        "out of bounds",
    ),
    // Memory for what is handed over.
    (
        "no memory for the sample",
        |craft| {
            craft.realloc = |code| {
                code.i32_const(-16).return_();
            }
        },
        FAILED,
        "beyond end of memory",
    ),
    (
        "memory out of line",
        |craft| {
            craft.realloc = |code| {
                code.i32_const(20_001).return_();
            }
        },
        FAILED,
        "not aligned",
    ),
    (
        "one piece of memory for all",
        |craft| {
            craft.realloc = |code| {
                code.i32_const(20_000).return_();
            }
        },
        None,
        "",
    ),
    (
        "the memory of its own description",
        |craft| {
            craft.realloc = |code| {
                code.i32_const(8_192).return_();
            }
        },
        None,
        "",
    ),
    (
        "a trap for the sample",
        |craft| {
            craft.realloc = |code| {
                code.unreachable();
            }
        },
        FAILED,
        "unreachable",
    ),
    (
        "a loop for the sample",
        |craft| {
            craft.realloc = |code| {
                endless(code);
            }
        },
        LIMIT,
        "processor time",
    ),
    (
        "a call of the host while memory is given out",
        |craft| {
            craft.imports = vec![LOG];
            craft.realloc = |code| {
                code.i32_const(1).i32_const(1024).i32_const(4).call(0);
            };
        },
        FAILED,
        "cannot leave",
    ),
    // Limits.
    (
        "a loop",
        |craft| {
            craft.grade = |code| {
                endless(code);
            }
        },
        LIMIT,
        "processor time",
    ),
    (
        "a loop in bulk",
        |craft| {
            craft.grade = |code| {
                code.loop_(BlockType::Empty);
                code.i32_const(0).i32_const(0).i32_const(4 * 65_536).memory_fill(0);
                code.br(0).end();
            }
        },
        LIMIT,
        "processor time",
    ),
    (
        "a loop of growing by nothing",
        |craft| {
            craft.grade = |code| {
                code.loop_(BlockType::Empty).i32_const(0).memory_grow(0).drop().br(0).end();
            }
        },
        LIMIT,
        "processor time",
    ),
    (
        "recursion",
        |craft| {
            craft.grade = |code| {
                code.call(SPARE);
            };
            craft.spare = |code| {
                code.call(SPARE);
            };
        },
        LIMIT,
        "stack limit",
    ),
    (
        "memory without end",
        |craft| {
            craft.grade = |code| {
                code.loop_(BlockType::Empty)
                    .i32_const(16)
                    .memory_grow(0)
                    .i32_const(0)
                    .i32_ge_s()
                    .br_if(0)
                    .end()
                    .unreachable();
            }
        },
        LIMIT,
        "memory limit of 256 MiB",
    ),
    (
        "memory that is refused, and done without",
        |craft| {
            craft.grade = |code| {
                code.i32_const(65_000).memory_grow(0).drop();
            }
        },
        None,
        "",
    ),
    (
        "a table without end",
        |craft| {
            craft.tables = vec![table(0)];
            craft.grade = |code| {
                code.loop_(BlockType::Empty).ref_null(wasm_encoder::HeapType::FUNC).i32_const(1 << 15).table_grow(0);
                code.i32_const(0).i32_ge_s().br_if(0).end().unreachable();
            };
        },
        LIMIT,
        "table limit of 65536 elements",
    ),
    (
        "a flood of the log",
        |craft| {
            craft.imports = vec![LOG];
            craft.grade = |code| {
                code.loop_(BlockType::Empty).i32_const(1).i32_const(65_536).i32_const(65_536).call(0).br(0).end();
            };
        },
        LIMIT,
        "processor time",
    ),
    (
        "a line of 64 MiB and a byte",
        |craft| {
            craft.memories = vec![memory(1_100)];
            craft.imports = vec![LOG];
            craft.grade = |code| {
                code.i32_const(1).i32_const(0).i32_const((64 << 20) + 1).call(0);
            };
        },
        LIMIT,
        "64 MiB that may cross",
    ),
    (
        "a line of a level that there is not",
        |craft| {
            craft.imports = vec![LOG];
            craft.grade = |code| {
                code.i32_const(77).i32_const(0).i32_const(4).call(0);
            };
        },
        FAILED,
        "discriminant",
    ),
    (
        "a line from nowhere",
        |craft| {
            craft.imports = vec![LOG];
            craft.grade = |code| {
                code.i32_const(1).i32_const(-4).i32_const(4).call(0);
            };
        },
        FAILED,
        "out of bounds",
    ),
    (
        "handles without end",
        |craft| {
            craft.imports = vec![STDIN];
            craft.grade = |code| {
                code.loop_(BlockType::Empty).call(0).drop().br(0).end();
            };
        },
        LIMIT,
        "1000 resources",
    ),
    (
        "random numbers by the gigabyte",
        |craft| {
            craft.imports = vec![RANDOM];
            craft.grade = |code| {
                code.i64_const(1 << 30).i32_const(20_000).call(0);
            };
        },
        LIMIT,
        "exceeds limit",
    ),
    (
        "random numbers without end",
        |craft| {
            craft.imports = vec![RANDOM];
            craft.realloc = |code| {
                code.i32_const(65_536).return_();
            };
            craft.grade = |code| {
                code.loop_(BlockType::Empty).i64_const(65_536).i32_const(20_000).call(0).br(0).end();
            };
        },
        LIMIT,
        "processor time",
    ),
];

fn word() -> wasm_encoder::MemArg {
    wasm_encoder::MemArg { offset: 0, align: 2, memory_index: 0 }
}

fn endless(code: &mut wasm_encoder::InstructionSink<'_>) {
    code.loop_(BlockType::Empty).br(0).end();
}
