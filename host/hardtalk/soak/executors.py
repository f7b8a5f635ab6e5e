"""Where boards are run: an executor of concurrent.futures, by name. Dask and Ray are imported when asked for."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from hardtalk.tasks.worker_pool import WorkerPool

EXECUTORS: Final = ("processes", "threads", "dask", "ray")


class NotInstalled(Exception):
    """The text names the package and the remedy."""


class RayExecutor(Executor):
    """Ray's remote functions as an executor; its futures are those of concurrent.futures already."""

    def __init__(self, ray: ModuleType, jobs: int) -> None:
        self._ray = ray
        self._ray.init(num_cpus=jobs, ignore_reinit_error=True)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = self._ray.remote(fn).remote(*args, **kwargs).future()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._ray.shutdown()


@contextmanager
def executor(name: str, jobs: int) -> Iterator[Executor]:
    """One that runs `jobs` boards at a time, shut down at the end. Raises NotInstalled; ValueError for another name."""
    if name == "processes":
        with WorkerPool(jobs) as pool:
            yield pool
    elif name == "threads":
        with ThreadPoolExecutor(jobs) as threads:
            yield threads
    elif name == "dask":
        with installed("dask[distributed]", name):
            distributed = import_module("distributed")
        with distributed.Client(n_workers=jobs, threads_per_worker=1) as client:
            yield client.get_executor()
    elif name == "ray":
        with installed("ray", name):
            ray = import_module("ray")
        with RayExecutor(ray, jobs) as remote:
            yield remote
    else:
        raise ValueError(f"{name} is none of {', '.join(EXECUTORS)}")


@contextmanager
def installed(package: str, name: str) -> Iterator[None]:
    """Raises NotInstalled when what is imported inside is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise NotInstalled(
            f"--executor {name}: {error.name} is not installed; install it with `pip install '{package}'` "
            "or take --executor processes"
        ) from error
