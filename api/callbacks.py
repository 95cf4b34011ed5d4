"""Dash's callback door: refuses bodies that Dash would stumble over, and callbacks that a wall screen may not run.

Dash takes what the client sends as it is; a wrong type becomes a KeyError deep inside. The body is looked at here once,
before Dash parses it again.
"""

import json
from collections.abc import Mapping
from typing import Any

from dash import callback_context, set_props

from api.doors import WALL_CALLBACK_MODULES, WALL_PATH, below
from api.errors import Refused, answer_to
from components.desk import page_failed, request_language
from components.notice import NOTICE_ID, notice
from data_access.scope import Viewer, current_viewer
from settings import get_settings

MAX_BYTES = 2 * 1024 * 1024
_PAGE_SWITCH = "_pages_content"


def _is_property(value: Any) -> bool:
    return (
        isinstance(value, dict) and isinstance(value.get("id"), (str, dict)) and isinstance(value.get("property"), str)
    )


def _are_properties(values: Any) -> bool:
    """A list of properties; where a callback matches a pattern, lists of them."""
    return isinstance(values, list) and all(
        _is_property(value) or (isinstance(value, list) and all(_is_property(part) for part in value))
        for value in values
    )


def read_callback(body: bytes, callback_map: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The call that is asked for.

    Raises:
        Refused: it isn't JSON, isn't a callback, or names a callback that we don't have.
    """
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("bad_callback", why="not JSON") from None
    if not isinstance(call, dict) or not isinstance(call.get("output"), str):
        raise Refused("bad_callback", why="no output")
    if "callback" not in callback_map.get(call["output"], {}):
        raise Refused("bad_callback", why="no such callback")
    changed = call.get("changedPropIds", [])
    outputs = call.get("outputs", [])
    if not (
        _are_properties(call.get("inputs", []))
        and _are_properties(call.get("state", []))
        and isinstance(changed, list)
        and all(isinstance(name, str) for name in changed)
        and (_is_property(outputs) or _are_properties(outputs))
    ):
        raise Refused("bad_callback", why="inputs, state, outputs or changedPropIds of a wrong form")
    return call


def _indices(grouping: Any) -> int:
    """How many values a grouping of indices asks for."""
    if isinstance(grouping, int):
        return grouping + 1
    parts = grouping.values() if isinstance(grouping, dict) else (grouping or ())
    return max((_indices(part) for part in parts), default=0)


def check_call(call: Mapping[str, Any], callback_map: Mapping[str, Mapping[str, Any]], viewer: Viewer) -> None:
    """Whether this viewer may make this call, and whether it brings as many values as the callback takes.

    Raises:
        Refused: it may not, or it doesn't.
    """
    entry = callback_map[call["output"]]
    given = len(call.get("inputs", [])) + len(call.get("state", []))
    if given != _indices(entry.get("inputs_state_indices")):
        raise Refused("bad_callback", why=f"{given} inputs and states")
    if viewer.kind == "user":
        return
    module = getattr(entry["callback"], "__module__", "")
    if viewer.kind != "wall" or not below(module, tuple(f"{name}*" for name in WALL_CALLBACK_MODULES)):
        raise Refused("forbidden", why=f"{viewer.kind} token asks for a callback of {module}")
    if _PAGE_SWITCH in call["output"]:
        paths = [
            part.get("value")
            for part in call["inputs"]
            if isinstance(part, dict) and part["id"] == "_pages_location" and part["property"] == "pathname"
        ]
        if paths != [WALL_PATH]:
            raise Refused("forbidden", why="wall token asks for another page")


def report_fault(error: Exception) -> Any:
    """Dash's `on_error`: a safe text with the reference.

    A fault of a part appears in the page's notice region and the outputs stay as they are; where the page itself could
    not be made, a page that says so takes its place, so that nobody looks at nothing.
    """
    viewer = current_viewer.get()
    answer = answer_to(error)
    if any(_PAGE_SWITCH in name for name in _outputs()):
        language = request_language(None)
        return page_failed(answer.message(language), answer.reference, language), {"title": "gridaudit"}
    language = viewer.language if viewer else get_settings().web.default_language
    shown = notice(answer.message(language), language, kind="late", reference=answer.reference)
    set_props(NOTICE_ID, {"children": shown})
    return None


def _outputs() -> list[str]:
    """Ids of what the running callback fills."""
    outputs = callback_context.outputs_list
    return [str(output.get("id")) for output in (outputs if isinstance(outputs, list) else [outputs])]
