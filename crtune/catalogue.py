"""What there is: scenarios with their parameters, measured tables with their contents."""

from __future__ import annotations

from astropy.table import QTable, Table

from crtune.tables import measurement_table
from likelihoods.reading import measurement_names, read_measurement
from pipeline.describe import titles
from pipeline.predict_input import make_scenario


def scenarios(name: str | None = None, **options) -> Table:
    """All scenarios, or the parameters of one.

    Parameters
    ----------
    name : of a scenario, or path of the Python file that declares one
    **options : of the scenario, as ``[scenario_options]`` of a config

    Raises
    ------
    CrtuneError: unknown scenario, option or value

    Examples
    --------
    >>> import crtune
    >>> print(crtune.scenarios()[:2])
       name                 title
    ---------- -------------------------------
    fast_modes Fast-mode turbulence everywhere
    kolmogorov            Kolmogorov diffusion
    >>> print(crtune.scenarios("kolmogorov")["name", "fiducial", "unit", "sampled_as"][:2])
       name   fiducial   unit   sampled_as
    --------- -------- -------- ----------
         E_CR      1.0 1e50 erg log10_E_CR
    gamma_inj      4.3           gamma_inj
    """
    if name is None:
        found = titles()
        return Table({"name": list(found), "title": list(found.values())})
    scenario = make_scenario(name, options=options)
    columns = {
        "name": [p.name for p in scenario.parameters],
        "fiducial": [p.fiducial for p in scenario.parameters],
        "unit": [p.unit for p in scenario.parameters],
        "sampled_as": [p.coordinate_name for p in scenario.parameters],
        "description": [p.description for p in scenario.parameters],
    }
    return Table(columns, meta={"scenario": scenario.name, "title": scenario.title})


def datasets(name: str | None = None) -> Table | QTable:
    """All measured tables that come with crtune, or the numbers of one.

    Parameters
    ----------
    name : of a table in ``data/``, or path of an ECSV file

    Raises
    ------
    CrtuneError: no such table, or a damaged one

    Examples
    --------
    >>> import crtune
    >>> print(crtune.datasets()["name", "bins", "period"][:2])
           name       bins      period
    ----------------- ---- ---------------
        ams02_bc_2016   67 ams02_2011_2016
    ams02_bc_2016_ekn   67 ams02_2011_2016
    >>> bc = crtune.datasets("ams02_bc_2016")
    >>> bc["rigidity_low"][:2], bc.meta["doi"]
    (<Quantity [1.92, 2.15] GV>, '10.1103/PhysRevLett.117.231102')
    """
    if name is not None:
        return measurement_table(read_measurement(name))
    found = [read_measurement(name) for name in measurement_names()]
    return Table(
        {
            "name": [m.name for m in found],
            "observable": [m.observable for m in found],
            "axis": [m.axis for m in found],
            "rigidity_min": [m.rigidity_low[0] for m in found],
            "rigidity_max": [m.rigidity_high[-1] for m in found],
            "bins": [m.n_bins for m in found],
            "period": [m.period for m in found],
            "reference": [m.reference for m in found],
        },
        units={"rigidity_min": "GV", "rigidity_max": "GV"},
    )
