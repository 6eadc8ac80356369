"""A study of many cases on local cores, resumable, one case per worker at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from tqdm import tqdm

from pipeline.cli import Share
from pipeline.config.load import load_config
from pipeline.exit_codes import EXIT_FAILED, EXIT_NOT_CONVERGED, EXIT_OK, EXIT_REQUEUE
from pipeline.provenance import origin_remark
from pipeline.tuning.measures.evidence import Evidence
from pipeline.tuning.measures.measure import default_groups, groups, groups_for_parts
from pipeline.tuning.study import store
from pipeline.tuning.study.cases import Case, cases_of
from pipeline.tuning.study.choices import RANGES, SELECTIONS
from pipeline.tuning.study.forecast import Forecast
from pipeline.tuning.study.plan import Task, config_paths, why_not
from pipeline.tuning.study.study import Study, StudySettings
from transport.errors import CrtuneError, CrtuneWarning
from transport.full.effects import PAPER, effects_of, label_of
from transport.suggest import suggest

_BAR = "{percentage:3.0f}% {n_fmt}/{total_fmt} cases [{elapsed}{postfix}]"
_REFRESH = 5.0  # seconds between two looks at the bar
_told = None  # of a worker: where it says what it has begun


def select_cases(
    runs=(),
    priors=None,
    ranges=None,
    selections=None,
    measures=None,
    transports=None,
    variants=None,
) -> list[Case]:
    """The cases of some configs, all data first, so that headlines come early.

    Parameters
    ----------
    runs : paths of configs; all in ``runs/`` if there are none
    priors, transports, variants, ranges, selections : names; None takes the config's own set and
        transport, the plain case, and all of the others

    Raises
    ------
    CrtuneError: an unknown name, a bad config, no case left, a variant that a run cannot have
    """
    _check("--ranges", ranges, RANGES)
    _check("--selections", selections, SELECTIONS)
    _check("--measures", measures, groups())
    paths = config_paths(runs)
    for_parts = groups_for_parts()
    if measures and not set(measures) & set(for_parts):
        selections = [s for s in selections or SELECTIONS if s == "both"]
        if not selections:
            raise CrtuneError(
                f"--measures {','.join(measures)}: of protons or B/C alone only "
                f"{' and '.join(for_parts)} are made; the others need --selections both"
            )
    chosen = [
        case
        for path in paths
        for case in cases_of(
            load_config(path),
            selections or tuple(SELECTIONS),
            ranges or tuple(RANGES),
            priors,
            transports and [_label(name) for name in transports],
            tuple(variants or ("",)),
        )
    ]
    # tell mistakes at once: in each prior set, and what a scenario cannot have
    told = {}
    for case in chosen:
        plain = case.transport == PAPER and not case.variant
        key = (case.priors, case.transport, case.variant, None if plain else case.run.path)
        told.setdefault(key, case)
    for case in told.values():
        if case.variant and (reason := why_not(case)):
            raise CrtuneError(f"--variant {case.variant}: {reason}")
        case.problem()
    order = list(SELECTIONS)
    chosen.sort(key=lambda case: order.index(case.selection))
    if not chosen:
        raise CrtuneError(
            f"no case is left: none of {', '.join(map(str, paths))} has data for the ranges and "
            "selections asked for"
        )
    return chosen


def _label(transport: str) -> str:
    try:
        return label_of(effects_of(transport))
    except CrtuneError as error:
        raise CrtuneError(f"--transport {transport}: {error}") from None


def tasks_of(
    cases: Sequence[Case], measures: Sequence[str] | None = None, seeds: int = 2
) -> list[Task]:
    """The same measures of all cases.

    Raises
    ------
    CrtuneError: no seed
    """
    if seeds < 1:
        raise CrtuneError(f"--seeds {seeds}: should be at least 1")
    settings = StudySettings(seeds=tuple(range(1, seeds + 1)))
    return [Task(case, tuple(measures or default_groups()), settings) for case in cases]


def run_study(tasks: Sequence[Task], workers: int = 2) -> int:
    """Make what is missing of the tasks; returns an exit code of scripts/fine_tuning.py.

    One case that fails does not stop the others; the failures are told at the end.

    Raises
    ------
    CrtuneError: something failed
    """
    if not tasks:
        print("nothing to do")
        return EXIT_OK
    if workers < 1:
        raise CrtuneError(f"--workers {workers}: should be at least 1")
    for folder in dict.fromkeys(task.case.folder for task in tasks):
        _refuse_unwritable(folder)
    failures, ahead = [], Forecast(tasks, workers)
    if remark := origin_remark():
        print(remark)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, _out_of_time)
    context = multiprocessing.get_context("spawn")
    told = context.SimpleQueue()
    pool = ProcessPoolExecutor(min(workers, len(tasks)), context, _ready, (told,))
    try:
        futures = {pool.submit(_make, task, os.getpid()): task for task in tasks}
        with tqdm(total=len(tasks), unit="case", dynamic_ncols=True, bar_format=_BAR) as bar:
            stages = {}
            threading.Thread(target=_collect, args=(told, stages), daemon=True).start()
            threading.Thread(target=_show, args=(bar, ahead, stages), daemon=True).start()
            for future in as_completed(futures):
                case = futures[future].case
                try:
                    made, seconds = future.result()
                    ahead.done(futures[future], seconds if made else 0.0)
                    bar.write(f"{case}: {made or 'nothing to do'} ({seconds:.0f} s)")
                except CrtuneError as error:
                    failures.append(f"{case}: {error}")
                    bar.write(failures[-1])
                bar.update()
    except BrokenProcessPool:
        print("a worker died (out of memory?); the same command goes on with what is missing")
        return EXIT_FAILED
    except (KeyboardInterrupt, _OutOfTimeError) as stop:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        if isinstance(stop, _OutOfTimeError):
            return EXIT_REQUEUE
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    if failures:
        raise CrtuneError(f"{len(failures)} of {len(tasks)} cases failed:\n" + "\n".join(failures))
    made = {str(t.case): t.case for t in tasks if set(t.groups) - {"acceptable"}}
    unfinished = [name for name, case in made.items() if not _converged(case)]
    for case in unfinished:
        print(f"*** NOT CONVERGED *** {case}: its posterior has too few effective draws")
    return EXIT_NOT_CONVERGED if unfinished else 0


def dealt(tasks: Sequence[Task], share: Share | None) -> list[Task]:
    """All tasks, or those of a share of the cases: of one of many that work side by side, and
    never write the same results."""
    first, count = share or Share()
    mine = set(list(dict.fromkeys(str(task.case) for task in tasks))[first::count])
    return [task for task in tasks if str(task.case) in mine]


class _OutOfTimeError(Exception):
    """SIGUSR1: a scheduler is about to end this process."""


def _out_of_time(number, frame):
    raise _OutOfTimeError


def _refuse_unwritable(folder: Path) -> None:
    """Before hours of work whose results could not be kept."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise CrtuneError(
            f"{folder}: cannot be written (no permission in {there}); results need a folder with "
            "write permission"
        )


def _collect(told, stages) -> None:
    """What each worker has begun, as long as this process lives.

    Nothing ends it: a worker that is killed may keep the queue's lock.
    """
    while True:
        worker, stage = told.get()
        stages[worker] = stage


def _show(bar, ahead, stages) -> None:
    """Time left and stages behind the bar, kept up to date until it closes."""
    while not bar.disable:
        bar.set_postfix_str("; ".join(filter(None, (ahead.text(), *list(stages.values())))))
        time.sleep(_REFRESH)


def _ready(told) -> None:
    """In a worker: Ctrl-C is the parent's to answer, and no lock may outlive a worker."""
    global _told
    _told = told
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore", CrtuneWarning)  # the parent has built a problem too
    tqdm.set_lock(threading.RLock())


def _make(task: Task, parent: int) -> tuple[str, float]:
    """In a worker: one case; in a few words what was made, and how many seconds it took."""
    case, begun, made = task.case, time.monotonic(), []

    def tell(text):
        if os.getppid() != parent:  # killed: what is being made would be nobody's
            os._exit(EXIT_FAILED)
        made.append(text)
        _told.put((os.getpid(), f"{case}: {text}"))

    try:
        Study(case, task.settings, tell).make(task.groups)
    except CrtuneError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise CrtuneError(
            f"{where}{error.strerror or error}; check space and permissions"
        ) from error
    except Exception as error:  # a bug, e.g. of somebody's scenario, must not stop the other cases
        raise CrtuneError(f"a bug:\n{traceback.format_exc()}") from error
    finally:
        _told.put((os.getpid(), ""))
    return ", ".join(made), time.monotonic() - begun


def _converged(case: Case) -> bool:
    evidence = store.load(case.folder / "evidence.h5", Evidence)
    return evidence is None or evidence.converged


def _check(option, names, known):
    for name in names or ():
        if name not in known:
            raise CrtuneError(
                f"{option} {name}: unknown{suggest(name, known)}; known: {', '.join(known)}"
            )
