"""Reading tables and lists of entries in tests."""


def found(listed, measure, run="two_phase", place="earth"):
    """The one entry of a measure."""
    (entry,) = [e for e in listed if (e.measured.measure, e.run, e.range) == (measure, run, place)]
    return entry.measured


def cells(text, title, run, column):
    """Texts of the columns whose header begins so, in the row of a run."""
    section = text[text.index(f"### {title}") :]
    lines = section[section.index("\n| ") + 1 :].split("\n\n")[0].splitlines()
    header, rows = lines[0].split(" | "), [line.strip("| ").split(" | ") for line in lines[2:]]
    (row,) = [row for row in rows if row[0] == run]
    return [cell for name, cell in zip(header, row, strict=True) if name.startswith(column)]
