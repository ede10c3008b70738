"""Where nodes stand in a text, in bytes, and edits of it."""

import ast

import pytest

from nn.port.edits import Edit, Source, applied


@pytest.mark.parametrize(
    ("edits", "wanted"),
    [
        ([], "abcdef"),
        ([(1, 4, "X"), (2, 5, "Y")], "aXef"),  # of two that overlap the first
        ([(2, 5, "Y"), (1, 4, "X")], "aXef"),
        ([(1, 4, "X"), (4, 5, "Y")], "aXYf"),  # side by side is not overlapping
        ([(1, 4, "X"), (4, 4, "Y")], "aXYef"),
        ([(1, 1, "X"), (1, 3, "Y")], "aXYdef"),
        ([(1, 3, "Y"), (1, 1, "X")], "aXYdef"),
        ([(1, 3, ""), (1, 3, "")], "adef"),
        ([(1, 1, "X"), (1, 1, "X")], "aXbcdef"),  # told twice, made once
        ([(0, 0, "X"), (6, 6, "Y")], "XabcdefY"),
        ([(0, 6, "größer")], "größer"),
    ],
)
def test_edits_are_made_once_in_the_order_of_their_places(edits, wanted):
    assert applied(b"abcdef", [Edit(*each) for each in edits]).decode() == wanted


def where(source, kind, last=False):
    found = [node for node in ast.walk(source.tree) if isinstance(node, kind)]
    return max(found, key=lambda n: (n.lineno, n.col_offset)) if last else found[0]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_places_are_counted_in_bytes(end):
    text = end.join(("# größer", "größe = 1; x = f( öl . daten(1, b = 2 ) )", "  ", "y = g ()", ""))
    source, raw = Source(text), text.encode()
    assert source.newline == end
    inner = where(source, ast.Attribute)
    assert source.of(inner) == "öl . daten"
    assert raw[slice(*source.name_span(inner))] == b"daten"
    outer = next(n for n in ast.walk(source.tree) if getattr(n, "id", "") == "f")
    call = next(n for n in ast.walk(source.tree) if isinstance(n, ast.Call) and n.func is outer)
    assert source.of(call) == "f( öl . daten(1, b = 2 ) )"
    assert raw[source.open_bracket(call) :].startswith(" öl".encode())
    assert raw[source.last_argument(call.args[0]) :].startswith(b" ) )")
    empty = where(source, ast.Call, last=True)
    assert source.open_bracket(empty) == source.last_argument(empty) == raw.rindex(b")")
    assert raw[source.start(empty) : source.end(empty)] == b"g ()"


@pytest.mark.parametrize(
    ("text", "whole", "alone", "indentation"),
    [
        ("import a\nx\n", "import a\n", True, ""),
        ("import a", "import a", True, ""),
        ("import a  \nx\n", "import a  \n", True, ""),
        ("if x:\n    import a\n", "    import a\n", True, "    "),
        ("if x:\n\timport a\n\ty\n", "\timport a\n", True, "\t"),
        ("import a; x\n", "import a", True, ""),
        ("import a;\nx\n", "import a", True, ""),
        ("import a  # why\n", "import a", True, ""),
        ("x; import a\n", "import a", False, "x; "),
        ("if x: import a\n", "import a", False, "if x: "),
        ("import (\n a)\nx\n".replace("import (\n a)", "from a import (\n b)"), "from a import (\n b)\n", True, ""),
    ],
)  # fmt: skip
def test_a_statement_goes_with_its_line_unless_it_shares_that(text, whole, alone, indentation):
    source = Source(text)
    statement = where(source, (ast.Import, ast.ImportFrom))
    start, end = source.whole_line(statement)
    assert text[start:end] == whole
    assert source.stands_alone(statement) is alone
    assert source.indentation(statement) == indentation
