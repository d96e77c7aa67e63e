# Floating point: spelling, rounding and the mathematical functions.
import cmath, decimal, fractions, math, statistics
for x in (0.1, 1/3, 1e16, 1e22, 5e-324, -0.0, 2.675, 1e300 * 10, math.pi):
    print(repr(x), f"{x:.3g}", round(x, 2) if math.isfinite(x) else x, str(x))
names = "sin cos tan asin acos atan sinh cosh tanh exp log log2 log10 sqrt cbrt erf gamma lgamma expm1 log1p".split()
for name in names:
    print(name, [repr(getattr(math, name)(x)) for x in (0.1, 0.5, 0.9)])
print(cmath.sqrt(-2), 1.1 ** 20, math.fsum([0.1] * 10), sum([0.1] * 10), math.fma(2.0, 3.0, 0.1))
print(decimal.Decimal(2).sqrt(), fractions.Fraction(0.1), statistics.stdev([1, 2, 3.5, 9]))
