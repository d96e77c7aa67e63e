"""Breaks Python programs: tokens, brackets, indentation, keywords, literals, and statements where they do not belong."""

import ast
import io
import random
import re
import tokenize
from pathlib import Path

STATEMENTS_FILE = Path(__file__).with_name("statements.txt")
KEYWORDS = (
    "and as assert async await break class continue def del elif else except finally for from global if import in is "
    "lambda nonlocal not or pass raise return try while with yield match case type None True False print exec self"
).split()
OPERATORS = (
    "+ - * ** / // % @ << >> & | ^ ~ := < > <= >= == != ( ) [ ] { } , : ! . ; = -> += -= *= /= ... ? $ ` <> && || ++ "
    "-- === => \\"
).split()
LITERALS = (
    "0 1 0777 00 0b12 0o8 0x 1__0 1_ 1e 1.5j 1L 12ab '' 'a \"a ''' \"\"\" b'é' b'a' f'{' f'{a}' f'{a!x}' f'{}' "
    "f'{a:{b}}' '\\x1' '\\N{x}' rb'\\x' u'a' “a” é ² \u200b ... None __debug__"
).split()
BRACKETS = "()[]{}"
LONGEST_SNIPPET = 60
SKIPPED = {tokenize.ENCODING, tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def statements() -> list[str]:
    """What is put where it may not belong, one statement a line of the file: `\\n` is a line end there, `\\\\` a
    backslash, `\\uXXXX` a character."""
    escape = re.compile(r"\\(n|\\|u[0-9a-f]{4})")

    def unescaped(match: re.Match) -> str:
        word = match[1]
        return {"n": "\n", "\\": "\\"}.get(word) or chr(int(word[1:], 16))

    return [escape.sub(unescaped, line) for line in STATEMENTS_FILE.read_text(encoding="utf-8").splitlines()]


def snippets(source: str) -> list[str]:
    """The top-level statements of a module, and the methods of its classes, without those that are long."""
    lines = io.StringIO(source).readlines()
    found = []
    for node in ast.parse(source).body:
        for inner in [node, *(getattr(node, "body", []) if isinstance(node, ast.ClassDef) else [])]:
            if isinstance(inner, ast.Expr):
                continue
            first = min([inner.lineno, *(decorator.lineno for decorator in getattr(inner, "decorator_list", []))])
            if 2 <= inner.end_lineno - first <= LONGEST_SNIPPET:
                text = lines[first - 1 : inner.end_lineno]
                margin = len(text[0]) - len(text[0].lstrip())
                found.append("".join(line[margin:] if line[:margin].isspace() or not margin else line for line in text))
    return found


class Mutator:
    """Makes one broken program after the other out of whole ones; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.statements = statements()
        self.ways = [
            (self.change_token, 8),
            (self.change_bracket, 2),
            (self.change_indentation, 3),
            (self.insert_statement, 8),
            (self.replace_line, 2),
            (self.cut, 1),
        ]

    def mutant(self, source: str) -> tuple[str, str]:
        """A program with one or two changes, and what was done to it."""
        done = []
        for _ in range(self.random.choice([1, 1, 1, 2])):
            way = self.random.choices([way for way, _ in self.ways], [weight for _, weight in self.ways])[0]
            source = way(source)
            done.append(way.__name__)
        return source, "+".join(done)

    def change_token(self, source: str) -> str:
        """Deletes, doubles, swaps or replaces a token, or puts another one beside it."""
        tokens = places(source)
        if len(tokens) < 2:
            return source
        at = self.random.randrange(len(tokens) - 1)
        (start, end), (next_start, next_end) = tokens[at], tokens[at + 1]
        text, next_text = source[start:end], source[next_start:next_end]
        other = self.random.choice([self.word, lambda: self.other_token(source, tokens)])()
        change = self.random.choice(["delete", "double", "swap", "replace", "insert", "glue", "part"])
        match change:
            case "delete":
                return source[:start] + source[end:]
            case "double":
                return source[:end] + " " + text + source[end:]
            case "swap":
                return source[:start] + next_text + source[end:next_start] + text + source[next_end:]
            case "replace":
                return source[:start] + other + source[end:]
            case "insert":
                return source[:start] + other + " " + source[start:]
            case "glue":
                return source[:end] + source[next_start:]
            case _:
                cut = self.random.randrange(start, end + 1)
                return source[:cut] + source[cut + 1 :]

    def word(self) -> str:
        return self.random.choice(self.random.choice([KEYWORDS, KEYWORDS, OPERATORS, LITERALS]))

    def other_token(self, source: str, tokens: list[tuple[int, int]]) -> str:
        start, end = self.random.choice(tokens)
        return source[start:end]

    def change_bracket(self, source: str) -> str:
        """Deletes, adds or exchanges a bracket."""
        places = [at for at, character in enumerate(source) if character in BRACKETS]
        if not places:
            return source
        at = self.random.choice(places)
        other = self.random.choice(["", self.random.choice(BRACKETS), source[at] * 2])
        return source[:at] + other + source[at + 1 :]

    def change_indentation(self, source: str) -> str:
        """Moves a line, or joins it to the one above."""
        lines = io.StringIO(source).readlines()
        at = self.random.randrange(len(lines))
        line = lines[at]
        bare = line.lstrip(" \t")
        margin = line[: len(line) - len(bare)]
        lines[at] = self.random.choice(
            [bare, " " + line, "    " + line, "\t" + bare, margin[:-4] + bare, margin[:-1] + bare, margin + "\t" + bare]
        )
        if self.random.random() < 0.1 and at:
            lines[at - 1] = lines[at - 1].rstrip("\r\n") + " "
        return "".join(lines)

    def insert_statement(self, source: str) -> str:
        """Puts a statement behind a line, as deep as that line or one level deeper."""
        lines = io.StringIO(source).readlines()
        at = self.random.randrange(len(lines) + 1)
        above = lines[at - 1] if at else ""
        margin = above[: len(above) - len(above.lstrip(" \t"))] if above.strip() else ""
        if above.rstrip().endswith(":"):
            margin += "    "
        if at and not above.endswith("\n"):
            lines[at - 1] += "\n"
        lines.insert(at, self.indented(self.random.choice(self.statements), margin))
        return "".join(lines)

    def replace_line(self, source: str) -> str:
        """Puts a statement in the place of a line."""
        lines = io.StringIO(source).readlines()
        at = self.random.randrange(len(lines))
        margin = lines[at][: len(lines[at]) - len(lines[at].lstrip(" \t"))]
        lines[at] = self.indented(self.random.choice(self.statements), margin)
        return "".join(lines)

    def cut(self, source: str) -> str:
        """Ends the program early, as a reply that was cut off."""
        return source[: self.random.randrange(1, len(source) + 1)]

    @staticmethod
    def indented(statement: str, margin: str) -> str:
        return "".join(margin + line + "\n" for line in statement.split("\n"))


def places(source: str) -> list[tuple[int, int]]:
    """Where the tokens of a program stand, up to the first that cannot be read."""
    starts = [0]
    for line in io.StringIO(source).readlines():
        starts.append(starts[-1] + len(line))
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in SKIPPED and token.string:
                (line, column), (end_line, end_column) = token.start, token.end
                found.append((starts[line - 1] + column, starts[end_line - 1] + end_column))
    except (tokenize.TokenError, SyntaxError, IndexError):
        pass
    return [(start, end) for start, end in found if start < end <= len(source)]
