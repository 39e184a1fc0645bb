__version__ = "0.1.0"

from typing import TYPE_CHECKING
from . import front_door as _front_door

__doc__ = _front_door.package_doc()

def __dir__():
    return sorted([*_front_door.FRONT_DOOR, *(name for name in globals() if name.startswith('__'))])

if TYPE_CHECKING: # for editors and type checkers; api/91_front_door.ipynb holds the list and compares
    from .composing.compose import compose as compose
    from .exploring.explorer import explore as explore
    from .networks.inference import hear as hear
    from .emotion import Emotion as Emotion
    from .thesaurus import THESAURUS as THESAURUS
    from .thesaurus import find_node as find_node
    from .thesaurus import nearest_node as nearest_node
    from .music.midi import read_midi as read_midi
    from .sound.rendering import render as render
    from .networks.inference import load_model as load_model
    from .data.prepare import prepare as prepare
    from .networks.train_all import train_all as train_all
    from .export.export_models import export_all as export_all
    from .export.validation_report import validate_all as validate_all
    from .files import InputError as InputError
else:
    def __getattr__(name): # asked for every name that is not here yet, see PEP 562
        globals()[name] = _front_door.load_name(name)
        return globals()[name]
