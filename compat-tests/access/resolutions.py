"""What stock MLflow makes of grants: its own functions decide cases that are drawn at random."""

import json
import random
import sys
import types
from typing import Any

from harness.environments import REPOSITORY

# The file that flowkeep's own test reads, written by `python -m access.resolutions`.
RECORDED = REPOSITORY / "src" / "access" / "tests" / "resolutions.jsonl"

CASES = 1_000

TYPES = ["experiment", "run", "registered_model", "prompt", "registered_model_version", "workspace"]
LEVELS = ["READ", "USE", "EDIT", "MANAGE", "DENY"]
DEFAULTS = ["READ", "USE", "EDIT", "MANAGE", "NO_PERMISSIONS", "DENY"]
ACTIONS = ["read", "use", "update", "delete", "manage", "not_denied"]


def resolve() -> list[str]:
    """Decides all cases, and returns each as a line of JSON."""
    requirements = _requirements()
    draw = random.Random(20261128)
    return [json.dumps(_case(draw, requirements), separators=(",", ":")) for _ in range(CASES)]


def _requirements() -> Any:
    # The package asks for a form library that has no part in this.
    forms = types.ModuleType("flask_wtf.csrf")
    forms.CSRFProtect = object
    sys.modules.setdefault("flask_wtf", types.ModuleType("flask_wtf"))
    sys.modules.setdefault("flask_wtf.csrf", forms)
    from mlflow.server.auth import requirements

    return requirements


def _case(draw: random.Random, requirements: Any) -> dict[str, Any]:
    from mlflow.server.auth.permissions import TYPE, PatternKind, get_permission
    from mlflow.server.auth.sqlalchemy_store import RoleGrantRow

    def pattern(resource_type: str) -> str:
        # A row that no call would write, but a hand on the database, is in between.
        takes_ids = PatternKind.ID in TYPE[resource_type] or draw.random() < 0.1
        return draw.choice(["*", "1", "2"]) if takes_ids else "*"

    grants = []
    for _ in range(draw.randrange(5)):
        resource_type = draw.choice(TYPES)
        grants.append(RoleGrantRow(resource_type, pattern(resource_type), draw.choice(LEVELS)))
    default = draw.choice(DEFAULTS)
    rungs = []
    for _ in range(draw.randrange(1, 4)):
        resource_type = draw.choice(TYPES[:-1])
        resource_id = draw.choice(["1", "2"]) if PatternKind.ID in TYPE[resource_type] else "*"
        rungs.append((resource_type, resource_id, draw.choice(ACTIONS)))
    own, *others = rungs
    requirement = requirements.Requirement(
        *own, fallback_if_no_grant=tuple(requirements.Requirement(*rung) for rung in others)
    )
    # An administrator of the workspace has everything, as in resolve_permissions.
    keys = requirements.requirement_to_grant_load_keys(requirement)
    if any(requirements.is_workspace_admin_grant(grant) for grant in grants):
        found = dict.fromkeys(keys, get_permission("MANAGE"))
    else:
        found = {key: requirements.fold_grants_for_key(grants, key) for key in keys}
    permission, action = requirements.governing_permission_and_action(
        requirement, found, default, get_permission(default)
    )
    return {
        "grants": [list(grant) for grant in grants],
        "default": default,
        "rungs": [list(rung) for rung in rungs],
        "permission": permission.name,
        "met": requirements.action_met(action, permission),
    }


if __name__ == "__main__":
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text("\n".join(resolve()) + "\n")
