"""Loads a user's simulated devices from a Python file outside the project.

The file is run as a module of its own that nothing else can import by accident. Whatever goes wrong in it, when it is
loaded or while the board runs, is reported by the place in that file.
"""

import importlib.util
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from hardtalk.bench.errors import UnfitRequest
from hardtalk.devices import Device


def place_in(path: Path, error: BaseException) -> str | None:
    """`file:line: Error: message` with the source line, for the innermost frame of `error` that lies in `path`."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}:{error.lineno}: SyntaxError: {error.msg}\n    {(error.text or '').strip()}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if not frames:
        return None
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"{path}:{frames[-1].lineno}: {message}\n    {frames[-1].line}"


def load_module(path: Path) -> ModuleType:
    if not path.is_file():
        raise UnfitRequest(
            f"{path}: there is no such device file", "Give --device a Python file with a Device subclass."
        )
    name = f"hardtalk_device_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UnfitRequest(f"{path}: is not a Python file", "Give --device a file whose name ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
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


def svd_files(path: Path | None, classes: Sequence[type[Device]]) -> list[Path]:
    """The SVD files that the classes name by `svd`, each once; `path` is the file that messages name."""
    found: list[Path] = []
    for each in classes:
        svd = each.svd_path()
        if svd is None:
            stem = each.__name__.lower() if path is None else path.stem
            raise UnfitRequest(f"{path}: {each.__name__} names no SVD file", f'Give the class svd = "{stem}.svd".')
        if not svd.is_file():
            raise UnfitRequest(f"{path}: {each.__name__} names {each.svd}, which is not there", f"Put it at {svd}.")
        if svd not in found:
            found.append(svd)
    return found


def make_devices(classes: Sequence[type[Device]], path: Path | None) -> list[Device]:
    """One device of each class; what goes wrong in the code of the user's file is told by its place."""
    devices = []
    for each in classes:
        try:
            devices.append(each())
        except Exception as error:
            if path is None:
                raise
            place = place_in(path.resolve(), error)
            raise UnfitRequest(place or f"{path}: {each.__name__}: {type(error).__name__}: {error}") from error
    return devices
