"""Keeps prompts in the registry: registers, loads, labels and finds them, and links them to runs."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

MAJOR = int(mlflow.__version__.split(".")[0])

client = MlflowClient()
# The functions moved between the two clients.
prompts = mlflow.genai if MAJOR >= 3 else mlflow


def attempt(call: Callable[[], Any]) -> Any:
    try:
        return f"worked: {call()}"
    except MlflowException as error:
        return error.error_code


def prompt_facts(prompt: Any) -> dict[str, Any]:
    return {
        "name": prompt.name,
        "version": int(prompt.version),
        "template": prompt.template,
        "message": prompt.commit_message,
        "uri": prompt.uri,
        "variables": sorted(prompt.variables),
    }


def both() -> dict[str, Any]:
    """What both clients can do."""
    # The older client has tags for all versions at once, and calls those of a version metadata.
    author = {"tags": {"author": "ada"}} if MAJOR >= 3 else {"version_metadata": {"author": "ada"}}
    first = prompts.register_prompt("greeting", "Hello {{name}}", commit_message="A start", **author)
    second = prompts.register_prompt("greeting", "Good {{time}}, {{name}}: 日本語", commit_message="Politer")
    prompts.register_prompt("farewell", "Bye")
    prompts.set_prompt_alias("greeting", "production", 1)
    prompts.set_prompt_alias("greeting", "production", 2)
    prompts.set_prompt_alias("greeting", "old", 1)
    client.create_registered_model("a model")
    loaded = {
        "by version": prompts.load_prompt("greeting", version=1),
        "by uri": prompts.load_prompt("prompts:/greeting/2"),
        "by alias": prompts.load_prompt("prompts:/greeting@production"),
    }
    prompts.delete_prompt_alias("greeting", "old")
    with mlflow.start_run(run_name="with a prompt") as run:
        pass
    link = client.link_prompt_version_to_run if MAJOR >= 3 else client.log_prompt
    link(run.info.run_id, "prompts:/greeting/1")
    model_versions = client.search_model_versions(
        "name = 'greeting' AND tags.`mlflow.prompt.is_prompt` = 'true'"
    )
    return {
        "registered": [prompt_facts(prompt) for prompt in (first, second)],
        "loaded": {way: prompt_facts(prompt) for way, prompt in loaded.items()},
        "filled": loaded["by alias"].format(name="Zoë", time="day"),
        "run_id": run.info.run_id,
        # The older client keeps the link with the prompt, the newer one with the run.
        "prompts of the run": [
            prompt_facts(prompt) for prompt in client.list_logged_prompts(run.info.run_id)
        ],
        "run tags": client.get_run(run.info.run_id).data.tags,
        "author": (loaded["by version"].tags if MAJOR >= 3 else loaded["by version"].version_metadata)[
            "author"
        ],
        "models": [model.name for model in client.search_registered_models()],
        "prompts as models": [
            model.name for model in client.search_registered_models("tags.`mlflow.prompt.is_prompt` = 'true'")
        ],
        "versions as models": [version.name for version in client.search_model_versions()],
        "versions": sorted(str(version.version) for version in model_versions),
        "deleted alias": attempt(lambda: prompts.load_prompt("prompts:/greeting@old")),
        "unknown version": attempt(lambda: prompts.load_prompt("greeting", version=9)),
        "unknown name": attempt(lambda: prompts.load_prompt("unknown", version=1)),
        "name of a model": attempt(lambda: prompts.register_prompt("a model", "x")),
        "model of a prompt's name": attempt(lambda: client.create_registered_model("greeting")),
        "prompt as a model": attempt(lambda: client.get_registered_model("greeting").name),
    }


def newer() -> dict[str, Any]:
    """What only the newer client has."""
    chat = [{"role": "system", "content": "Be {{style}}."}, {"role": "user", "content": "{{question}}"}]
    structured = prompts.register_prompt(
        "chat",
        chat,
        response_format={"type": "object", "properties": {"answer": {"type": "string"}}},
        model_config={"model_name": "small", "temperature": 0.5},
    )
    prompts.set_prompt_tag("chat", "team", "growth")
    prompts.set_prompt_tag("chat", "team", "core")
    prompts.set_prompt_tag("chat", "dropped", "x")
    prompts.delete_prompt_tag("chat", "dropped")
    prompts.set_prompt_version_tag("chat", 1, "state", "trial")
    prompts.set_prompt_version_tag("chat", 1, "dropped", "x")
    prompts.delete_prompt_version_tag("chat", 1, "dropped")
    loaded = prompts.load_prompt("chat", version=1)
    client.delete_prompt_version("farewell", "1")
    client.delete_prompt("farewell")
    return {
        "template": loaded.template,
        "is text": loaded.is_text_prompt,
        "response format": structured.response_format,
        "model config": loaded.model_config,
        # The client adds tags of its own, from a thread that nobody waits for.
        "tags": {key: prompts.get_prompt_tags("chat").get(key) for key in ("team", "dropped")},
        "version tags": loaded.tags,
        "found": [prompt.name for prompt in prompts.search_prompts()],
        "found by name": [prompt.name for prompt in prompts.search_prompts("name = 'chat'")],
        "found by tag": [prompt.name for prompt in prompts.search_prompts("tags.team = 'core'")],
        "page": [prompt.name for prompt in prompts.search_prompts(max_results=1)],
        "versions": sorted(prompt.version for prompt in client.search_prompt_versions("greeting")),
        "missing": prompts.load_prompt("unknown", version=1, allow_missing=True),
        "deleted": attempt(lambda: prompts.load_prompt("farewell", version=1)),
    }


def main() -> None:
    mlflow.set_experiment("prompts")
    facts = {"both": both(), "newer": newer() if MAJOR >= 3 else {}}
    Path(sys.argv[1]).write_text(json.dumps(facts))


if __name__ == "__main__":
    main()
