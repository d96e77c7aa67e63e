# The clock moves only where the program sleeps.
import asyncio, datetime, time
print(time.time(), datetime.datetime.now(), time.localtime()[:6], time.tzname)
started = time.monotonic()
time.sleep(1000)
print(round(time.monotonic() - started, 3))
async def main():
    await asyncio.gather(*(asyncio.sleep(n) for n in (3, 1, 2)))
    return await asyncio.wait_for(asyncio.sleep(0.5, "slept"), 1)
print(asyncio.run(main()), round(time.monotonic() - started, 3))
