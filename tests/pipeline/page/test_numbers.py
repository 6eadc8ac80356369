"""Numbers of the page are those of the rows, a few in a sentence, none typed."""

import re

import jinja2
import pytest

from pipeline.page.parameters import in_words, short
from pipeline.page.quotes import Quotes
from pipeline.page.render import MOST_NUMBERS, TEMPLATE, Sentence, read_template, render_page
from priors.distributions import Fixed, log_normal, truncated_normal
from tests.pipeline.page.filled import words
from tests.pipeline.page.rows_of_a_study import whole_study

FIXED = re.compile(
    r"factor of 2|2\^n|AMS-02|B/C|power 1/3|slope of 1/3|0\.3 to 0\.6|of 3 sigma|10 GV|0\.3 GV|"
    r"1 and 10 GV|10 to 300 GV|20 to 500 GV|20%|95%|10%|to 0\.1|below 0\.05|below 3|Eq\. 2|eq\. 2|"
    r"difference of 7 bits is odds of 128 to 1|0\.69 nats|14 bits|September 2021|68%|two standard|"
    r"arXiv:[\d.]+|\(20\d\d"
)
"""Figures that are names, definitions or cuts of the data, which no study changes."""
NUMERAL = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?: (?:±|\+-) [\d.]+)?%?")


def prose(text):
    """Sentences of a page, without tables, formulae, links and fixed figures."""
    kept = [
        line for line in text.split("\n")
        if not line.startswith(("|", "#", "!", "<!--", "    "))
    ]  # fmt: skip
    text = re.sub(r"\]\([^)]*\)|`[^`]*`", "", "\n".join(kept))
    paragraphs = (FIXED.sub("", words(part)) for part in text.split("\n\n"))
    return [s for part in paragraphs for s in re.split(r"(?<=[.:!?*])\s", part)]


def test_no_sentence_has_more_than_three_numbers():
    sentences = prose(render_page(whole_study()))
    assert len(sentences) > 60
    for sentence in sentences:
        # the interval in brackets belongs to its number
        found = NUMERAL.findall(re.sub(r"\([^()]*\d to \d[^()]*\)", "", sentence))
        assert len(found) <= MOST_NUMBERS, sentence


def test_a_sentence_with_four_is_refused():
    environment = jinja2.Environment(extensions=[Sentence])
    numbers = []
    environment.filters["n"] = lambda x: numbers.append(x) or x
    template = environment.from_string(
        "{% say %}{% for i in range(4) %}{{ i|n }} {% endfor %}{% endsay %}"
    )
    with pytest.raises(ValueError, match="more than 3 numbers"):
        template.render(numbers=numbers)


@pytest.mark.parametrize("path", sorted(TEMPLATE.glob("*.j2")), ids=lambda path: path.name)
def test_no_number_is_typed_into_the_template(path):
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->", " ", read_template(path), flags=re.DOTALL)
    for sentence in prose(text):
        assert not NUMERAL.findall(sentence), sentence


def test_every_number_of_the_prose_is_in_the_rows(tmp_path):
    """Values of rows, their differences, odds and counts, each rounded as the page rounds."""
    rows = whole_study()
    values = [r["value"] for r in rows if r["value"] is not None]
    known = set(values) | {a - b for a in values for b in values}
    known |= {100 * v for v in values} | {2.0**v for v in values if v < 40}
    known |= set(range(9))  # counts
    for sentence in prose(render_page(rows, quotes=Quotes(tmp_path))):
        for text in NUMERAL.findall(sentence):
            number = float(text.split(" ")[0].rstrip("%").replace(",", ""))
            close = [v for v in known if abs(v - number) <= 0.051 * max(abs(number), 1)]
            assert close, f"{text} in: {sentence}"


def test_numbers_of_priors_and_fiducials_are_short():
    values = (0.3333333, 20000.0, 6309.573, 5.011872e6, 1e-12, 3e-6, 0.0, -0.5, 1000.0)
    assert [short(v) for v in values] == [
        "0.333", "20000", "6310", "5.01e6", "1e-12", "3e-6", "0", "-0.5", "1000"
    ]  # fmt: skip
    assert in_words(log_normal(1.0, 0.3)) == "1, times or over 2"
    assert in_words(truncated_normal(4.2, 0.1, 4.02, 4.7)) == "4.2 ± 0.1, within 4.02 to 4.7"
    assert in_words(truncated_normal(0.65, 0.1, 0.0)) == "0.65 ± 0.1"
    assert in_words(Fixed(0.0)) == "0 (fixed)"
