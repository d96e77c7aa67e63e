#!/usr/bin/env bash
# Grades and refines every example with a real local model, and says what it was like before and after.
# `make demo` sets up what this needs. With names of examples, only those. Results stay in target/demo/.
set -euo pipefail
cd "$(dirname "$0")/.."

results=target/demo
examples=(code math accuracy cleaning-pipeline basic-workflow completeness iterative-refinement)
if (($# > 0)); then examples=("$@"); fi
run=

# Leaves no process behind, however this ends. The model server also ends by itself when its input is closed.
clean_up() {
  trap - EXIT
  trap '' INT TERM HUP
  if [[ -n $run ]]; then
    # A second signal would find gradebox waiting for the rows under way, whose model is about to be gone.
    kill -KILL "$run" 2>/dev/null || true
    wait "$run" 2>/dev/null || true
  fi
  if [[ -n ${SERVER_PID:-} ]]; then
    server=$SERVER_PID
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -f "$results"/*.partial
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mkdir -p "$results"
echo "starting the model server (SmolLM2-135M-Instruct, one thread) …"
coproc SERVER {
  exec target/model-server/venv/bin/python examples/model-server/serve.py --parallel 4 2>"$results/model-server.log"
}
if ! read -r -t 300 OPENAI_BASE_URL <&"${SERVER[0]}"; then
  echo "the model server did not start; $results/model-server.log ends with:" >&2
  tail -n 5 "$results/model-server.log" >&2
  exit 2
fi
export OPENAI_BASE_URL
unset OPENAI_API_KEY

for example in "${examples[@]}"; do
  printf '\n== %s: gradebox refine examples/%s/data.jsonl -c examples/%s/gradebox.toml -o %s/%s.jsonl\n' \
    "$example" "$example" "$example" "$results" "$example"
  target/release/gradebox refine "examples/$example/data.jsonl" -c "examples/$example/gradebox.toml" \
    -o "$results/$example.jsonl" &
  run=$!
  status=0
  wait "$run" || status=$?
  run=
  # 1: some rows have errors, which the table counts; 2: it could not run.
  ((status <= 1)) || exit "$status"
done

echo
"${PYTHON:-python3}" examples/before_and_after.py "${examples[@]/#/$results/}"
