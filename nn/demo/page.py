"""``index.html``: one self-contained, captioned page, written anew as each of its parts is finished."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from autograd import atomic
from nn.data.digits import ATTRIBUTION

_STYLE = Path(__file__).with_name("page.css")


@dataclass
class Section:
    """One part of the page: heading, an introduction in HTML, a figure in HTML, a caption in HTML."""

    anchor: str
    title: str
    introduction: str
    body: str
    caption: str


@dataclass
class Page:
    """The page in a folder.

    Attributes:
        folder: where it and the files it shows are written; made if it is not there.
        title, lead: what stands on top.
        facts: pairs of a figure and what it says.
        sections: the parts so far.
        command: how to make the page again.
    """

    folder: Path
    title: str
    lead: str
    command: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The absolute path of the page."""
        return (self.folder / "index.html").resolve()

    def file(self, name: str, text: str) -> None:
        """Writes a file beside the page."""
        atomic.write(self.folder / name, text)

    def add(self, section: Section) -> None:
        """Appends a part and writes the page."""
        self.sections.append(section)
        self.save()

    def save(self) -> None:
        """Writes the page with what there is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file("index.html", self.html())

    def html(self) -> str:
        """The whole page."""
        facts = "".join(
            f"<li><strong>{escape(figure)}</strong><span>{escape(meaning)}</span></li>"
            for figure, meaning in self.facts
        )
        links = "\n".join(f'<a href="#{s.anchor}">{escape(s.title)}</a>' for s in self.sections)
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self.title)}</title>\n"
            f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
            f"<header>\n<h1>{escape(self.title)}</h1>\n<p>{self.lead}</p>\n"
            f'<ul class="facts">{facts}</ul>\n<nav aria-label="On this page">{links}</nav>\n'
            f"</header>\n<main>\n{''.join(map(_section, self.sections))}</main>\n"
            f"<footer>\n<p>Made by <code>{escape(self.command)}</code>. The digits: "
            f"{escape(ATTRIBUTION)}.</p>\n</footer>\n</body>\n</html>\n"
        )


def _section(section: Section) -> str:
    return (
        f'<section id="{section.anchor}" aria-labelledby="{section.anchor}-title">\n'
        f'<h2 id="{section.anchor}-title">{escape(section.title)}</h2>\n'
        f"<p>{section.introduction}</p>\n<figure>\n{section.body}\n"
        f"<figcaption>{section.caption}</figcaption>\n</figure>\n</section>\n"
    )
