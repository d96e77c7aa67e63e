"""The tagged encoding: round trips, subclasses, and what it refuses."""

import collections
import datetime
import decimal
import enum
import fractions
import json
import math
import sys
import unittest

from gradebox_python import encoding
from gradebox_python.decoding import decode
from gradebox_python.encoding import encode
from gradebox_python.opaque import Foreign, Handles

ROUND_TRIPS = [
    (None, "null"),
    (True, "true"),
    (0, "0"),
    (-(10**30), "-1000000000000000000000000000000"),
    (1.0, "1.0"),
    (1e300, "1e+300"),
    (-0.0, "-0.0"),
    (math.inf, '{"$float":"inf"}'),
    (-math.inf, '{"$float":"-inf"}'),
    (complex(1, -0.0), '{"$complex":[1.0,-0.0]}'),
    ("", '""'),
    ('é"\\\n\x00\x7f\u2028𝄞', None),
    ("$dict", '"$dict"'),
    ("a\ud800b", '{"$str":"Ye2ggGI="}'),
    (b"\x00\xff", '{"$bytes":"AP8="}'),
    ([], "[]"),
    ([1, 2, 3], "[1,2,3]"),
    ([1.5, -0.0], "[1.5,-0.0]"),
    ([1, True, "a", [None]], '[1,true,"a",[null]]'),
    ((), '{"$tuple":[]}'),
    ((1, (2,)), '{"$tuple":[1,{"$tuple":[2]}]}'),
    ({1}, '{"$set":[1]}'),
    (frozenset({"a"}), '{"$frozenset":["a"]}'),
    ({}, '{"$dict":[]}'),
    ({"b": 1, "a": {(1, 2): []}}, '{"$dict":[["b",1],["a",{"$dict":[[{"$tuple":[1,2]},[]]]}]]}'),
    (decimal.Decimal("1.10"), '{"$decimal":"1.10"}'),
    (decimal.Decimal("-Infinity"), '{"$decimal":"-Infinity"}'),
    (fractions.Fraction(-1, 3), '{"$fraction":["-1","3"]}'),
    (datetime.date(2024, 1, 31), '{"$date":"2024-01-31"}'),
    (datetime.datetime(2024, 1, 31, 10), '{"$datetime":"2024-01-31T10:00:00"}'),
    (
        datetime.datetime(2024, 1, 31, 10, tzinfo=datetime.timezone.utc),
        '{"$datetime":"2024-01-31T10:00:00+00:00"}',
    ),
    (datetime.time(10, 0, 0, 5), '{"$time":"10:00:00.000005"}'),
    (datetime.timedelta(-1, 2, 3), '{"$timedelta":[-1,2,3]}'),
]


class RoundTrip(unittest.TestCase):
    def setUp(self):
        self.handles = Handles()

    def there_and_back(self, item):
        return decode(encode(item, self.handles.describe), self.handles.resolve)

    def test_each_kind_keeps_type_and_value(self):
        for item, text in ROUND_TRIPS:
            with self.subTest(item=ascii(item)):
                written = encode(item, self.handles.describe)
                if text is not None:
                    self.assertEqual(written, text)
                json.loads(written)
                back = self.there_and_back(item)
                self.assertIs(type(back), type(item))
                self.assertEqual(repr(back), repr(item))

    def test_a_list_holds_the_texts_of_its_items_however_many_they_are(self):
        for item, _ in ROUND_TRIPS:
            text = encode(item, self.handles.describe)
            for count in (1, 31, 32, 33):
                for items, texts in (([item] * count, [text] * count), ([*[7] * count, item], [*["7"] * count, text])):
                    expected = f"[{','.join(texts)}]"
                    self.assertEqual(encode(items, self.handles.describe), expected)
                    self.assertIn(encoding.plain(items), (None, expected))

    def test_nan(self):
        for item in (math.nan, [1.0, math.nan]):
            self.assertIn('{"$float":"nan"}', encode(item, self.handles.describe))
            self.assertEqual(repr(self.there_and_back(item)), repr(item))

    def test_integers_beyond_the_digit_limit(self):
        item = 10**20_000 + 7
        self.assertEqual(self.there_and_back(item), item)
        self.assertEqual(self.there_and_back([item, 1]), [item, 1])
        self.assertEqual(self.there_and_back(fractions.Fraction(1, item)), fractions.Fraction(1, item))

    def test_a_program_s_own_limit_on_digits_does_not_matter(self):
        self.addCleanup(sys.set_int_max_str_digits, sys.get_int_max_str_digits())
        sys.set_int_max_str_digits(640)
        for digits in (600, 640, 641, 700, 5000):
            item = 10**digits - 1
            for value in (item, [item, 1], [1, 2.5, -item]):
                self.assertEqual(self.there_and_back(value), value)
        self.assertEqual(sys.get_int_max_str_digits(), 640)

    def test_opaque_objects_come_back_as_themselves(self):
        item = object()
        self.assertIs(self.there_and_back([item])[0], item)
        fields = json.loads(encode(item, self.handles.describe))["$opaque"]
        self.assertEqual(fields, {"type": "object", "repr": repr(item), "handle": 0})

    def test_subclasses_are_written_as_their_base(self):
        class Level(enum.IntEnum):
            HIGH = 3

        class Name(str):
            def __str__(self):
                return "lie"

        Pair = collections.namedtuple("Pair", "x y")
        ordered = collections.OrderedDict(a=1, b=2)
        ordered.move_to_end("a")
        for item, plain in [
            (Level.HIGH, 3),
            (Name("true"), "true"),
            (Pair(1, 2), (1, 2)),
            (collections.Counter("aa"), {"a": 2}),
            (collections.defaultdict(list, {1: []}), {1: []}),
            (bytearray(b"a"), b"a"),
        ]:
            with self.subTest(item=item):
                back = self.there_and_back(item)
                self.assertIs(type(back), type(plain))
                self.assertEqual(back, plain)
        self.assertEqual(list(self.there_and_back(ordered)), ["b", "a"])

    def test_what_equals_no_value_is_opaque(self):
        for item in (range(3), collections.deque([1]), {}.keys(), (i for i in ()), ..., len, int, object()):
            with self.subTest(item=item):
                self.assertIn("$opaque", encode(item, self.handles.describe))


class Deception(unittest.TestCase):
    """Objects that lie about themselves."""

    def written(self, item):
        return encode(item, Handles().describe)

    def test_overridden_methods_are_not_asked(self):
        class Liar(list):
            __class__ = dict

            def __iter__(self):
                raise SystemExit

            __len__ = __eq__ = __repr__ = __hash__ = copy = __getitem__ = __iter__

        class Mapping(dict):
            def items(self):
                return [("forged", 1)]

            keys = __iter__ = __len__ = items

        class Metaclass(type):
            def __eq__(cls, other):
                raise ValueError

            __hash__ = __eq__

        class Number(int, metaclass=Metaclass):
            def __repr__(self):
                return "9"

            __str__ = __int__ = __index__ = __repr__

        self.assertEqual(self.written(Liar([1, 2])), "[1,2]")
        self.assertEqual(self.written(Mapping(a=1)), '{"$dict":[["a",1]]}')
        self.assertEqual(self.written(Number(5)), "5")

    def test_a_broken_repr_is_said(self):
        class Broken:
            def __repr__(self):
                raise KeyboardInterrupt

        class Endless:
            def __repr__(self):
                return "x" * 10_000_000

        class Claims:
            __class__ = int

        self.assertIn("<Broken whose repr fails>", self.written(Broken()))
        self.assertLess(len(self.written(Endless())), 2000)
        self.assertIn('"type":"Claims"', self.written(Claims()))


class Refusal(unittest.TestCase):
    def refused(self, item, words):
        with self.assertRaisesRegex(ValueError, words):
            encode(item, Handles().describe)

    def test_cycles(self):
        items = [1]
        items.append(items)
        mapping = {}
        mapping["self"] = (mapping,)
        self.refused(items, "contains itself")
        self.refused(mapping, "contains itself")

    def test_one_object_in_two_places_is_no_cycle(self):
        shared = [1, "a"]
        self.assertEqual(encode([shared, shared], Handles().describe), '[[1,"a"],[1,"a"]]')

    def test_depth(self):
        def nested(levels):
            item = 1
            for _ in range(levels):
                item = [item]
            return item

        text = encode(nested(encoding.MAX_DEPTH), Handles().describe)
        self.assertEqual(decode(text, None), nested(encoding.MAX_DEPTH))
        self.refused(nested(encoding.MAX_DEPTH + 1), "more than 200 levels")

    def test_size(self):
        self.refused("x" * 5_000_000, "longer than 4194304 bytes")
        self.refused(["é"] * 3_000_000, "longer than")
        self.refused([1] * 5_000_000, "longer than")
        self.refused(1 << 20_000_000, "longer than")
        shared = ["x" * 100]
        for _ in range(40):
            shared = [shared, shared]
        self.refused(shared, "longer than")


class Malformed(unittest.TestCase):
    def test_texts_that_are_no_values(self):
        for text in (
            "",
            "[1",
            "1 2",
            "NaN",
            "{}",
            '{"a":1}',
            '[{"a":1}]',
            '{"$dict":1}',
            '{"$dict":[[1]]}',
            '{"$set":[[1]]}',
            '{"$what":1}',
            '{"$tuple":[],"$set":[]}',
            '{"$float":"1"}',
            '{"$bytes":"?"}',
            '{"$decimal":"x"}',
            '{"$decimal":1}',
            '{"$date":"yesterday"}',
            '{"$fraction":["1","0"]}',
            '{"$opaque":1}',
            '{"$opaque":{"handle":7}}',
            '{"$opaque":{"handle":-1}}',
            "[" * 100_000,
        ):
            with self.subTest(text=text[:40]), self.assertRaises(ValueError):
                decode(text, Handles().resolve)

    def test_an_opaque_value_without_a_handle_is_a_stand_in(self):
        item = decode('{"$opaque":{"type":"Point","repr":"<Point>"}}', Handles().resolve)
        self.assertIs(type(item), Foreign)
        self.assertEqual(repr(item), "<Point>")


if __name__ == "__main__":
    unittest.main()
