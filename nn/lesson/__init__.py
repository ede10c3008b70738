"""The lesson: notebooks on convolution and pooling, and exercises whose answers are checked.

    python -m nn.lesson                                 copies the notebooks and opens the first
    python -m nn.lesson export --student --seed ada     an exercise sheet with numbers of its own
    python -m nn.lesson export --solutions --seed ada   its solutions, for who has the key
    python -m nn.lesson grade FOLDER                    a table of the sheets that came back
    python -m nn.lesson html                            all notebooks, executed, as pages
    python -m nn.lesson site --out DIR                  a site: pages, a reference, live cells
    python -m nn.lesson tidy                            strips outputs, writes exercise cells anew

In a notebook an exercise is two cells: the question, and an answer to fill in::

    answer = ...

    lesson.check("1.1", answer)

``check`` says "not answered yet" to ``...``, gives a hint for a wrong answer and the reason for a right one.

**Writing a notebook.** The file in ``notebooks/`` is the source, without outputs. Every cell has a speaking
id that stays: ``notebooks/README.md`` points to cells by id. Cells assert what the text claims. A markdown
cell with the id ``exercise-4-2`` and a code cell ``answer-4-2`` are the places of exercise 4.2; ``tidy`` fills
them from ``nn/lesson/exercises``. An exercise is a function of a random generator that returns a `Task`:

    >>> from nn.lesson.exercise import Task, equals, exercise, judge
    >>> @exercise("0.1", "A doubling")
    ... def doubling(draw):
    ...     n = draw.randint(2, 9)
    ...     return Task(
    ...         question=f"What is twice {n}?",
    ...         solution=f"answer = 2 * {n}",
    ...         wrong=f"answer = {n}",
    ...         judge=equals(lambda: n + n, "Add the number to itself."),
    ...         why="Twice a number is the number added to itself.",
    ...     )
    >>> print(judge("0.1", 5, seed="ada").text[:8])
    0.1: not
"""

from nn.lesson.exercise import check
from nn.lesson.figures import follow_theme, signed
from nn.lesson.sheets import Sheet

__all__ = ["Sheet", "check", "follow_theme", "signed"]
