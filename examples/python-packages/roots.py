from sympy import exp, integrate, oo, solve, symbols
from sympy.physics.units import convert_to, kilometer, meter

x = symbols("x")
print(integrate(exp(-(x**2)), (x, -oo, oo)), solve(x**2 - 2, x))
print(convert_to(3 * kilometer, meter))
