"""Calls into the sandboxes of other programs."""

import unittest

from componentize_py_types import Err
from wit_world.imports import host
from wit_world.imports.program_types import Raised

from .running import RunningTestCase


class Peers(RunningTestCase):
    def test_a_call_goes_to_the_host_and_its_answer_comes_back(self):
        calls = []
        host.peers["candidate"] = lambda call: calls.append(call) or '{"$tuple":[1,2]}'
        self.load("def check():\n    return candidate([1], key={2}) == (1, 2), candidate.Sub.f()", ["candidate"])
        self.assertEqual(self.call("check").value, '{"$tuple":[true,{"$tuple":[1,2]}]}')
        self.assertEqual((calls[0].target, calls[0].args), ("candidate", ["[1]"]))
        self.assertEqual(calls[0].kwargs, [("key", '{"$set":[2]}')])
        self.assertEqual(calls[1].target, "candidate.Sub.f")

    def test_its_errors_are_raised_here(self):
        def fail(call):
            raise Err(Raised(kinds[0], "no good", 3, "Traceback …"))

        host.peers["candidate"] = fail
        self.load(
            "def caught():\n"
            "    try: candidate()\n"
            "    except ValueError as error: return isinstance(error, RuntimeError), error.kind, str(error)\n"
            "def uncaught(): candidate()\n",
            ["candidate"],
        )
        kinds = ["ValueError"]
        self.assertEqual(self.call("caught").value, '{"$tuple":[true,"ValueError","no good"]}')
        for kind, reported in [
            ("ValueError", "ValueError"),
            ("KeyError", "KeyError"),
            ("OSError", "OSError"),
            ("UnicodeDecodeError", "UnicodeDecodeError"),
            ("MyError", "PeerError"),
            ("SystemExit", "PeerError"),
            ("RuntimeError", "PeerError"),
        ]:
            with self.subTest(kind=kind):
                kinds[0] = kind
                raised = self.raised(self.call, "uncaught")
                self.assertEqual((raised.kind, raised.message, raised.line), (reported, "no good", 4))

    def test_a_peer_s_object_keeps_its_number_only_on_the_way_back(self):
        calls = []

        def answer(call):
            calls.append(call)
            return '{"$opaque":{"type":"Node","repr":"<Node>","handle":5}}'

        host.peers["make"] = host.peers["other"] = answer
        self.load("def f():\n    node = make()\n    make(node)\n    other(node, object)\n    return node", ["make", "other"])
        value = self.call("f").value
        self.assertEqual(calls[1].args, ['{"$opaque":{"type":"Node","repr":"<Node>","handle":5}}'])
        self.assertEqual(calls[2].args[0], '{"$opaque":{"type":"Node","repr":"<Node>"}}')
        self.assertNotIn("handle", calls[2].args[1])
        self.assertEqual(value, '{"$opaque":{"type":"Node","repr":"<Node>"}}')


if __name__ == "__main__":
    unittest.main()
