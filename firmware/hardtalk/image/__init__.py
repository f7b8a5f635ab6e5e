"""The image builder: bootstraps the class library into an object memory.

image = build_image(classes, base=0x100000)
"""

from hardtalk.image.builder import Image, MethodSymbol, build_image, compiled_by, getters_in
from hardtalk.image.errors import ImageError
from hardtalk.image.world import Entry

__all__ = ["Entry", "Image", "ImageError", "MethodSymbol", "build_image", "compiled_by", "getters_in"]
