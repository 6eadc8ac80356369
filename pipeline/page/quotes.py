"""Numbers that other pages of docs/ say, each read from the table that a script has written."""

from __future__ import annotations

from pathlib import Path

from pipeline.page.rows import Missing
from transport.checkout import ROOT


class Quotes:
    """Cells of tables.

    Parameters
    ----------
    folder : that of the pages
    """

    def __init__(self, folder: Path = ROOT / "docs"):
        self._folder = folder

    def cell(self, page: str, heading: str, row: str, column: str) -> str:
        """A cell of the first table with this first header cell that has the row and the column.

        Parameters
        ----------
        page : file in the folder
        heading : a heading that stands above the table, or a part of it; "" for the whole page
        row, column : first cell of the row, header of the column

        Raises
        ------
        Missing: not there (any more)
        """
        path = self._folder / page
        lines = path.read_text(encoding="utf-8").split("\n") if path.is_file() else []
        inside, header = not heading, None
        for line in lines:
            if line.startswith("#"):
                inside = inside if not heading else heading in line
            if not line.startswith("|"):
                header = None
            elif inside:
                cells = [text.strip() for text in line.split("|")[1:-1]]
                if header is None:
                    header = cells
                elif cells[0] == row and column in header:
                    return cells[header.index(column)].replace("+-", "±")
        raise Missing(f"{page}: {heading}: {row}: {column}")
