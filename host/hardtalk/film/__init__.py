"""A film of what the board's panel shows, as an animated PNG file.

film = Film(board)
film.look()                 whenever the board has run for a while: takes a picture when one is due
film.write(Path("a.png"))   raises BoardError when nothing was ever shown
"""

from hardtalk.film.film import Film

__all__ = ["Film"]
