"""distribution.json: what appearances a bundle's network is familiar with, written when it was trained."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from histo.errors import BundleError
from histo.pattern.distribution import GROUPS, UNITS, Distribution, Reach, names_of

SCHEMA = 1
"""Version of the file's form; another version is refused, not guessed at."""

DISTRIBUTION_FILE = "distribution.json"

_LARGEST_BYTES = 1 << 20
_REMEDY = "write it again with `python -m train distribution`, or delete it"


def distribution_bytes(distribution: Distribution) -> bytes:
    """The file's content."""
    content = {
        "schema": SCHEMA,
        "name": distribution.name,
        "weights_sha256": distribution.weights_sha256,
        "fields": distribution.fields,
        "gap": distribution.gap,
        "numbers": {
            name: {"middle": distribution.middle[name], "spread": distribution.spread[name]}
            for name in distribution.middle
        },
        "groups": {group: _reach_content(reach) for group, reach in distribution.reach.items()},
    }
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


def _reach_content(reach: Reach) -> dict[str, Any]:
    return {"distance": reach.distance, "correlation": reach.correlation.round(6).tolist()}


def load_distribution(folder: Path) -> Distribution | None:
    """What a bundle's folder tells; None where it holds no `distribution.json`.

    Raises:
        BundleError: If the file is damaged, or of another version.
    """
    path = folder / DISTRIBUTION_FILE
    if not path.exists():
        return None
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise BundleError(path, f"is larger than {_LARGEST_BYTES >> 20} MiB", _REMEDY)
        raw = path.read_bytes()
        content = json.loads(raw.decode("utf-8"))
        if content["schema"] != SCHEMA:
            raise BundleError(path, f"has schema {content['schema']!r}, not {SCHEMA}", _REMEDY)
        return _distribution(content, hashlib.sha256(raw).hexdigest())
    except OSError as error:
        raise BundleError(path, f"cannot be read ({error.strerror})", _REMEDY) from error
    except KeyError as error:
        raise BundleError(path, f"lacks {error}", _REMEDY) from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(path, f"does not hold together ({error})", _REMEDY) from error


def _distribution(content: Mapping[str, Any], sha256: str) -> Distribution:
    numbers = content["numbers"]
    if set(numbers) != set(UNITS):
        raise ValueError(f"its numbers are not {', '.join(UNITS)}")
    return Distribution(
        name=str(content["name"]),
        weights_sha256=str(content["weights_sha256"]),
        fields=int(content["fields"]),
        gap=_positive(content["gap"]),
        middle={name: _finite(numbers[name]["middle"]) for name in UNITS},
        spread={name: _positive(numbers[name]["spread"]) for name in UNITS},
        reach={group: _reach(content["groups"][group], len(names_of(group))) for group in GROUPS},
        sha256=sha256,
    )


def _reach(content: Mapping[str, Any], numbers: int) -> Reach:
    correlation = np.array(content["correlation"], np.float64)
    if correlation.shape != (numbers, numbers) or not np.isfinite(correlation).all():
        raise ValueError(f"a correlation is not a square of {numbers} x {numbers} finite numbers")
    if not np.allclose(correlation, correlation.T) or np.linalg.eigvalsh(correlation)[0] < -1e-3:
        raise ValueError("a correlation is none: not symmetric, or with a negative variance")
    return Reach(correlation, _positive(content["distance"]))


def _positive(value: object) -> float:
    number = _finite(value)
    if number <= 0:
        raise ValueError(f"{number} is not above 0")
    return number


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)
