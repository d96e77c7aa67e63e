"""Unit tests run outside a component, as those of an author do."""

import unittest
from dataclasses import dataclass, field

import gradebox


@dataclass
class Params:
    words: int
    share: float = 0.5
    names: list[str] = field(default_factory=list)


class Parameters(unittest.TestCase):
    def test_the_schema_says_types_defaults_and_what_is_required(self):
        schema = gradebox.params_schema(Params)
        self.assertEqual(schema["required"], ["words"])
        self.assertEqual(schema["properties"]["share"], {"type": "number", "default": 0.5})
        self.assertEqual(schema["properties"]["names"], {"type": "array", "default": []})
        self.assertFalse(schema["additionalProperties"])
        self.assertEqual(gradebox.params_schema(None)["properties"], {})

    def test_values_are_read_with_their_types(self):
        self.assertEqual(gradebox._read_params(Params, '{"words": 3, "share": 1}'), Params(3, 1.0, []))
        self.assertIsNone(gradebox._read_params(None, "{}"))

    def test_what_does_not_fit_is_refused_and_named(self):
        for text, part in [
            ("{}", "`words`: is missing"),
            ('{"words": true}', "`words`: is true; it must be of type integer"),
            ('{"words": "3"}', "`words`"),
            ('{"words": 3, "word": 3}', "`word`: is unknown"),
        ]:
            with self.assertRaises(gradebox.InvalidParams) as raised:
                gradebox._read_params(Params, text)
            self.assertIn(part, str(raised.exception))


class Samples(unittest.TestCase):
    def test_a_missing_column_is_named(self):
        with self.assertRaises(gradebox.InvalidSample) as raised:
            gradebox.Sample(response="r").field("gold")
        self.assertEqual(str(raised.exception), "column `gold`: is missing")


if __name__ == "__main__":
    unittest.main()
