"""LED signs: `data` comes in, `suppression` and `view` turn it into words, `pages`, `table`, `totals`, `codes` and
`ticker` place them on a `layout.Canvas` of a `boards.Board` in `faces`, `render` makes PNG bytes, `routes` and `page`
bring them to a screen.
"""
