"""What a scenario's transport must give: the same terms for every species, one value for each."""

import numpy as np
import pytest

from transport.errors import CrtuneError
from transport.residence import ResidenceScenario
from transport.shared_parameters import COLUMN, E_CR, GAMMA_INJ, RADIUS

R = np.array([1.0, 10.0])


class Wind(ResidenceScenario):
    """f(0) = Q / V."""

    name, title = "wind", "test"
    parameters = (E_CR, GAMMA_INJ, RADIUS, COLUMN)
    speed = 3e6

    def transport(self, v, rigidity):
        return None, lambda species, flux: self.terms(species, np.full(flux.shape, 1 / self.speed))

    def terms(self, species, residence):
        return {"wind": residence}


class OneValue(Wind):
    def terms(self, species, residence):
        return {"wind": residence[:, 0]}


class OtherTerms(Wind):
    def terms(self, species, residence):
        return {f"wind of {species.name}": residence}


class NoColumn(Wind):
    parameters = Wind.parameters[:-1]


class NoRadius(Wind):
    parameters = (E_CR, GAMMA_INJ, COLUMN)


class OwnSource(NoRadius):
    def source(self, v, rigidity):
        return np.ones((len(v["column"]), len(rigidity)))


@pytest.mark.parametrize("transport", ["paper", "destruction"])
@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        (OneValue, r"wind: the term 'wind' of proton has the shape \(1,\)"),
        (OtherTerms, r"wind: carbon has the terms wind of carbon, others wind of proton"),
    ],
)
def test_terms_that_do_not_fit(scenario, words, transport):
    made = scenario().with_transport(transport)
    with pytest.raises(CrtuneError, match=words):
        made.spectra(made.fiducial(), R)


@pytest.mark.parametrize(("scenario", "missing"), [(NoColumn, "column"), (NoRadius, "r")])
def test_parameters_that_every_scenario_has(scenario, missing):
    with pytest.raises(CrtuneError, match=f"wind: the parameter {missing} is missing"):
        scenario()


def test_what_fits():
    for made in (Wind(), OwnSource()):
        spectra = made.spectra(made.fiducial(), R)
        assert np.all(spectra.proton > 0)
        assert not spectra.terms  # there is but one
