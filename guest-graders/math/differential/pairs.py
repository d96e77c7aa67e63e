"""Pairs of answers that are equal, or different, by construction. Needs SymPy, which prints and checks them.

Each family makes an answer and writes it in two ways that a textbook has for it; the different pair changes one
number, sign, bracket or order of it, and is checked to differ.
"""

import random
from fractions import Fraction

import sympy
from sympy import I, Integer, Rational, expand, factor, latex, sqrt, symbols, together

x, y, z, n = symbols("x y z n")


class Pair:
    """A reference and two responses to it, one equal and one different; any may be None where there is none."""

    def __init__(self, reference, equal, different):
        self.reference, self.equal, self.different = reference, equal, different


def generate(count, seed):
    """Rows of `family`, `reference`, `response` and `expected`; every family in turn."""
    source = random.Random(seed)
    made = 0
    while made < count:
        for family, make in FAMILIES.items():
            pair = make(source)
            for response, expected in ((pair.equal, True), (pair.different, False)):
                if response is not None and made < count:
                    made += 1
                    yield {"id": made, "family": family, "reference": styled(pair.reference, source),
                           "response": f"\\boxed{{{styled(response, source)}}}", "expected": expected}


def styled(text, source):
    """The same LaTeX as other people write it."""
    changes = [("\\frac", source.choice(["\\frac", "\\dfrac", "\\tfrac"])), ("\\cdot", source.choice(["\\cdot", "\\times"]))]
    if source.random() < 0.3:
        changes += [(" + ", "+"), (" - ", "-"), (" = ", "=")]
    if source.random() < 0.3:
        changes += [("\\left", ""), ("\\right", "")]
    if source.random() < 0.1:
        changes += [(" + ", "\\, +\\; ")]
    for old, new in changes:
        text = text.replace(old, new)
    return text


def _whole(source, low, high, *excluded):
    while True:
        value = source.randint(low, high)
        if value not in (0, *excluded):
            return value


def _ratio(source, size=12):
    return Rational(_whole(source, -size, size), source.randint(1, size))


def _differs(one, other):
    """Whether two closed forms surely differ."""
    difference = abs(sympy.N(one - other, 30))
    return bool(difference > 1e-12)


def numbers(source):
    value = Fraction(_whole(source, -400, 400), source.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 20, 25, 40, 50, 99, 125]))
    other = source.choice([value + 1, -value, value + Fraction(1, value.denominator), value * 10, 1 / value if abs(value) != 1 else value + 2])
    return Pair(_written(value, source), _written(value, source), _written(other, source))


def _written(value, source):
    sign, size = ("-" if value < 0 else ""), abs(value)
    whole, rest = divmod(size.numerator, size.denominator)
    ways = [f"{sign}\\frac{{{size.numerator}}}{{{size.denominator}}}", f"{sign}{size.numerator}/{size.denominator}",
            f"\\frac{{{sign}{size.numerator}}}{{{size.denominator}}}"]
    if size.denominator == 1:
        ways = [f"{sign}{size.numerator}", f"{sign}{size.numerator}.0", f"{sign}{size.numerator:,}"]
    elif whole:
        ways.append(f"{sign}{whole}\\frac{{{rest}}}{{{size.denominator}}}")
    decimal = _decimal(size)
    if decimal:
        ways += [sign + decimal, f"{sign}{decimal}0"]
    elif size.denominator % 2 and size.denominator % 5 and size.denominator < 100:
        ways.append(sign + _repeating(size))
    return source.choice(ways)


def _decimal(size):
    for places in range(1, 8):
        scaled = size * 10**places
        if scaled.denominator == 1:
            digits = str(scaled.numerator).rjust(places + 1, "0")
            return f"{digits[:-places]}.{digits[-places:]}"
    return None


def _repeating(size):
    whole, rest = divmod(size.numerator, size.denominator)
    period = next(k for k in range(1, 100) if (10**k - 1) % size.denominator == 0)
    digits = str(rest * (10**period - 1) // size.denominator).rjust(period, "0")
    return f"{whole}.\\overline{{{digits}}}"


def large_numbers(source):
    base, power = source.randint(2, 12), source.randint(5, 40)
    value = base**power
    forms = [f"{base}^{{{power}}}", str(value), f"{base}^{{{power - 2}}} \\cdot {base**2}", f"{value:,}"]
    other = [f"{base}^{{{power + 1}}}", str(value + 1), f"{base}^{{{power - 2}}} \\cdot {base**2 + 1}", str(value - 1)]
    scientific = f"{source.randint(1, 9)}.{source.randint(1, 99):02}"
    if source.random() < 0.2:
        exponent = source.randint(-6, 12)
        plain = Fraction(scientific) * Fraction(10)**exponent
        written = str(plain) if plain.denominator == 1 else _decimal(plain)
        if written:
            return Pair(f"{scientific} \\times 10^{{{exponent}}}", written, f"{scientific} \\times 10^{{{exponent + 1}}}")
    reference, equal = source.sample(forms, 2)
    return Pair(reference, equal, source.choice(other))


def surds(source):
    a, b, c = _ratio(source), _whole(source, -9, 9), source.choice([2, 3, 5, 6, 7, 10, 11])
    kind = source.randrange(4)
    if kind == 0:
        value, k = a + b * sqrt(c), source.randint(2, 6)
        wide = f"{latex(a)} {'+' if b > 0 else '-'} \\sqrt{{{b * b * c}}}"
        swapped = f"\\frac{{{latex(k * a)} {'+' if b > 0 else '-'} {abs(b) * k}\\sqrt{{{c}}}}}{{{k}}}"
        return Pair(latex(value), source.choice([wide, swapped]), latex(a - b * sqrt(c)))
    if kind == 1:
        p, q = _whole(source, 2, 9), _whole(source, 1, 9)
        top, bottom = Integer(source.randint(1, 9)), p + q * sqrt(c)
        value = sympy.radsimp(top / bottom) if p * p != q * q * c else top * sqrt(c)
        written = f"\\frac{{{top}}}{{{p} + {q}\\sqrt{{{c}}}}}" if p * p != q * q * c else f"{top}\\sqrt{{{c}}}"
        return Pair(latex(value), written, written.replace("+", "-") if "+" in written else f"{top + 1}\\sqrt{{{c}}}")
    if kind == 2:
        k, root = source.randint(2, 6), source.choice([3, 4])
        inside = source.choice([2, 3, 5, 7])
        written = f"{k}\\sqrt[{root}]{{{inside}}}"
        return Pair(written, f"\\sqrt[{root}]{{{k**root * inside}}}", f"\\sqrt[{root}]{{{k**root * inside + 1}}}")
    m, o = source.sample([2, 3, 5, 6, 7], 2)
    return Pair(f"\\sqrt{{{m}}} + \\sqrt{{{o}}}", f"\\sqrt{{{m + o} + 2\\sqrt{{{m * o}}}}}", f"\\sqrt{{{m + o} + 2\\sqrt{{{m * o + 1}}}}}")


def polynomials(source):
    names = source.choice([[x], [x, y], [x, y, z], [n]])
    value = Integer(1)
    for _ in range(source.randint(2, 3)):
        value *= sum(_whole(source, -6, 6) * name for name in names) + source.randint(-6, 6)
    wide = expand(value)
    wrong = wide + source.choice([1, -1, names[0], names[-1] ** 2])
    return Pair(*_shuffled(latex(wide), latex(value), source), latex(wrong))


def _shuffled(one, other, source):
    return (one, other) if source.random() < 0.5 else (other, one)


def rational_functions(source):
    a, b = source.randint(1, 6), source.randint(-6, -1)
    p, q = _whole(source, -5, 5), _whole(source, -5, 5)
    parts = Integer(p) / (x + a) + Integer(q) / (x + b)
    wrong = Integer(p + 1) / (x + a) + Integer(q) / (x + b)
    return Pair(*_shuffled(latex(together(parts)), latex(parts), source), latex(factor(together(wrong))))


_TRIGONOMETRY = [
    ("\\sin({k}{u})", "2\\sin({h}{u})\\cos({h}{u})", "2\\sin({h}{u})\\cos({k}{u})"),
    ("\\cos({k}{u})", "1 - 2\\sin^2({h}{u})", "1 - \\sin^2({h}{u})"),
    ("\\cos({k}{u})", "2\\cos^2 ({h}{u}) - 1", "2\\cos^2 ({h}{u}) + 1"),
    ("\\tan^2({k}{u}) + 1", "\\sec^2({k}{u})", "\\csc^2({k}{u})"),
    ("1", "\\sin^2({k}{u}) + \\cos^2({k}{u})", "\\sin^2({k}{u}) - \\cos^2({k}{u})"),
    ("\\cot({k}{u})", "\\frac{{\\cos({k}{u})}}{{\\sin({k}{u})}}", "\\frac{{\\sin({k}{u})}}{{\\cos({k}{u})}}"),
    ("\\sin^2({h}{u})", "\\frac{{1 - \\cos({k}{u})}}{{2}}", "\\frac{{1 + \\cos({k}{u})}}{{2}}"),
    ("\\cos({k}{u})\\cos({h}{u}) - \\sin({k}{u})\\sin({h}{u})", "\\cos({k}{u} + {h}{u})", "\\cos({k}{u} - {h}{u})"),
]


def trigonometry(source):
    half = source.randint(1, 4)
    values = {"h": half, "k": 2 * half, "u": source.choice(["x", "\\theta", "\\alpha", "t"])}
    return Pair(*(form.format(**values) for form in source.choice(_TRIGONOMETRY)))


def trigonometric_values(source):
    function = source.choice([sympy.sin, sympy.cos, sympy.tan])
    ratio = Rational(source.randint(-11, 11), source.choice([3, 4, 6]))
    value = function(ratio * sympy.pi)
    if not value.is_finite:
        value, ratio = Integer(0), Integer(0)
        function = sympy.sin
    top = f"{ratio.p if abs(ratio.p) != 1 else ('-' if ratio.p < 0 else '')}\\pi"
    angle = "0" if ratio == 0 else top if ratio.q == 1 else f"\\frac{{{top}}}{{{ratio.q}}}"
    written = f"\\{function.__name__}\\left({angle}\\right)"
    return Pair(latex(value), written, latex(-value) if value != 0 else "1")


def logarithms(source):
    base, power, k = source.choice([2, 3, 5, 7, 10]), source.randint(2, 6), source.randint(2, 9)
    kinds = [
        (f"{power}\\ln {base}", f"\\ln {base**power}", f"\\ln {base**power + 1}"),
        (f"{power}", f"\\log_{{{base}}} {base**power}", f"\\log_{{{base}}} {base**power * base}"),
        (f"\\ln {base * k}", f"\\ln {base} + \\ln {k}", f"\\ln {base} - \\ln {k}"),
        (f"\\log_{{{base}}} {k}", f"\\frac{{\\ln {k}}}{{\\ln {base}}}", f"\\frac{{\\ln {base + 6}}}{{\\ln {k}}}"),
        (f"e^{{{power}x + {k}}}", f"e^{{{k}}} e^{{{power}x}}", f"e^{{{k}}} + e^{{{power}x}}"),
        (f"{base}^{{n+{power}}}", f"{base**power} \\cdot {base}^n", f"{base**power + 1} \\cdot {base}^n"),
        (f"{base}^{{-{power}}}", f"\\frac{{1}}{{{base**power}}}", f"-\\frac{{1}}{{{base**power}}}"),
    ]
    return Pair(*source.choice(kinds))


def complex_numbers(source):
    a, b, c, d = (_whole(source, -9, 9) for _ in range(4))
    first, second = a + b * I, c + d * I
    written = [f"({a}{b:+}i)({c}{d:+}i)", f"({c}{d:+}i)({a}{b:+}i)"]
    value = expand(first * second)
    if source.random() < 0.4:
        value = expand(first * sympy.conjugate(second)) / (c * c + d * d)
        written = [f"\\frac{{{a}{b:+}i}}{{{c}{d:+}i}}"]
    value = expand(value)
    wrong = value + I if source.random() < 0.5 else value + 1
    return Pair(latex(value), source.choice(written), latex(wrong))


def _values(source, count):
    values = []
    while len(values) < count:
        value = source.choice([_ratio(source), Integer(_whole(source, -20, 20)), _whole(source, -4, 4) * sqrt(source.choice([2, 3, 5]))])
        if value not in values:
            values.append(value)
    return values


def _closed(value, source):
    if value.is_Rational:
        return _written(Fraction(value.p, value.q), source).replace(",", "")
    return latex(value)


def sets(source):
    values = _values(source, source.randint(2, 4))
    opening, closing = source.choice([("\\{", "\\}"), ("\\left\\{", "\\right\\}"), ("", "")])
    show = lambda chosen: f"{opening}{', '.join(_closed(value, source) for value in chosen)}{closing}"
    mixed = source.sample(values, len(values))
    wrong = source.choice([values[1:], [values[0] + 1, *values[1:]], [*values, values[0] + 100]])
    if set(wrong) == set(values):
        wrong = values[1:]
    return Pair(show(values), show(mixed), show(wrong))


def tuples(source):
    values = _values(source, source.randint(2, 4))
    show = lambda chosen: f"\\left({', '.join(_closed(value, source) for value in chosen)}\\right)"
    wrong = source.choice([[values[1], values[0], *values[2:]], [values[0] + 1, *values[1:]], [-values[0], *values[1:]]])
    return Pair(show(values), show(values), show(wrong))


def roots(source):
    one, other = _values(source, 2)
    return Pair(f"x = {_closed(one, source)}, x = {_closed(other, source)}",
                f"x = {_closed(other, source)} \\text{{ or }} x = {_closed(one, source)}",
                f"x = {_closed(one + 1, source)} \\text{{ or }} x = {_closed(other, source)}" if one + 1 != other else f"x = {_closed(one, source)}")


def plus_minus(source):
    a, b, c = source.randint(-9, 9), source.randint(1, 9), source.choice([2, 3, 5, 7])
    surd = f"{b if b > 1 else ''}\\sqrt{{{c}}}"
    head = f"{a} " if a else ""
    return Pair(f"{head}\\pm {surd}", f"{head}{'+' if a else ''} {surd}, {head}- {surd}", f"{head}{'+' if a else ''} {surd}, {head}- {b + 1}\\sqrt{{{c}}}")


def intervals(source):
    low = _whole(source, -20, 19)
    high = source.randint(low + 1, 25)
    left, right = source.choice([("[", "\\le"), ("(", "<")]), source.choice([("]", "\\le"), (")", "<")])
    interval = f"{left[0]}{low}, {high}{right[0]}"
    chain = f"{low} {left[1]} x {right[1]} {high}"
    other = ("(" if left[0] == "[" else "[") + interval[1:]
    if source.random() < 0.3:
        far = high + source.randint(1, 9)
        both = f"(-\\infty, {low}{')' if left[0] == '[' else ']'} \\cup {'(' if right[0] == ']' else '['}{high}, \\infty)"
        under, over = ("<" if left[0] == "[" else "\\le"), (">" if right[0] == "]" else "\\ge")
        below = f"x {under} {low} \\text{{ or }} x {over} {high}"
        return Pair(both, below, both.replace(f"{high}, ", f"{far}, "))
    return Pair(*_shuffled(f"x \\in {interval}", chain, source), source.choice([f"x \\in {other}", f"{low} {left[1]} x {right[1]} {high + 1}"]))


def equations(source):
    a, b, c = (_whole(source, -9, 9) for _ in range(3))
    k = _whole(source, -5, 5, 1)
    left = latex(a * x + b * y + c)
    scaled = latex(k * a * x + k * b * y) + " = " + latex(Integer(-k * c))
    wrong = latex(k * a * x + k * b * y) + " = " + latex(Integer(-k * c + 1))
    solved = f"y = {latex(expand((-a * x - c) / Integer(b)))}"
    return Pair(f"{left} = 0", source.choice([scaled, solved]), wrong)


def matrices(source):
    rows, columns = source.randint(1, 3), source.randint(1, 3)
    columns = columns if rows > 1 else 2
    cells = [[_ratio(source) for _ in range(columns)] for _ in range(rows)]
    changed = [list(row) for row in cells]
    changed[-1][-1] += 1
    kind = source.choice(["pmatrix", "bmatrix"])
    show = lambda grid: (f"\\begin{{{kind}}} " + " \\\\ ".join(" & ".join(_closed(cell, source) for cell in row) for row in grid)
                         + f" \\end{{{kind}}}")
    return Pair(show(cells), show(cells), show(changed))


def sums(source):
    power, top = source.randint(1, 3), source.randint(2, 15)
    value = sum(k**power for k in range(1, top + 1))
    size, chosen = source.randint(3, 12), source.randint(1, 3)
    kinds = [
        (f"{value}", f"\\sum_{{k=1}}^{{{top}}} k^{{{power}}}", f"\\sum_{{k=1}}^{{{top + 1}}} k^{{{power}}}"),
        (f"{sympy.binomial(size, chosen)}", f"\\binom{{{size}}}{{{chosen}}}", f"\\binom{{{size + 1}}}{{{chosen}}}"),
        (f"{size}!", f"{sympy.factorial(size)}", f"{sympy.factorial(size) + 1}"),
        (f"{size}", f"\\frac{{{size}!}}{{{size - 1}!}}", f"\\frac{{{size + 1}!}}{{{size}!}}"),
        (f"{sympy.factorial(size)}", f"\\prod_{{k=1}}^{{{size}}} k", f"\\prod_{{k=1}}^{{{size}}} 2k"),
    ]
    return Pair(*source.choice(kinds))


def absolute_values(source):
    a, b = _whole(source, -20, 20), source.randint(2, 9)
    kinds = [
        (f"\\frac{{{abs(a)}}}{{{b}}}", f"\\left|\\frac{{{a}}}{{{b}}}\\right|", f"\\left|\\frac{{{abs(a) + 1}}}{{{b}}}\\right|"),
        (f"{a // b}", f"\\lfloor \\frac{{{a}}}{{{b}}} \\rfloor", f"\\lfloor \\frac{{{a + b}}}{{{b}}} \\rfloor"),
        (f"{-(-a // b)}", f"\\lceil \\frac{{{a}}}{{{b}}} \\rceil", f"\\lceil \\frac{{{a + b}}}{{{b}}} \\rceil"),
        (f"|x - {b}|", f"|{b} - x|", f"|{b} + x|"),
        ("\\sqrt{x^2}", "|x|", "x"),
    ]
    return Pair(*source.choice(kinds))


FAMILIES = {
    make.__name__.replace("_", "-"): make
    for make in (
        numbers, large_numbers, surds, polynomials, rational_functions, trigonometry, trigonometric_values, logarithms,
        complex_numbers, sets, tuples, roots, plus_minus, intervals, equations, matrices, sums, absolute_values,
    )
}
