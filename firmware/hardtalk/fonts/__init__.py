"""The class `StrikeGlyphs`, made from a table of pictures: the bits of the two sizes of the system's font.

strike_class() -> str       its Tonel text
"""

from hardtalk.fonts.strikes import CLASS_NAME, strike_class

__all__ = ["CLASS_NAME", "strike_class"]
