"""Fill the template of the page with the rows of a study."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension

from pipeline.figures.style import save_figure
from pipeline.figures.tuning.front import front_figure
from pipeline.figures.tuning.milky_way import observed_delta
from pipeline.files import replacing
from pipeline.page import words
from pipeline.page.cells import EARTH, PLACES, VOYAGER, label, ordered
from pipeline.page.findings import DIFFUSION, SINGLE, THEORIES, Findings
from pipeline.page.parameters import explained, in_words
from pipeline.page.quotes import Quotes
from pipeline.page.rivals import Rivals
from pipeline.page.rows import PLAUSIBLE, Missing, Number, Rows
from pipeline.page.shortcuts import Shortcuts
from pipeline.page.tables import FEATURES, Tables
from priors.sets import load_prior_set
from transport.full.effects import EFFECTS, FULL, PAPER

TEMPLATE = Path(__file__).with_name("template")
MOST_NUMBERS = 3
_WIDTH = 100
_AS_IT_IS = re.compile(r"^(\||#|!|<!--|```|    )")
_ITEM = re.compile(r"^(- |\d+\. )")


class Sentence(Extension):
    """``{% say %} ... {% endsay %}``: a sentence, left out where a number of it is missing.

    Numbers are what the filters below write; more than `MOST_NUMBERS` in one are an error.
    """

    tags = frozenset({"say"})

    def parse(self, parser):
        """As Jinja's extensions do."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endsay"], drop_needle=True)
        call = self.call_method("_say", [nodes.Name("numbers", "load")])
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _say(self, numbers, caller):
        numbers.clear()
        try:
            text = " ".join(caller().split())
        except Missing:
            return ""
        if len(numbers) > MOST_NUMBERS:
            raise ValueError(f"more than {MOST_NUMBERS} numbers in: {text}")
        return text


def render_page(
    records: Iterable[Mapping],
    quotes: Quotes | None = None,
    folder: str | Path | None = None,
    figures: str = "tuning",
) -> str:
    """The page as Markdown.

    Parameters
    ----------
    records : rows of tuning.json; of a later study those that come last
    quotes : cells of other pages' tables; those of docs/ by default
    folder : of tables and figures; pictures that are not there are left out. None takes all as
        being there
    figures : the same folder, seen from the page
    """
    rows = Rows(records)
    main = FULL if rows.having("acceptable_max_1", transport=FULL) else PAPER
    numbers: list[str] = []
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATE),
        extensions=[Sentence],
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    for name in ("bits", "percent", "odds", "deviation", "with_error"):
        environment.filters[name] = _counted(_starred(getattr(words, name)), numbers)
    environment.filters |= {
        "joined": words.joined,
        "named": words.name_of,
        "effect": words.effect,
        "located": words.located,
    }
    environment.filters["share"] = lambda text: f"{100 * float(text):.1g}%"
    environment.filters["counted"] = _counted(str, numbers)

    def number(run, measure, place=EARTH, **where):
        return rows.number(run, measure, place, **({"transport": main} | where))

    quotes = quotes or Quotes()
    several = len({t for t in rows.values_of("transport") if t in (PAPER, FULL)}) > 1
    stems = (f"_{main}", f"_{PLAUSIBLE}_{main}") if several else ("", f"_{PLAUSIBLE}")

    parameters = explained(rows.runs, PLAUSIBLE)

    def described(name):
        """What a parameter is, with its name."""
        known = parameters.get(name)
        return f"the {known.description} (`{name}`)" if known else f"`{name}`"

    def picture(name):
        """Its address; "" where there is no such file."""
        files = [f"{name}{stem}.png" for stem in stems]
        there = [f for f in files if folder is None or (Path(folder) / f).is_file()]
        return f"{figures}/{there[0]}" if there else ""

    find = Findings(rows, main)
    text = environment.get_template("page.md.j2").render(
        numbers=numbers, main=main, rows=rows, runs=ordered(rows.runs), tables=Tables(rows, main),
        find=find, shortcuts=Shortcuts(find), rivals=Rivals(rows, main),
        number=number, name=words.name_of, label=label, tuned=words.TUNED, beside=words.BESIDE,
        verdict=words.verdict, EARTH=EARTH, VOYAGER=VOYAGER, PLACES=PLACES, THEORIES=THEORIES,
        DIFFUSION=DIFFUSION, SINGLE=SINGLE, PAPER=PAPER, FULL=FULL, EFFECTS=tuple(EFFECTS),
        FEATURES=FEATURES, places=tuple(PLACES),
        quote=_counted(quotes.cell, numbers),
        figures=figures, picture=picture, described=described, parameters=parameters,
        observed_delta=Number(*observed_delta()),
        potential=in_words(load_prior_set(PLAUSIBLE).nuisance["phi_ams02_2011_2013"]),
    )  # fmt: skip
    return _laid_out(text)


def write_page(page: str | Path, records: Sequence[Mapping], folder: str | Path) -> list[Path]:
    """Write the page and, into the folder of tables and figures, its first figure.

    Raises
    ------
    CrtuneError: no row has bits; no space, no permission
    """
    page, folder = Path(page), Path(folder)
    figures = Path(os.path.relpath(folder, page.parent)).as_posix()
    figure = front_figure(records)
    text = render_page(records, folder=folder, figures=figures)
    paths = save_figure(figure, folder / "front")
    with replacing(page) as draft:
        draft.write_text(text, encoding="utf-8")
    return [page, *paths]


def read_template(path: Path) -> str:
    """The text of a part of the template, without its sentences' marks."""
    return re.sub(r"\{%-?\s*(say|endsay)\s*-?%\}", "", path.read_text(encoding="utf-8"))


def _starred(write):
    def starred(number, *arguments):
        return write(number, *arguments) + (r"\*" if number.is_doubted else "")

    return starred


def _counted(write, numbers):
    def counted(*arguments, **options):
        text = write(*arguments, **options)
        numbers.append(text)
        return text

    return counted


def _laid_out(text: str) -> str:
    """Paragraphs and items as lines of one width, blank lines in between, tables as they are."""
    blocks = []
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.split("\n") if line.strip()]
        if kept := _wrapped(lines):
            blocks.append("\n".join(kept))
    return "\n\n".join(blocks) + "\n"


def _wrapped(lines):
    items, kept = [], []
    for line in lines:
        if _AS_IT_IS.match(line) or _ITEM.match(line) or not items:
            items.append(line)
        else:
            items[-1] += " " + line.strip()
    for item in items:
        if _AS_IT_IS.match(item):
            kept.append(item)
        elif item.strip() not in ("-",):
            indent = "  " if _ITEM.match(item) else ""
            kept += textwrap.wrap(
                " ".join(item.split()), _WIDTH, subsequent_indent=indent,
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
    return kept
