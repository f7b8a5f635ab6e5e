"""A device that does nothing of its own: its line follows CONTROL.RAISE."""

from hardtalk.devices import Device


class Nuisance(Device):
    svd = "nuisance.svd"
