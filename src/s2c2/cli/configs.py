"""``s2c2 config``: the resolved defaults and their schema."""

import json
from pathlib import Path
from typing import Annotated

import typer

Preset = Annotated[
    str, typer.Option("--preset", help="starting point: cpu, demo, features, recommended, finetune, paper")
]
"""Which of :data:`s2c2.config.PRESETS` a command starts from."""

app = typer.Typer(help="Show the configuration.", no_args_is_help=True)


@app.command()
def show(
    pairs: Annotated[list[str] | None, typer.Argument(metavar="[key=value]…")] = None,
    conf: Annotated[Path | None, typer.Option("-c", "--config", help="YAML file")] = None,
    preset: Preset = "cpu",
) -> None:
    """Print the resolved configuration as YAML."""
    from s2c2 import config

    values = config.preset(preset)
    values = config.merged(values, config.read(conf) if conf else {})
    values = config.merged(values, config.assignments(pairs or []))
    print(config.dump(config.resolve(values)), end="")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a configuration."""
    from s2c2.config import Config

    print(json.dumps(Config.model_json_schema(), indent=2))
