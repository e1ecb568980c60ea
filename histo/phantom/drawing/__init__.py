"""From a scene and a look to pixels and the truth of every pixel."""

from histo.phantom.drawing.render import Renderer

__all__ = [
    "Renderer",
]
