"""What arguments are and must be: arrays, declared domains, and the errors that say what is wrong.

- `arrays`: array types, and what planar formulas do with points
- `foreign`: arrays and functions of other libraries
- `domains`: domains of arguments, declared beside a formula and checked once
- `array_domains`: domains of arrays of which more is asked than a shape
- `records`: domains of named tuples
- `errors`: errors that carry what was reached
"""
