# What a program finds around itself.
import gc, os, platform, sys
print(sys.version_info[:3], sys.implementation.name, sys.platform, platform.python_version(), sys.argv, sys.path)
print(sys.getrecursionlimit(), gc.get_threshold(), os.environ.get("HOME"), os.getcwd() if False else "", sys.flags.hash_randomization)
print(sorted(name for name in sys.modules if "." not in name and not name.startswith("_"))[:60])
print(os.listdir("/") if False else "", [name for name in ("ssl", "ctypes", "sqlite3", "bz2") if name in sys.modules])
