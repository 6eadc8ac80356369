"""Pages of the site at their places in the repository, so that relative links hold in both.

MkDocs would take one folder; these pages stand where people look for them: README.md in front,
docs/, priors/README.md, data/README.md. The tutorial, a Python file, becomes a page.
"""

from pathlib import Path

import jupytext
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = "docs/tutorial.py"
PATTERNS = (
    "*.md", "LICENSE", "CITATION.cff", "apptainer.def", "environment.yml", "docs/**/*", "data/*",
    "priors/*.md", "priors/*.toml", "runs/*.toml", "transport/full/*.py",
)  # fmt: skip


def on_files(files, config):
    """Put the repository's pages, and what they link to, in place of those of one folder."""
    site = Files([file for file in files if not file.is_documentation_page()])
    for path in sorted({path for pattern in PATTERNS for path in ROOT.glob(pattern)}):
        place = path.relative_to(ROOT).as_posix()
        if path.is_file() and "__pycache__" not in place and not place.startswith("docs/site/h"):
            site.append(File.generated(config, place, abs_src_path=str(path)))
    page = jupytext.writes(jupytext.read(ROOT / TUTORIAL), fmt="md").partition("\n---\n\n")[2]
    site.append(File.generated(config, TUTORIAL.replace(".py", ".md"), content=page))
    return site
