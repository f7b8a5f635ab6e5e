"""The linker: boot assembly, layout, relocation, tables, ELF.

firmware = link(boot_sources, program, image, target_of(chip))
"""

from hardtalk.link.assembler import AssemblySource
from hardtalk.link.errors import LinkError
from hardtalk.link.inputs import Target
from hardtalk.link.linker import Firmware, link
from hardtalk.link.objects import NativeObject, read_object
from hardtalk.link.target import target_of

__all__ = ["AssemblySource", "Firmware", "LinkError", "NativeObject", "Target", "link", "read_object", "target_of"]
