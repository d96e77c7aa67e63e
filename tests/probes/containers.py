import bisect, collections, copy, dataclasses, enum, functools, heapq, typing
@dataclasses.dataclass(order=True, frozen=True)
class Point:
    x: int
    y: float = 0.5
    tags: tuple = ()
class Colour(enum.Flag):
    RED = enum.auto(); GREEN = enum.auto(); BLUE = enum.auto()
print(sorted([Point(2), Point(1, 3.0), Point(1)]), hash(Point(1)), {Point(1), Point(2), Point(3)})
print(Colour.RED | Colour.BLUE, ~Colour.GREEN, list(Colour))
print(collections.Counter("abracadabra").most_common(), collections.OrderedDict(b=1, a=2), collections.deque(range(5), 3))
heap = [5, 1, 4, 1, 3]; heapq.heapify(heap); print(heap, heapq.nsmallest(2, heap), bisect.bisect([1, 3, 5], 4))
@functools.lru_cache(maxsize=None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(80), fib.cache_info(), copy.deepcopy([[1], {"a": {2}}]))
match {"kind": "circle", "radius": 2.0}:
    case {"kind": "circle", "radius": float(r)}: print("circle", r, typing.get_type_hints(Point))
