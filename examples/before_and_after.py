"""Prints a table of refined datasets: how many rows passed before and after, and their mean score.

Takes the paths that `gradebox refine` wrote to, without `.jsonl`.
"""

import json
import pathlib
import sys


def column(assessments: list[dict]) -> tuple[str, str]:
    """How many of the assessments pass, and the mean of their scores."""
    scores = [assessment["score"] for assessment in assessments if "score" in assessment]
    mean = f"{sum(scores) / len(scores):.3f}" if scores else "-"
    return str(sum(assessment.get("pass") is True for assessment in assessments)), mean


def main() -> None:
    print(f"{'example':<22}{'rows':>6}{'passing before':>16}{'after':>7}{'mean before':>14}{'after':>7}")
    for path in map(pathlib.Path, sys.argv[1:]):
        rows = [json.loads(line) for line in path.with_suffix(".jsonl").read_text().splitlines()]
        # Attempt 0 is the original; a row that had no response has none, and a model wrote its first attempt.
        first = [row["refinement"]["attempts"][:1] for row in rows]
        before = [attempt["assessment"] for attempts in first for attempt in attempts if "model" not in attempt]
        passing_before, mean_before = column(before)
        passing_after, mean_after = column([row["assessment"] for row in rows])
        print(f"{path.name:<22}{len(rows):>6}{passing_before:>16}{passing_after:>7}{mean_before:>14}{mean_after:>7}")


if __name__ == "__main__":
    main()
