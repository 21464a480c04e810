"""Data that ships with the package.

- `digits`: ten thousand handwritten digits
- `contents`: the table of contents: slides, statements, formulas, claims, figures
"""
