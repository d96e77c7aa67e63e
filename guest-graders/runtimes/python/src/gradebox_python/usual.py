"""Programs of the kinds that models are asked for, with tests. The code that they run is what the build makes anew."""

_PROGRAMS = [
    (
        "from typing import List\n\ndef running_maximum(numbers: List[int]) -> List[int]:\n    best, result = None, []\n"
        "    for n in numbers:\n        best = n if best is None else max(best, n)\n        result.append(best)\n    return result\n",
        "running_maximum",
        ["([1, 3, 2, 5]) == [1, 3, 3, 5]", "([]) == []", "([4, 3]) == [4, 4]"],
    ),
    (
        "def count_words(text):\n    counts = {}\n    for word in text.lower().split():\n        word = word.strip('.,!?')\n"
        "        counts[word] = counts.get(word, 0) + 1\n    return counts\n",
        "count_words",
        ["('a b a') == {'a': 2, 'b': 1}", "('') == {}", "('One, one!') == {'one': 2}"],
    ),
    (
        "def is_prime(n):\n    if n < 2:\n        return False\n    for k in range(2, int(n ** 0.5) + 1):\n        if n % k == 0:\n"
        "            return False\n    return True\n\ndef primes_below(n):\n    return [k for k in range(n) if is_prime(k)]\n",
        "primes_below",
        ["(10) == [2, 3, 5, 7]", "(2) == []", "(20)[-1] == 19"],
    ),
    (
        "def balanced(text: str) -> bool:\n    pairs = {')': '(', ']': '[', '}': '{'}\n    stack = []\n    for c in text:\n"
        "        if c in pairs.values():\n            stack.append(c)\n        elif c in pairs:\n"
        "            if not stack or stack.pop() != pairs[c]:\n                return False\n    return not stack\n",
        "balanced",
        ["('([]{})')", "('(') == False", "(')(') is False"],
    ),
    (
        "def fib(n, memo={}):\n    if n in memo:\n        return memo[n]\n    if n < 2:\n        return n\n"
        "    memo[n] = fib(n - 1) + fib(n - 2)\n    return memo[n]\n",
        "fib",
        ["(10) == 55", "(1) == 1", "(80) == 23416728348467685"],
    ),
    (
        "import math\nfrom functools import reduce\n\ndef lcm_of(numbers):\n"
        "    return reduce(lambda a, b: a * b // math.gcd(a, b), numbers, 1)\n",
        "lcm_of",
        ["([4, 6]) == 12", "([]) == 1", "((3, 5, 7)) == 105"],
    ),
    (
        "def roman(number):\n    parts = [(1000, 'M'), (900, 'CM'), (500, 'D'), (400, 'CD'), (100, 'C'), (90, 'XC'), (50, 'L'),\n"
        "             (40, 'XL'), (10, 'X'), (9, 'IX'), (5, 'V'), (4, 'IV'), (1, 'I')]\n    result = ''\n"
        "    for value, letters in parts:\n        while number >= value:\n            result += letters\n            number -= value\n"
        "    return result.lower()\n",
        "roman",
        ["(19) == 'xix'", "(152) == 'clii'", "(1994) == 'mcmxciv'"],
    ),
    (
        "def rotate(matrix):\n    return [list(row) for row in zip(*matrix[::-1])]\n",
        "rotate",
        ["([[1, 2], [3, 4]]) == [[3, 1], [4, 2]]", "([[1]]) == [[1]]", "([]) == []"],
    ),
    (
        "def mean_deviation(numbers):\n    mean = sum(numbers) / len(numbers)\n    return sum(abs(x - mean) for x in numbers) / len(numbers)\n",
        "mean_deviation",
        ["([1.0, 2.0, 3.0, 4.0]) == 1.0", "([5]) == 0", "([1, 2]) < 1e6"],
    ),
    (
        "import re\n\ndef camel(text):\n    words = re.split(r'[_\\s-]+', text)\n"
        "    return words[0].lower() + ''.join(word.capitalize() for word in words[1:])\n",
        "camel",
        ["('hello_world') == 'helloWorld'", "('a-b c') == 'aBC'"],
    ),
    (
        "class Account:\n    def __init__(self, owner, balance=0):\n        self.owner = owner\n        self.balance = balance\n"
        "        self.log = []\n\n    def deposit(self, amount):\n        if amount <= 0:\n            raise ValueError('not positive')\n"
        "        self.balance += amount\n        self.log.append(('deposit', amount))\n        return self.balance\n\n"
        "def final_balance(amounts):\n    account = Account('ann')\n    for amount in amounts:\n        try:\n"
        "            account.deposit(amount)\n        except ValueError:\n            pass\n    return account.balance, account.log\n",
        "final_balance",
        ["([1, -2, 3]) == (4, [('deposit', 1), ('deposit', 3)])", "([]) == (0, [])"],
    ),
    (
        "from collections import Counter, defaultdict, deque\n\ndef shortest(edges, start, goal):\n    graph = defaultdict(list)\n"
        "    for a, b in edges:\n        graph[a].append(b)\n        graph[b].append(a)\n    seen, queue = {start}, deque([(start, 0)])\n"
        "    while queue:\n        node, far = queue.popleft()\n        if node == goal:\n            return far\n"
        "        for other in graph[node]:\n            if other not in seen:\n                seen.add(other)\n"
        "                queue.append((other, far + 1))\n    return -1\n",
        "shortest",
        ["([(1, 2), (2, 3)], 1, 3) == 2", "([], 'a', 'b') == -1"],
    ),
    (
        "def sort_by_digits(numbers):\n    def weight(n):\n        digits = [int(d) for d in str(abs(n))]\n"
        "        if n < 0:\n            digits[0] = -digits[0]\n        return sum(digits)\n    return sorted(numbers, key=weight, reverse=True)\n",
        "sort_by_digits",
        ["([1, 11, -1, -12]) == [11, 1, -12, -1] or True", "([]) == []"],
    ),
    (
        "def to_base(number: int, base: int):\n    digits = ''\n    while number > 0:\n        digits = str(number % base) + digits\n"
        "        number //= base\n    return digits or '0'\n",
        "to_base",
        ["(8, 3) == '22'", "(0, 2) == '0'", "(255, 2) == bin(255)[2:]"],
    ),
    (
        "def longest_common(first, second):\n    table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]\n"
        "    for i, a in enumerate(first, 1):\n        for j, b in enumerate(second, 1):\n"
        "            table[i][j] = table[i - 1][j - 1] + 1 if a == b else max(table[i - 1][j], table[i][j - 1])\n    return table[-1][-1]\n",
        "longest_common",
        ["('abcde', 'ace') == 3", "('', 'x') == 0"],
    ),
    (
        "def parse_date(text):\n    try:\n        month, day, year = text.split('-')\n        month, day, year = int(month), int(day), int(year)\n"
        "    except Exception:\n        return None\n    if not 1 <= month <= 12 or not 1 <= day <= 31:\n        return None\n    return (year, month, day)\n",
        "parse_date",
        ["('03-11-2000') == (2000, 3, 11)", "('x') is None", "('15-01-2012') is None"],
    ),
    (
        "import heapq\nimport itertools\n\ndef k_smallest_sums(first, second, k):\n"
        "    return heapq.nsmallest(k, (a + b for a, b in itertools.product(first, second)))\n",
        "k_smallest_sums",
        ["([1, 7], [2, 4], 3) == [3, 5, 9]", "([], [1], 2) == []"],
    ),
    (
        "def encode_shift(text: str):\n    return ''.join(chr((ord(c) - ord('a') + 5) % 26 + ord('a')) for c in text)\n\n"
        "def decode_shift(text: str):\n    return ''.join(chr((ord(c) - ord('a') - 5) % 26 + ord('a')) for c in text)\n",
        "decode_shift",
        ["(encode_shift('hello')) == 'hello'", "('') == ''"],
    ),
    (
        "def groups(items):\n    result = dict()\n    for item in items:\n        result.setdefault(type(item).__name__, set()).add(item)\n"
        "    return {name: sorted(values, key=str) for name, values in result.items() if len(values) > 0}\n",
        "groups",
        ["([1, 'a', 2.5, 2]) == {'int': [1, 2], 'str': ['a'], 'float': [2.5]}", "([None, True]) != {}"],
    ),
    (
        "def flatten(items):\n    for item in items:\n        if isinstance(item, (list, tuple)):\n            yield from flatten(item)\n"
        "        else:\n            yield item\n\ndef total(items):\n    return sum(x for x in flatten(items) if isinstance(x, int) and not isinstance(x, bool))\n",
        "total",
        ["([1, [2, (3, 'x')], True]) == 6", "([]) == 0"],
    ),
    (
        "import hashlib\n\ndef digest(text):\n    return hashlib.md5(text.encode('ascii')).hexdigest() if text else None\n",
        "digest",
        ["('Hello world') == '3e25960a79dbc69b674cd4ec67a72c62'", "('') is None"],
    ),
    (
        "def poly(xs: list, x: float):\n    return sum(coeff * x ** i for i, coeff in enumerate(xs))\n\ndef find_zero(xs: list):\n"
        "    begin, end = -1.0, 1.0\n    while poly(xs, begin) * poly(xs, end) > 0:\n        begin *= 2.0\n        end *= 2.0\n"
        "    while end - begin > 1e-10:\n        center = (begin + end) / 2.0\n        if poly(xs, center) * poly(xs, begin) > 0:\n"
        "            begin = center\n        else:\n            end = center\n    return begin\n",
        "find_zero",
        ["([1, 2]) < 0", "([-6, 11, -6, 1]) > 0.5"],
    ),
    (
        "def report(rows):\n    lines = [f'{name:<10}|{value:>8.2f}' for name, value in rows]\n    lines.insert(0, '=' * 19)\n"
        "    return '\\n'.join(lines).replace('=', '-').upper()\n",
        "report",
        ["([('ab', 1.5)]) == '-' * 19 + '\\nAB        |    1.50'", "([]) == '-' * 19"],
    ),
    (
        "from dataclasses import dataclass, field\n\n@dataclass\nclass Item:\n    name: str\n    tags: list = field(default_factory=list)\n\n"
        "def names(pairs):\n    items = [Item(name, list(tags)) for name, tags in pairs]\n    return [i.name for i in items if any(t for t in i.tags)]\n",
        "names",
        ["([('a', 'x'), ('b', '')]) == ['a']", "([]) == []"],
    ),
]


def _test(name, claims):
    lines = "".join(f"    assert candidate{claim}\n" for claim in claims)
    return f"\n\nMETADATA = {{'author': 'a', 'dataset': 'test'}}\n\n\ndef check(candidate):\n{lines}"


USUAL = [(program, _test(name, claims), ["check"], name) for program, name, claims in _PROGRAMS]
"""Programs, their tests, the part of these that is run, and the function under test."""
