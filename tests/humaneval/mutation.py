"""Breaks one line of a program in every way listed here, the same on every version of Python."""

import io
import keyword
import re
import tokenize
from dataclasses import dataclass

SWAPS = {
    "+": ["-"],
    "-": ["+"],
    "*": ["//", "+"],
    "/": ["*"],
    "//": ["*"],
    "%": ["//"],
    "**": ["*"],
    "+=": ["-="],
    "-=": ["+="],
    "*=": ["+="],
    "//=": ["*="],
    "==": ["!="],
    "!=": ["=="],
    "<": ["<=", ">="],
    "<=": ["<", ">"],
    ">": [">=", "<="],
    ">=": [">", "<"],
    "and": ["or"],
    "or": ["and"],
    "not": [""],
    "in": ["not in"],
    "is": ["is not"],
    "True": ["False"],
    "False": ["True"],
    "None": ["0"],
    "break": ["continue"],
    "continue": ["break"],
    "min": ["max"],
    "max": ["min"],
    "any": ["all"],
    "all": ["any"],
}


@dataclass(frozen=True)
class Mutant:
    """A program that differs from the original in one line; lines and columns count from 1."""

    line: int
    column: int
    change: str
    before: str
    after: str
    source: str


def mutants(prefix: str, body: str) -> list[Mutant]:
    """Every mutant of `body`, a piece of Python that continues `prefix`; line 1 is the body's first."""
    lines = body.split("\n")
    found = token_mutants(prefix, lines) + line_mutants(lines)
    unique = {mutant.source: mutant for mutant in reversed(found) if mutant.source != body}
    return sorted(unique.values(), key=lambda mutant: (mutant.line, mutant.column, mutant.change))


def token_mutants(prefix: str, lines: list[str]) -> list[Mutant]:
    offset = prefix.count("\n")
    tokens = list(tokenize.generate_tokens(io.StringIO(prefix + "\n".join(lines)).readline))
    found = []
    for position, token in enumerate(tokens):
        row, start = token.start
        line = row - offset
        if line < 1 or token.end[0] != row or has_formatted_string(lines[line - 1]):
            continue
        for replacement in replacements(tokens, position):
            text = lines[line - 1]
            after = text[:start] + replacement + text[token.end[1] :]
            change = f"`{token.string}` becomes `{replacement}`"
            found.append(mutant(lines, line, start + 1, change, after))
    return found


def has_formatted_string(line: str) -> bool:
    """Versions of Python disagree on the tokens inside of f-strings."""
    return re.search(r"\b[fF][rR]?['\"]", line) is not None


def replacements(tokens: list[tokenize.TokenInfo], position: int) -> list[str]:
    token = tokens[position]
    if token.type == tokenize.NUMBER:
        return neighbours(token.string)
    if token.type == tokenize.STRING:
        return ['""'] if token.string not in ('""', "''") else ['"?"']
    if token.type not in (tokenize.OP, tokenize.NAME):
        return []
    previous = tokens[position - 1].string if position else ""
    if previous in ("not", "is") and token.string in ("in", "not"):
        return []
    if token.string == "in" and is_of_for(tokens, position):
        return []
    if token.string in "+-" and is_prefix(tokens[position - 1]):
        return [""]
    return SWAPS.get(token.string, [])


def neighbours(number: str) -> list[str]:
    try:
        return [str(int(number) + 1), str(int(number) - 1)]
    except ValueError:
        return [f"({number} + 1)"]


def is_of_for(tokens: list[tokenize.TokenInfo], position: int) -> bool:
    """Whether this `in` belongs to a `for` and compares nothing."""
    for token in reversed(tokens[:position]):
        if token.string == "for":
            return True
        if token.type == tokenize.NEWLINE or keyword.iskeyword(token.string) or token.string == "=":
            return False
    return False


def is_prefix(previous: tokenize.TokenInfo) -> bool:
    """Whether a sign after this token has no left operand."""
    if previous.type == tokenize.OP:
        return previous.string not in (")", "]", "}")
    return keyword.iskeyword(previous.string)


def line_mutants(lines: list[str]) -> list[Mutant]:
    found = []
    for line, text in enumerate(lines, start=1):
        code = text.strip()
        if not code or code.startswith("#"):
            continue
        indentation = text[: indentation_width(text)]
        column = len(indentation) + 1
        found.append(mutant(lines, line, column, "the line is deleted", None))
        found.append(mutant(lines, line, column, "the line's last character is deleted", text.rstrip()[:-1]))
        if not is_only_one_of_block(lines, line):
            found.append(mutant(lines, line, column, "the line is indented further", "    " + text))
        if indentation.startswith("        "):
            found.append(mutant(lines, line, column, "the line is indented less", text[4:]))
        if code.startswith("return "):
            found.append(mutant(lines, line, column, "`return` is deleted", indentation + code[len("return ") :]))
        condition = re.fullmatch(r"(if|elif|while) (.+):", code)
        if condition:
            after = f"{indentation}{condition[1]} not ({condition[2]}):"
            found.append(mutant(lines, line, column, "the condition is negated", after))
    return found


def is_only_one_of_block(lines: list[str], line: int) -> bool:
    """Whether this line is all of its block, whose indentation then makes no difference."""
    before = [text for text in lines[: line - 1] if text.strip()]
    after = [text for text in lines[line:] if text.strip()]
    indentation = indentation_width(lines[line - 1])
    opens = bool(before) and before[-1].rstrip().endswith(":")
    return opens and (not after or indentation_width(after[0]) < indentation)


def indentation_width(text: str) -> int:
    return len(text) - len(text.lstrip())


def mutant(lines: list[str], line: int, column: int, change: str, after: str | None) -> Mutant:
    changed = lines[: line - 1] + ([] if after is None else [after]) + lines[line:]
    return Mutant(line, column, change, lines[line - 1], after or "", "\n".join(changed))
