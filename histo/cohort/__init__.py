"""Many biopsies: the list of them, with patients, sites and labels."""

from histo.cohort.manifest import Manifest, ManifestRow, Split, load_manifest

__all__ = ["Manifest", "ManifestRow", "Split", "load_manifest"]
