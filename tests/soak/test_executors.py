"""Executors by name: the built-in ones, Dask and Ray as they are called, and what is said when they are missing."""

from __future__ import annotations

import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from importlib.util import find_spec
from operator import neg
from types import ModuleType
from typing import Any, ClassVar

import pytest

from hardtalk.cli.main import run
from hardtalk.soak.executors import NotInstalled, executor


def doubled(number: int) -> int:
    return 2 * number


@pytest.mark.parametrize("name", ["processes", "threads"])
def test_what_is_built_in(name: str) -> None:
    with executor(name, 2) as pool:
        assert isinstance(pool, Executor)
        assert [each.result() for each in [pool.submit(neg, number) for number in range(4)]] == [0, -1, -2, -3]


class Client:
    """What `distributed.Client` does for us, with threads."""

    made: ClassVar[list[tuple[int, int]]] = []

    def __init__(self, n_workers: int, threads_per_worker: int) -> None:
        self.made.append((n_workers, threads_per_worker))
        self._pool = ThreadPoolExecutor(n_workers)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def get_executor(self) -> Executor:
        return self._pool


def test_dask_gives_its_executor(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("distributed")
    module.Client = Client
    monkeypatch.setitem(sys.modules, "distributed", module)
    with executor("dask", 3) as pool:
        assert pool.submit(doubled, 4).result() == 8
    assert Client.made == [(3, 1)]


class Remote:
    def __init__(self, function: Any) -> None:
        self._function = function

    def remote(self, *args: Any, **kwargs: Any) -> Remote:
        self._answer = self._function(*args, **kwargs)
        return self

    def future(self) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(self._answer)
        return future


def test_rays_references_are_futures(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("ray")
    calls: list[str] = []
    module.remote = Remote
    module.init = lambda num_cpus, ignore_reinit_error: calls.append(f"init {num_cpus}")
    module.shutdown = lambda: calls.append("shutdown")
    monkeypatch.setitem(sys.modules, "ray", module)
    with executor("ray", 2) as pool:
        assert pool.submit(doubled, 5).result() == 10
    assert calls == ["init 2", "shutdown"]


@pytest.mark.parametrize(("name", "module"), [("dask", "distributed"), ("ray", "ray")])
def test_what_is_missing_is_told(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if find_spec(module) is not None:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(NotInstalled, match="pip install"), executor(name, 1):
        pass
    assert run(["soak", "--cycles", "1000", "--executor", name]) == 2
    assert "is not installed" in capsys.readouterr().err


def test_no_such_executor(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["soak", "--executor", "cloud"]) == 2
    assert "Choose one of processes, threads, dask, ray" in capsys.readouterr().err
