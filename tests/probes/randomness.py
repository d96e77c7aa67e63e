# Everything that draws numbers.
import os, random, secrets, tempfile, uuid
print(random.random(), random.randint(1, 10**9), random.choice("abcdef"), random.sample(range(100), 5))
deck = list(range(20)); random.shuffle(deck); print(deck)
print(random.gauss(0, 1), random.Random(7).random(), random.Random().random())
print(os.urandom(8).hex(), secrets.token_hex(4), uuid.uuid4())
random.seed(1); print(random.random(), random.getrandbits(64))
print(len({uuid.uuid4() for _ in range(100)}), os.urandom(4) == os.urandom(4))
