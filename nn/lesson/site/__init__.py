"""``python -m nn.lesson site``: the lesson as a static site, with a reference, and cells that run in a browser.

Built by Sphinx with MyST-NB (the notebooks' pages) and the Furo theme. Sphinx, because of the generators that
know both notebooks and Python's docstrings it is the one that has been looked after longest, its search works
without a server, and none of the three asks another host for anything. Formulas become MathML here, since the
usual script for them comes from elsewhere.

The cells are made live by Pyodide, in a thread of the browser's own: `live.js` in the page, `worker.js` beside
it, and in there `nn.lesson.site.cell`. Needs the extra ``site`` (``pip install -e ".[site]"``), and for live cells
the npm package ``pyodide`` and a wheel of NumPy made for the same Pyodide.
"""

from nn.lesson.site.build import Live, build

__all__ = ["Live", "build"]
