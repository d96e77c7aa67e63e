"""Tables as Python writes and reads them: `write FOLDER` before gradebox, `compare FOLDER` after it; with `-turns`, of
responses that are chat turns."""

import datetime
import decimal
import json
import pathlib
import sys

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

TIME = datetime.datetime(2024, 2, 29, 1, 2, 3, 456)


def odd_types():
    """A column of each type, with nulls and values at the ends of its range."""
    text = ["a", "b", None, "a"]
    columns = {
        "id": pa.array([10, 11, 12, 2**60]),
        "response": pa.array(["```python\nx = 1\n```", "```python\nx = \n```", None, "no code"], pa.large_string()),
        "int8": pa.array([1, None, 127, -128], pa.int8()),
        "uint64": pa.array([2**64 - 1, 0, None, 4], pa.uint64()),
        "float16": pa.array([1.5, None, 0.0, -2.0], pa.float16()),
        "float32": pa.array([0.1, float("nan"), float("inf"), None], pa.float32()),
        "float64": pa.array([0.1, 1e300, -0.0, float("-inf")]),
        "bool": pa.array([True, None, False, True]),
        "list": pa.array([[1, 2], [], None, [None]], pa.list_(pa.int32())),
        "pair": pa.array([[1.5, 2.5]] * 4, pa.list_(pa.float32(), 2)),
        "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}, {"a": 2, "b": None}]),
        "turns": pa.array([[{"role": "user", "content": "q"}]] * 4),
        "timestamp": pa.array([TIME, None, datetime.datetime(1, 1, 1), TIME], pa.timestamp("us")),
        "zoned": pa.array([TIME] * 4, pa.timestamp("us", tz="Europe/Berlin")),
        "utc": pa.array([123456789012345678] * 4, pa.timestamp("ns", tz="UTC")),
        "date": pa.array([TIME.date()] * 4),
        "time": pa.array([TIME.time()] * 4),
        "duration": pa.array([datetime.timedelta(seconds=3)] * 4, pa.duration("ms")),
        "binary": pa.array([b"\x00\xff", b"", None, b"abc"]),
        "fixed": pa.array([b"abcd"] * 4, pa.binary(4)),
        "decimal": pa.array([decimal.Decimal("1.20"), None, decimal.Decimal("-3.45"), decimal.Decimal(0)],
                            pa.decimal128(10, 2)),
        "dictionary": pa.array(text).dictionary_encode(),
        "null": pa.nulls(4),
        "map": pa.array([[("k", 1)], None, [], [("a", 2), ("b", None)]], pa.map_(pa.string(), pa.int32())),
        "view": pa.array(text, pa.string_view()),
        "image": pa.array([{"bytes": b"\x89PNG", "path": None}] * 4,
                          pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
    }
    return pa.table(columns)


def compare(folder):
    before, after = odd_types(), pq.read_table(folder / "graded.parquet")
    for field in before.schema:
        assert after.schema.field(field.name).type == field.type, (field, after.schema.field(field.name))
        values = [shown(table[field.name]) for table in (before, after)]
        assert values[0] == values[1], (field.name, *values)
    check_results(after)
    check_results(pyarrow.csv.read_csv(folder / "graded.csv", parse_options=pa.csv.ParseOptions(newlines_in_values=True)))
    lines = pyarrow.json.read_json(folder / "graded.jsonl")
    assert [row["score"] for row in lines["assessment"].to_pylist() if row["score"] is not None] == [1.0, 0.0]


def shown(column):
    """Values as text, since NaN is not equal to itself. Times in zones are numbers: Python finds zones in the system's
    database, which a small machine may not have."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return str(column.to_pylist())


def check_results(table):
    assert table["assessment.score"].to_pylist() == [1.0, 0.0, None, None], table["assessment.score"]
    assert table["grades.syntax.pass"].to_pylist() == [True, False, None, None]
    outcomes = [json.loads(text)["syntax"]["outcome"] for text in table["grades"].to_pylist()]
    assert outcomes == table["grades.syntax.outcome"].to_pylist() == ["scored", "scored", "error", "not-applicable"]


BROKEN, FINE = "```python\nx =\n```", "```python\nx = 1\n```"
TURN = pa.struct([("role", pa.string()), ("content", pa.string())])
NAMED = pa.struct([("role", pa.string()), ("content", pa.large_string()), ("name", pa.string())])
FROM = pa.struct([("from", pa.string()), ("value", pa.string())])
PARTS = pa.struct([("role", pa.string()),
                   ("content", pa.list_(pa.struct([("type", pa.string()), ("text", pa.string())])))])
# The type of the response, and how one with this text stands in it.
FORMS = {
    "turns": (pa.list_(TURN), lambda text: [{"role": "assistant", "content": text}]),
    "named": (pa.large_list(NAMED), lambda text: [{"role": "assistant", "content": text, "name": None}]),
    "turn": (TURN, lambda text: {"role": "assistant", "content": text}),
    "from": (pa.list_(FROM), lambda text: [{"from": "gpt", "value": text}]),
    "parts": (pa.list_(PARTS), lambda text: [{"role": "assistant", "content": [{"type": "text", "text": text}]}]),
    "text": (pa.large_string(), lambda text: text),
}


def responses(form):
    """Responses that are repaired, that stay and that are written."""
    kind, like = FORMS[form]
    table = {"id": pa.array([1, 2, 3]), "prompt": pa.array([[{"role": "user", "content": "q"}]] * 3, pa.list_(TURN)),
             "completion": pa.array([like(BROKEN), like(FINE), None], kind)}
    return pa.table(table)


def compare_responses(folder, form):
    kind, like = FORMS[form]
    for name in [f"{form}.refined.parquet", f"{form}.regraded.parquet"]:
        table = pq.read_table(folder / name)
        for column in ["completion", "original_response"]:
            assert table.schema.field(column).type == kind, (name, table.schema.field(column))
        assert table["completion"].to_pylist() == [like(FINE)] * 3, (name, table["completion"])
        assert table["original_response"].to_pylist() == [like(BROKEN), None, None], (name, table["original_response"])
    # Every row of JSON has the one type, too, which is what loads in `datasets`.
    rows = [json.loads(line) for line in (folder / f"{form}.refined.jsonl").read_text().splitlines()]
    assert len({type(row["completion"]) for row in rows}) == 1, rows


if __name__ == "__main__":
    command, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if command == "write":
        pq.write_table(odd_types(), folder / "odd.parquet", row_group_size=3)
    elif command == "write-turns":
        for form in FORMS:
            pq.write_table(responses(form), folder / f"{form}.parquet")
    elif command == "compare-turns":
        for form in FORMS:
            compare_responses(folder, form)
    else:
        compare(folder)
