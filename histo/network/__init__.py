"""The CNN: its maps, the codec between maps and findings, bundles of trained weights, and the engines that run them."""

from histo.network.decode import decide_class, decode_block
from histo.network.model import ALIGNMENT_WPX, HALO_WPX, MuscleNet, activate
from histo.network.operating import OperatingPoints
from histo.network.targets import IGNORE, Targets, encode_targets

__all__ = [
    "ALIGNMENT_WPX",
    "HALO_WPX",
    "IGNORE",
    "MuscleNet",
    "OperatingPoints",
    "Targets",
    "activate",
    "decide_class",
    "decode_block",
    "encode_targets",
]
