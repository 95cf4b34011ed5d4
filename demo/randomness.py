"""Chance by seed: a stream of its own for each part of the demo, so that changing one part leaves the others alone."""

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Streams:
    """Independent random generators that follow from one seed and a name."""

    seed: int

    def of(self, name: str) -> np.random.Generator:
        """The generator for `name`: the same for the same seed and name, whatever else was drawn."""
        return np.random.default_rng(np.random.SeedSequence([self.seed, zlib.crc32(name.encode())]))
