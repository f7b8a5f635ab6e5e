"""The cycle models that latencies are measured with, and what `all` stands for."""

from typing import Final

ARM926: Final = "arm926"
CACHED_MODELS: Final = ("arm926-warm", "arm926-cold")
ALL_MODELS: Final = "all"


def models_of(model: str) -> tuple[str, ...]:
    """The models that a name stands for."""
    return (ARM926, *CACHED_MODELS) if model == ALL_MODELS else (model,)
