"""Programs that are run before the snapshot is taken: the library functions that programs use most."""

_LIBRARY = """
import re, copy, random, math, collections, collections.abc, itertools, hashlib, bisect, heapq, datetime
import decimal, fractions, statistics, string, operator, functools, dataclasses, enum, typing, json
for pattern in (r'a+b', r'[^a-z0-9]+', r'(\\d+)-(\\w*)', r'^x|y$', r'[aeiou]', r'(?i)abc.*?d', r'\\s+'):
    compiled = re.compile(pattern)
    compiled.findall('aab 12-x'); compiled.sub('_', 'a b c'); compiled.split('a b'); compiled.search('12-x')
    re.findall(pattern, 'abc'); re.sub(pattern, 'q', 'aab'); re.split(pattern, 'x y'); re.match(pattern, 'a')
nested = [1, [2, {3: 4}], 'x', (5, 6)]; copy.deepcopy(nested); copy.copy(nested)
own = random.Random(1); own.randint(1, 5); own.shuffle([1, 2, 3]); own.choice([1, 2]); own.sample(range(9), 3)
random.randint(1, 5); random.choice('ab'); random.shuffle([1, 2]); random.uniform(1, 2)
math.prod([1, 2]); math.gcd(4, 6); math.isqrt(9); math.log(2); math.comb(4, 2); math.factorial(5)
counter = collections.Counter('abca'); counter.update('x'); counter.most_common(); counter + counter
collections.deque([1], 5).append(3); collections.OrderedDict(a=1).popitem(); collections.namedtuple('P', 'x y')(1, 2)
list(itertools.permutations([1, 2, 3])); list(itertools.product('ab', repeat=2)); list(itertools.groupby('aab'))
hashlib.md5(b'x').hexdigest(); hashlib.sha256(b'x').hexdigest()
heap = [3, 1]; heapq.heapify(heap); heapq.heappush(heap, 0); heapq.heappop(heap); heapq.nlargest(1, heap)
bisect.bisect_left([1, 2], 2); bisect.insort([1], 0); functools.reduce(operator.add, [1, 2])
decimal.Decimal('1.1') + 1; fractions.Fraction(1, 3) + 1; statistics.mean([1, 2]); statistics.median([1, 2])
datetime.date(2020, 1, 2).isoformat(); datetime.datetime.strptime('2020-01-02', '%Y-%m-%d'); datetime.timedelta(1)
isinstance([], collections.abc.Iterable); isinstance({}, collections.abc.Mapping)
json.loads(json.dumps({'a': [1, 2.5, None, True], 'b': {}}, indent=1))
@dataclasses.dataclass
class Point:
    x: int
    y: typing.Optional[int] = None
print(Point(1), Point(1) == Point(1))
class Colour(enum.Enum):
    RED = 1
print(Colour.RED, Colour(1))
"""

_USUAL = """
from typing import List, Dict, Optional, Tuple
import sys
class Shape:
    def __init__(self, side): self.side = side
    def __repr__(self): return f'Shape({self.side!r:>4})'
    @property
    def area(self): return self.side ** 2
class Square(Shape):
    def __init__(self, side): super().__init__(side)
def close(numbers: List[float], threshold: float) -> bool:
    for i, first in enumerate(numbers):
        for j, second in enumerate(numbers):
            if i != j and abs(first - second) < threshold: return True
    return False
def check(candidate):
    assert candidate([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.3) == True
    assert candidate([1.0, 2.0, 3.9], 0.05) == False
check(close)
def numbers():
    yield 1
    yield from (2, 3)
print(Square(3).area, Square(3), list(numbers()), {k: v for k, v in zip('ab', (1, 2))}, [*range(3)])
print('%d %s' % (1, 'x'), '{:.2f}'.format(2.5), 'a b'.split(), max([1, 2]), sorted({'b': 1}.items()), 3 ** 70)
try:
    int('x')
except ValueError as error:
    print(error, file=sys.stderr)
first = input()
print(int(first) + 1, [int(x) for x in sys.stdin.readline().split()], sys.stdin.read())
"""

SCRIPTS = [
    (_LIBRARY, b""),
    (_USUAL, b"41\n1 2 3\nrest\n"),
    ("print(1+1)\n", b""),
    ("import sys\nfor line in sys.stdin:\n    print(line.strip())\n", b"1\n2\n"),
    ("def f(n):\n    return f(n - 1) if n else 1 / 0\nf(3)\n", b""),
    ("import sys\nsys.exit(3)\n", b""),
    ("assert sum([1, 2]) == 4, 'sum'\n", b""),
    ("print(undefined)\n", b""),
    ("def broken(:\n    pass\n", b""),
    ("import asyncio\nasync def main():\n    await asyncio.sleep(0)\nasyncio.run(main())\n", b""),
]
"""Sources and what they read."""

_FUNCTIONS = """
from typing import List
def same(*values):
    return values
class Solution:
    def add(self, a: int, b: int) -> int:
        return a + b
"""

CALLS = [
    (_FUNCTIONS, "Solution.add", ["1", "2"]),
    (_FUNCTIONS, "add", ["[1]", "[2.5]"]),
    (
        _FUNCTIONS,
        "same",
        [
            '[1,"a",null,true,2.5,[]]',
            '{"$dict":[["a",{"$tuple":[1,2]}],[1,{"$set":[1]}]]}',
            '{"$bytes":"YQ=="}',
            '{"$float":"nan"}',
            '{"$decimal":"1.10"}',
            '{"$datetime":"2024-01-31T10:00:00"}',
        ],
    ),
    (_FUNCTIONS, "missing", []),
]
"""Sources, targets and arguments."""

EXPRESSIONS = [
    (_FUNCTIONS, "Solution().add(1, 2)"),
    (_FUNCTIONS, "{'a': [1, 2.5, None], 'b': (1, {2})}"),
    (_FUNCTIONS, "same"),
]
"""Sources and expressions."""

_TESTED = """
from typing import List, Optional
class Node:
    def __init__(self, data): self.data, self.next = data, None
def close(numbers: List[float], threshold: float) -> bool:
    return any(abs(a - b) < threshold for i, a in enumerate(numbers) for b in numbers[i + 1:])
def same(*values, key=None):
    return values[0] if values else key
def fails(n):
    raise ValueError(n)
"""

_CHECK = """
METADATA = {'author': 'jt'}
def check(candidate):
    assert candidate([1.0, 2.0, 3.9, 4.0, 5.0, 2.2], 0.3) == True
    assert candidate([1.0, 2.0, 3.9], 0.05) == False
    assert candidate([], 0.05) == False, 'none'
"""

_STATEMENTS = """
import math
assert same('a') == 'a' and same([1, 'a', None, (2, 3)]) == [1, 'a', None, (2, 3)] and same(key={'a': 1}) == {'a': 1}
node = Node(1)
node.next = Node(2)
assert node.next.data == 2 and math.isclose(same(2.5), 2.5) and same({1, 2}) == {1, 2}
try:
    fails(3)
except ValueError as error:
    assert str(error) == '3'
"""

_UNIT_TESTS = """
import unittest
from solution import same
class TestSame(unittest.TestCase):
    def test_same(self):
        self.assertEqual(same(1), 1)
        with self.assertRaises(TypeError):
            same(1, other=2)
def test_same():
    assert same([1]) == [1]
"""

TESTS = [
    (_TESTED, _CHECK, ["check"], "close"),
    (_TESTED, _STATEMENTS, ["module"], None),
    (_TESTED, "assert close([1.0], 0.3) == True", ["module"], None),
    (_TESTED, "assert fails(1) == True", ["module"], None),
    (_TESTED, _UNIT_TESTS, ["method", "TestSame", "test_same"], None),
    (_TESTED, _UNIT_TESTS, ["function", "test_same"], None),
]
"""Programs, their tests, the part of these that is run, and the function under test."""
