"""Loads a user's simulated devices from a Python file outside the project.

The file is run as a module of its own that nothing else can import by accident. While it is loaded it may import the
modules that lie beside it; those are forgotten afterwards, so that files of other folders get neighbours of their own.
Whatever goes wrong, when it is loaded or while the board runs, is reported by the place in the user's folder.
"""

import importlib.util
import sys
import traceback
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from hardtalk.bench.errors import UnfitRequest
from hardtalk.devices import Device


def place_in(path: Path, error: BaseException) -> str | None:
    """`file:line: Error: message` with the source line, for the innermost frame of `error` that lies in `path` or in a
    file beside it."""
    if isinstance(error, SyntaxError) and error.filename is not None and Path(error.filename).parent == path.parent:
        return f"{error.filename}:{error.lineno}: SyntaxError: {error.msg}\n    {(error.text or '').strip()}"
    frames = [each for each in traceback.extract_tb(error.__traceback__) if Path(each.filename).parent == path.parent]
    if not frames:
        return None
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{frames[-1].filename}:{frames[-1].lineno}: {message}\n    {frames[-1].line}"


@contextmanager
def neighbours_of(path: Path) -> Iterator[None]:
    """Meanwhile the modules in the file's folder can be imported."""
    folder = str(path.parent)
    known = dict(sys.modules)
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(folder)
        for name, module in list(sys.modules.items()):
            if name not in known and is_neighbour(name, module, path.parent):
                del sys.modules[name]


def is_neighbour(name: str, module: ModuleType, folder: Path) -> bool:
    """Whether it is a module or in a package that lies in the folder itself, not in an environment below it."""
    file = getattr(module, "__file__", None)
    if file is None or not Path(file).is_relative_to(folder):
        return False
    return Path(file).relative_to(folder).parts[0].split(".")[0] == name.split(".")[0]


def load_module(path: Path) -> ModuleType:
    if not path.is_file():
        raise UnfitRequest(
            f"{path}: there is no such device file", "Give --device a Python file with a Device subclass."
        )
    name = f"hardtalk_device_file_{path.stem}_{zlib.crc32(bytes(path.parent)):08x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UnfitRequest(f"{path}: is not a Python file", "Give --device a file whose name ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with neighbours_of(path):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise UnfitRequest(place_in(path, error) or f"{path}: {type(error).__name__}: {error}") from error
    return module


def device_classes(path: Path) -> list[type[Device]]:
    """The Device subclasses that the file itself defines, in the order in which it defines them."""
    module = load_module(path.resolve())
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Device) and value.__module__ == module.__name__
    ]
    if not classes:
        raise UnfitRequest(
            f"{path}: defines no device",
            "Define one: from hardtalk.devices import Device; class Mine(Device): …",
        )
    return classes


def svd_file(path: Path, device: type[Device]) -> Path:
    """The SVD file that the class names by `svd`; `path` is the file that messages name."""
    svd = device.svd_path()
    if svd is None:
        raise UnfitRequest(f"{path}: {device.__name__} names no SVD file", f'Give the class svd = "{path.stem}.svd".')
    if not svd.is_file():
        raise UnfitRequest(f"{path}: {device.__name__} names {device.svd}, which is not there", f"Put it at {svd}.")
    return svd


def make_device(path: Path, device: type[Device]) -> Device:
    """A device of the class; what goes wrong in the code of the user's file is told by its place."""
    try:
        return device()
    except Exception as error:
        place = place_in(path.resolve(), error)
        raise UnfitRequest(place or f"{path}: {device.__name__}: {type(error).__name__}: {error}") from error
