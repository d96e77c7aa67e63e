"""The event loop without sockets."""

import asyncio
import unittest

from gradebox_python.event_loop import SandboxEventLoop


class EventLoop(unittest.TestCase):
    def run_in_loop(self, main):
        loop = SandboxEventLoop()
        try:
            return loop.run_until_complete(main)
        finally:
            loop.close()

    def test_tasks_timers_and_queues(self):
        async def main():
            queue = asyncio.Queue()

            async def produce():
                for number in range(3):
                    await asyncio.sleep(0.001)
                    await queue.put(number)

            async def consume():
                return [await queue.get() for _ in range(3)]

            return (await asyncio.gather(produce(), consume()))[1]

        self.assertEqual(self.run_in_loop(main()), [0, 1, 2])

    def test_timeouts(self):
        async def main():
            await asyncio.wait_for(asyncio.sleep(3600), 0.001)

        with self.assertRaises(asyncio.TimeoutError):
            self.run_in_loop(main())

    def test_functions_for_a_thread_run_at_once(self):
        async def main():
            return await asyncio.to_thread(sum, [1, 2])

        self.assertEqual(self.run_in_loop(main()), 3)

    def test_waiting_for_nothing_is_an_error(self):
        async def main():
            await asyncio.get_running_loop().create_future()

        with self.assertRaisesRegex(RuntimeError, "deadlock"):
            self.run_in_loop(main())


if __name__ == "__main__":
    unittest.main()
