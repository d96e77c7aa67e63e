//! Programs one after the other in the same worker: none leaves anything behind for the next.

use serde_json::{Value, json};

use crate::support::{Bench, grade};

/// Prints what other programs would like to change.
const PROBE: &str = "
import builtins, collections, gc, json, math, os, random, sys, uuid
print(hash('abc'), {'a', 'b', 'c'}, id(object()), random.random(), os.urandom(4), uuid.uuid4())
print(math.pi, len(dir(builtins)), len(sys.modules), len(gc.get_objects()), sys.getrecursionlimit())
print(json.dumps([1, {'a': 2}]), collections.Counter('aab'), len('abc'), [int('7')] * 2, sorted(sys.path))
";

const HOSTILE: [&str; 6] = [
    "import math, random\nmath.pi = 3\nrandom.seed(7)\nrandom.random = lambda: 4\nprint(1)",
    "import builtins, sys\nsys.setrecursionlimit(50000)\nbuiltins.len = lambda x: 42\nbuiltins.int = str\nprint(1)",
    "import sys, json, collections\njson.dumps = None\ncollections.Counter = list\nsys.modules.clear()\nraise KeyError(1)",
    "import gc\nkept = [[i] for i in range(300000)]\nfor item in gc.get_objects()[:1000]: kept.append(item)\n1 / 0",
    "import os, sys\nsys.path.append('/tmp')\nos.environ['X'] = '1'\nos._exit(3)",
    "hoard = []\nwhile True: hoard.append(bytearray(1 << 20))",
];

#[test]
fn every_program_finds_the_interpreter_as_it_was() {
    let bench = Bench::new();
    let row = |turn: usize| {
        let source = if turn.is_multiple_of(2) { PROBE } else { HOSTILE[turn / 2 % HOSTILE.len()] };
        let tests = json!({ "inputs": [""], "outputs": ["what no program prints"] });
        json!({ "id": turn, "query": "q", "response": format!("```python\n{source}\n```"), "tests": tests })
    };
    bench.write_rows("rows.jsonl", &(0..24).map(row).collect::<Vec<_>>());
    bench.run(&["grade", "rows.jsonl", "-g", "code-execution", "--jobs", "1", "-o", "graded.jsonl"]).expect_status(0);
    let graded = bench.read_rows("graded.jsonl");
    let said: Vec<&Value> = graded.iter().step_by(2).map(|row| &grade(row, "code-execution")["details"]).collect();
    assert!(said[0].to_string().contains("3.14159"), "the probe's output is in the details: {}", said[0]);
    for later in &said {
        assert_eq!(*later, said[0], "a program before it changed what this one finds");
    }
}
