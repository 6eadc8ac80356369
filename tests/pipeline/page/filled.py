"""The page that rows fill, to look for sentences in."""

from pipeline.page.render import render_page


def words(text):
    """In one line."""
    return " ".join(text.split())


def page(records):
    return words(render_page(records))
