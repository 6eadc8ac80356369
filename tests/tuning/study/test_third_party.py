"""A scenario and a data set of one's own, measured and held against Kolmogorov by the scripts."""

import json
import re

import pytest

from tests.cheap_run import ROOT, script

PAGE = (ROOT / "docs" / "add_a_scenario.md").read_text()
FILES = dict(re.findall(r"```(?:python|toml)\n# my_study/(\S+)\n(.*?)```", PAGE, re.DOTALL))
TABLE = """# %ECSV 1.0
# ---
# datatype:
# - {name: rigidity_mean, unit: GV, datatype: float64, description: mean rigidity}
# - {name: ratio, unit: '', datatype: float64, description: boron to carbon}
# - {name: err, unit: '', datatype: float64, description: total error}
# delimiter: ','
# meta: !!omap
# - {name: my_bc}
# - {label: My balloon B/C 2030}
# - {observable: boron_to_carbon}
# - {axis: rigidity}
# - {period: my_flight_2030}
# - {doi: none}
# - {reference: made up for a trial}
# - {derived: read off a line by eye}
# - errors:
#   - {name: total, role: total, column: err}
# schema: astropy-2.0
rigidity_mean,ratio,err
3.0,0.33,0.02
6.0,0.29,0.015
12.0,0.24,0.012
25.0,0.19,0.01
50.0,0.155,0.01
100.0,0.125,0.01
200.0,0.10,0.012
400.0,0.085,0.015
"""
DATA = """
[data.ams02_proton_2015]
rigidity_min = 10.0

[data.my_bc]
table = "my_bc.ecsv"
"""


@pytest.mark.slow
def test_from_ones_own_files_to_the_page(tmp_path):
    for name in ("rigid_wind.py", "priors.toml"):
        (tmp_path / name).write_text(FILES[name])
    (tmp_path / "my_bc.ecsv").write_text(TABLE)
    wind, base = tmp_path / "wind.toml", tmp_path / "kolmogorov.toml"
    wind.write_text(f'scenario = "rigid_wind.py"\npriors = "priors.toml"\n{DATA}')
    base.write_text(f'scenario = "kolmogorov"\n{DATA}')
    chosen = ("--transport", "full", "--ranges", "earth", "--selections", "both", "--seeds", "1",
              "--measures", "acceptable,evidence", "--workers", "2")  # fmt: skip
    done = script("fine_tuning.py", wind, base, *chosen, timeout=1800)
    assert done.returncode in (0, 3), done.stderr  # 3: NOT CONVERGED, which is said
    folder, page = tmp_path / "tables", tmp_path / "page.md"
    done = script("compare.py", wind, base, "--transport", "full", "--output", folder,
                  "--page", page, timeout=600)  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads((folder / "tuning.json").read_text())["entries"]
    found = {(row["run"], row["measure"]): row for row in rows if row["range"] == "earth"}
    for run in ("wind", "kolmogorov"):
        assert found[run, "acceptable_max_floor"]["value"] > 0.0
    difference = found["wind", "log_z_over_kolmogorov"]
    assert difference["unit"] == "nats"
    assert difference["error"] > 0.0
    assert difference["value"] == pytest.approx(
        found["wind", "log_z"]["value"] - found["kolmogorov", "log_z"]["value"]
    )
    assert "wind (rigid_wind" in (folder / "tuning.md").read_text()
    lines = page.read_text().splitlines()
    for table in ("| theory | Earth, full |", "| theory | evidence, Earth |"):
        start = next(i for i, line in enumerate(lines) if line.startswith(table))
        names = [line.split("|")[1].strip() for line in lines[start + 2 : start + 4]]
        assert names == ["Kolmogorov", "wind"]
