"""Docstrings as this project writes them: ``name : what it is``, with types in the signature.

The reader of numpydoc takes what stands behind the colon for a type, and so would the site.
"""

import griffe

NAMED = ("parameters", "attributes")
UNNAMED = ("returns", "yields", "raises")


class PlainDocstrings(griffe.Extension):
    """Moves text from where types go to where descriptions go, in every object of a package."""

    def on_package(self, *, pkg, **options):
        _mend(pkg)


def _mend(thing):
    if thing.docstring:
        sections = thing.docstring.parse("numpy", warnings=False)
        for section in sections:
            for item in section.value if section.kind.value in NAMED + UNNAMED else ():
                _mend_item(item, section.kind.value, thing)
        thing.docstring.__dict__["parsed"] = sections  # what a later look at it would compute
    for member in thing.members.values():
        if not member.is_alias:
            _mend(member)


def _mend_item(item, kind, thing):
    text = " ".join(filter(None, [str(item.annotation or ""), item.description]))
    if kind in NAMED:
        declared = _declared(thing, item.name)
        if declared is None or str(item.annotation) != str(declared):
            item.annotation, item.description = declared, text
    elif kind == "raises":
        item.annotation, _, item.description = text.partition(": ")
    else:
        item.annotation, item.description = getattr(thing, "returns", None), text


def _declared(thing, name):
    """The type of a parameter or attribute in the code, or None."""
    for place in (thing, thing.members.get("__init__")):
        for parameter in getattr(place, "parameters", None) or ():
            if parameter.name.lstrip("*") == name.strip("*\\"):
                return parameter.annotation
    return getattr(thing.members.get(name), "annotation", None)
