"""The CNN: its maps, the codec between maps and findings, bundles of trained weights, and the engines that run them."""

from histo.network.bundle import ERRORS_FILE, Bundle, load_bundle, save_bundle
from histo.network.card import Card, Metric, Training
from histo.network.decode import decide_class, decode_block
from histo.network.encoder import ALIGNMENT_WPX, HALO_WPX
from histo.network.engine import Device, Engine, Kind, Precision, check_device, make_engine
from histo.network.model import MuscleNet, activate
from histo.network.operating import OperatingPoints
from histo.network.targets import IGNORE, Targets, encode_targets

__all__ = [
    "ALIGNMENT_WPX",
    "ERRORS_FILE",
    "HALO_WPX",
    "IGNORE",
    "Bundle",
    "Card",
    "Device",
    "Engine",
    "Kind",
    "Metric",
    "MuscleNet",
    "OperatingPoints",
    "Precision",
    "Targets",
    "Training",
    "activate",
    "check_device",
    "decide_class",
    "decode_block",
    "encode_targets",
    "load_bundle",
    "make_engine",
    "save_bundle",
]
