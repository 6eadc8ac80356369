"""A config with another prior set or another transport, as a file and folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.config.load import Config, load_config, with_overrides
from pipeline.from_config import build_problem
from priors.sets import prior_set_path
from transport.errors import CrtuneError
from transport.full.effects import effects_of, label_of


def with_priors(config: Config, name: str, overrides: Sequence[str] = ()) -> Config:
    """NAME.toml with another prior set: NAME_SET.toml beside it (itself if it has this set).

    Parameters
    ----------
    overrides : ``section.key=value`` that are applied and not written

    Raises
    ------
    CrtuneError: an unknown set, or a file of that name that is something else
    """
    source = prior_set_path(name)
    if prior_set_path(config.priors) == source:
        return config
    if Path(name).stem != name:  # given as a path
        name = str(source.resolve())
    stem = Path(name).stem
    return _variant(config, f"priors={name}", stem, f"the priors {stem}", overrides)


def with_transport(config: Config, transport: str, overrides: Sequence[str] = ()) -> Config:
    """NAME.toml with another transport: NAME_full.toml beside it (itself if it has this one).

    Parameters
    ----------
    transport : ``paper``, ``full`` or effects with commas

    Raises
    ------
    CrtuneError: an unknown effect, one that the scenario cannot have, or a file of that name that
        is something else
    """
    try:
        label = label_of(effects_of(transport))
    except CrtuneError as error:
        raise CrtuneError(f"--transport {transport}: {error}") from None
    if config.transport == label:
        return config
    suffix = label.replace(",", "_")
    return _variant(config, f"transport={label}", suffix, f"the transport {label}", overrides)


def _variant(config, override, suffix, what, overrides):
    plain = with_overrides(load_config(config.path), [override])
    path = config.path.with_name(f"{config.path.stem}_{suffix}.toml")
    if path.exists():
        if load_config(path).to_toml() != plain.to_toml():
            raise CrtuneError(
                f"{path}: exists, but differs from {config.path.name} with {what}; "
                "use it by its own name, or move it away"
            )
    else:
        build_problem(plain)  # before anything is left behind that no run could be made of
        text = f"# {config.path.name} with {what}, written for its run\n" + plain.to_toml()
        path.write_text(text, encoding="utf-8")
    return with_overrides(load_config(path), overrides)
