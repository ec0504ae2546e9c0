"""The protected frame: what tables, figures and ``record`` alone accept.

Only the ``protect_…`` functions of this room make one::

    exits = protect_counts(table, ["n_exits"], policy, by=["year"])
    require_protected(exits).frame        # a copy: changing it changes nothing

What stands against a slip: no constructor, no subclass, no attribute that can be set, no pickle,
and a copy is the same object. The content lies in a registry of this module, so that an instance
made around the constructor has none and is refused. Python cannot stop someone who imports this
module's private names on purpose; a test holds that no other room does.
"""

from typing import Any, Never, NoReturn
from weakref import WeakKeyDictionary

import pandas as pd

from watwerkt.disclosure.policy import Policy
from watwerkt.errors import DisclosureError

HIDDEN = "·"
MAX_ROWS = 60
_WAYS = "protect_counts, _shares, _distribution, _means, _curve or _estimates (watwerkt.disclosure)"
_TOKEN = object()


class Protected:
    """A frame that may be shown. Read ``frame``; it cannot be changed, subclassed or built.

    Attributes
    ----------
    frame : a copy of the protected table; ``<NA>`` where a figure is suppressed.
    kind : ``counts``, ``shares``, ``means``, ``curve``, ``estimates`` or ``aggregates``.
    policy_version : the version of the policy that it went through.
    is_synthetic : whether it must be marked as made of synthetic data.
    n_suppressed : figures suppressed in it.
    """

    __slots__ = ("__weakref__",)

    def __new__(cls, *args: Any, **kwargs: Any) -> "Protected":
        """Refuse, unless called by this room."""
        if not args or args[0] is not _TOKEN:
            raise DisclosureError(f"a protected frame is made by {_WAYS}, not by hand")
        return super().__new__(cls)

    def __init_subclass__(cls, **kwargs: Any) -> NoReturn:
        raise DisclosureError(f"{cls.__name__}: Protected cannot be subclassed")

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise DisclosureError(f"a protected frame cannot be changed ({name}); protect a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise DisclosureError(f"a protected frame cannot be changed ({name}); protect a new one")

    def __copy__(self) -> "Protected":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Protected":
        return self

    def __reduce_ex__(self, protocol: Any) -> Never:
        raise DisclosureError("a protected frame is not pickled; write_released() writes it")

    @property
    def frame(self) -> pd.DataFrame:
        """A copy of the table, one row per key."""
        return _content(self)["frame"].copy(deep=True)

    @property
    def kind(self) -> str:
        """Which door it came through."""
        return _content(self)["kind"]

    @property
    def policy_version(self) -> str:
        """The version of the policy that it went through."""
        return _content(self)["policy_version"]

    @property
    def is_synthetic(self) -> bool:
        """Whether it must be marked as made of synthetic data."""
        return _content(self)["is_synthetic"]

    @property
    def n_suppressed(self) -> int:
        """Figures suppressed in it."""
        return _content(self)["n_suppressed"]

    def __repr__(self) -> str:
        return f"{_caption(self)}\n{_dashed(self).to_string(index=False, max_rows=MAX_ROWS)}"

    def _repr_html_(self) -> str:
        table = _dashed(self).to_html(index=False, border=0, max_rows=MAX_ROWS)
        return f"{table}\n<p>{_caption(self)}</p>"


_CONTENTS: WeakKeyDictionary[Protected, dict[str, Any]] = WeakKeyDictionary()


def require_protected(candidate: object) -> Protected:
    """``candidate`` itself, if it is a protected frame; ``DisclosureError`` says what to call."""
    if type(candidate) is not Protected:
        raise DisclosureError(
            f"only a protected frame may be shown or recorded, not a {type(candidate).__name__}: "
            f"call {_WAYS} first"
        )
    _content(candidate)
    return candidate


def _seal(frame: pd.DataFrame, kind: str, policy: Policy, n_suppressed: int) -> Protected:
    """Wrap ``frame``, which the caller in this room has made safe to show."""
    return _hold(
        {
            "frame": _bare(frame),
            "kind": kind,
            "policy_version": policy.version,
            "is_synthetic": policy.is_synthetic,
            "n_suppressed": n_suppressed,
        }
    )


def _reseal(protected: Protected, frame: pd.DataFrame, n_suppressed: int) -> Protected:
    """Wrap a part of what is in ``protected``."""
    return _hold(_content(protected) | {"frame": _bare(frame), "n_suppressed": n_suppressed})


def _hold(content: dict[str, Any]) -> Protected:
    protected = Protected(_TOKEN)
    _CONTENTS[protected] = content
    return protected


def _bare(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy with nothing behind the cells: no attributes, index or categories that no row has."""
    bare = frame.reset_index(drop=True).copy(deep=True)
    bare.attrs = {}
    unused = bare.select_dtypes("category").apply(lambda c: c.cat.remove_unused_categories())
    return bare.assign(**{str(name): unused[name] for name in unused})


def _content(protected: Protected) -> dict[str, Any]:
    try:
        return _CONTENTS[protected]
    except KeyError:
        raise DisclosureError(f"this frame was not made by {_WAYS}") from None


def _dashed(protected: Protected) -> pd.DataFrame:
    frame = _content(protected)["frame"]
    return frame.astype(object).where(frame.notna(), HIDDEN)


def _caption(protected: Protected) -> str:
    content = _content(protected)
    synthetic = " · synthetic data / synthetische gegevens" if content["is_synthetic"] else ""
    return (
        f"Protected {content['kind']} · {content['n_suppressed']} suppressed ({HIDDEN}) · "
        f"policy {content['policy_version']}{synthetic}"
    )
