"""What a sequence may consist of: calls of the registry's API, over few names, so that they meet."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

# Stands before each model's name, so that no two sequences share a model.
PREFIX = "{prefix}"

MODELS = [f"{PREFIX}-{name}" for name in ("a", "b", "c")]
TEXTS = ["", "first", "second line\nand Größe 日本語", "'quoted' % _ \\"]
STAGES = ["None", "Staging", "staging", "PRODUCTION", "Production", "Archived", "Deleted_Internal", "other"]
ALIASES = ["champion", "challenger", "Champion", "latest", "v1", "", "a b"]
TAG_KEYS = ["team", "Team", "a/b", "a b", "", "mlflow.prompt.is_prompt", "bad\tkey", "../up"]
TAG_VALUES = ["", "red", "Red", "true", "x" * 5001]
SOURCES = [
    "s3://bucket/model",
    "s3://bucket/other/model",
    *(f"models:/{model}/{version}" for model in MODELS[:2] for version in ("1", "2")),
    f"models:/{MODELS[0]}@champion",
    "/etc/passwd",
]


@dataclass(frozen=True)
class Call:
    """A request. Its texts may hold the place of the prefix."""

    method: str
    path: str
    fields: dict[str, Any] = field(default_factory=dict)

    def of_sequence(self, prefix: str) -> dict[str, Any]:
        return _with_prefix(self.fields, prefix)


def _with_prefix(value: Any, prefix: str) -> Any:
    if isinstance(value, dict):
        return {name: _with_prefix(item, prefix) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_prefix(item, prefix) for item in value]
    return value.replace(PREFIX, prefix) if isinstance(value, str) else value


def _call(method: str, path: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    """A field of which None is drawn is left out."""
    drawn = st.fixed_dictionaries(fields)
    return drawn.map(
        lambda values: Call(method, path, {name: item for name, item in values.items() if item is not None})
    )


def _mostly(good: list[Any], all_of_them: list[Any]) -> st.SearchStrategy[Any]:
    """What is good three times out of four, so that a sequence gets somewhere."""
    return st.integers(0, 3).flatmap(lambda number: st.sampled_from(good if number else all_of_them))


model = _mostly(MODELS[:2], [*MODELS, "", " ", "a/b", "no such model"])
version = _mostly(
    ["1", "2"], ["1", "2", "3", "4", "0", "-1", "01", " 1 ", "1_0", "99999999999", "one", "", "1.0"]
)
alias = _mostly(ALIASES[:2], ALIASES)
tag_key = _mostly(TAG_KEYS[:2], TAG_KEYS)
tag_value = _mostly(TAG_VALUES[:3], TAG_VALUES)
text = st.sampled_from([None, *TEXTS])
tags = st.none() | st.lists(st.fixed_dictionaries({"key": tag_key, "value": tag_value}), max_size=3)

CREATE_MODEL = _call("POST", "registered-models/create", name=model, description=text, tags=tags)
CREATE_VERSION = _call(
    "POST",
    "model-versions/create",
    name=model,
    source=_mostly(SOURCES[:2], SOURCES),
    description=text,
    run_link=st.sampled_from([None, None, "", "https://example.org/run"]),
    tags=tags,
)
TRANSITION = _call(
    "POST",
    "model-versions/transition-stage",
    name=model,
    version=version,
    stage=_mostly(["Staging", "Production", "Archived"], STAGES),
    archive_existing_versions=st.booleans(),
)

CHANGES = [
    CREATE_MODEL,
    CREATE_VERSION,
    CREATE_VERSION,
    TRANSITION,
    TRANSITION,
    _call("POST", "registered-models/alias", name=model, alias=alias, version=version),
    _call("POST", "registered-models/alias", name=model, alias=alias, version=version),
    _call("DELETE", "registered-models/alias", name=model, alias=alias),
    _call("POST", "registered-models/set-tag", name=model, key=tag_key, value=tag_value),
    _call("DELETE", "registered-models/delete-tag", name=model, key=tag_key),
    _call("POST", "model-versions/set-tag", name=model, version=version, key=tag_key, value=tag_value),
    _call("DELETE", "model-versions/delete-tag", name=model, version=version, key=tag_key),
    _call("PATCH", "registered-models/update", name=model, description=text),
    _call("PATCH", "model-versions/update", name=model, version=version, description=text),
    _call("DELETE", "model-versions/delete", name=model, version=version),
    _call("DELETE", "registered-models/delete", name=model),
    _call("POST", "registered-models/rename", name=model, new_name=_mostly(MODELS, ["", "a:b", *MODELS])),
]

READS = [
    _call("GET", "registered-models/get", name=model),
    _call("GET", "registered-models/alias", name=model, alias=alias),
    _call("GET", "model-versions/get", name=model, version=version),
    _call("GET", "model-versions/get-download-uri", name=model, version=version),
    _call(
        "POST",
        "registered-models/get-latest-versions",
        name=model,
        stages=st.lists(st.sampled_from(STAGES), max_size=2),
    ),
]

# Three changes for each read: what a change does is looked at in the database, too.
call = st.integers(0, 3).flatmap(lambda number: st.one_of(CHANGES if number else READS))

BEGINNING = [
    Call("POST", "registered-models/create", {"name": MODELS[0]}),
    Call("POST", "model-versions/create", {"name": MODELS[0], "source": SOURCES[0]}),
    Call("POST", "model-versions/create", {"name": MODELS[0], "source": SOURCES[1]}),
    Call("POST", "registered-models/alias", {"name": MODELS[0], "alias": ALIASES[0], "version": "1"}),
]

# Most begin with something there already: calls about nothing tell little.
sequence = st.builds(
    lambda length, calls: BEGINNING[:length] + calls,
    _mostly([3, 4], [0, 1]),
    st.lists(call, min_size=4, max_size=20),
)

# What the API shows in the end, beside what the database holds.
ENDING = [
    Call("GET", "registered-models/search", {"filter": f"name LIKE '{PREFIX}-%'"}),
    Call(
        "GET",
        "registered-models/search",
        {"filter": "tags.`mlflow.prompt.is_prompt` = 'true' AND name LIKE '{prefix}-%'"},
    ),
    Call("GET", "model-versions/search", {"filter": f"name LIKE '{PREFIX}-%'"}),
    Call(
        "GET",
        "model-versions/search",
        {"filter": f"name LIKE '{PREFIX}-%' AND tags.team != 'red'", "order_by": "creation_timestamp DESC"},
    ),
]
