import difflib, json, pprint, re, string, textwrap, unicodedata
print("straße".upper(), "İ".lower(), "ǆ".title(), unicodedata.normalize("NFKD", "ﬁ½é"), unicodedata.unidata_version)
print(re.findall(r"(?P<word>\w+)-\1", "tick-tick tock-tick ha-ha"), re.split(r"[,;]\s*", "a, b;c"))
print(json.dumps({"b": [1, 2.0, None], "a": "é\u2028"}), json.loads('{"x": 1e5, "y": [true]}'))
pprint.pprint({name: list(range(len(name) * 4)) for name in ("delta", "alpha", "a-name-that-is-long")})
print("\n".join(difflib.unified_diff(["a", "b", "c"], ["a", "x", "c"], lineterm="")))
print(textwrap.fill("word " * 30, 40), "%5.2f|%-6s|%+d" % (3.14159, "ab", 5), f"{1234567.891:,.1f} {255:#x} {'x':^5}")
