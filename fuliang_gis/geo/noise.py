"""Seeded smooth fields over the plane: the same seed gives the same landscape on every run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SmoothField:
    """A sum of plane waves: smooth, with mean about 0 and variance about 1.

    ``waves`` holds wave vectors [rad/m], shape ``(waves, 2)``; the others have shape ``(waves,)``.
    """

    waves: Array
    phases: Array
    weights: Array

    @classmethod
    def seeded(
        cls, rng: np.random.Generator, wavelength: float, octaves: int = 1, waves: int = 16
    ) -> SmoothField:
        """Draw a field whose largest features are one ``wavelength`` [m] long; octaves halve it."""
        parts = [_octave(rng, wavelength / 2**octave, waves) for octave in range(octaves)]
        weights = np.concatenate([np.full(waves, 0.5**octave) for octave in range(octaves)])
        return cls(
            np.concatenate([part[0] for part in parts]),
            np.concatenate([part[1] for part in parts]),
            weights * np.sqrt(2 / np.sum(weights**2)),
        )

    def __call__(self, points: Array) -> Array:
        """Return the field at plane points [m], shape ``(n, 2)``.

        >>> field = SmoothField.seeded(np.random.default_rng(1), 1000.0)
        >>> bool(np.allclose(field(np.zeros((2, 2)))[:1], field(np.zeros((1, 2)))))
        True
        """
        return np.cos(points @ self.waves.T + self.phases) @ self.weights


def _octave(rng: np.random.Generator, wavelength: float, waves: int) -> tuple[Array, Array]:
    angle = rng.uniform(0, 2 * np.pi, waves)
    size = 2 * np.pi / wavelength * rng.uniform(0.6, 1.4, waves)
    vectors = np.column_stack([np.cos(angle) * size, np.sin(angle) * size])
    return vectors, rng.uniform(0, 2 * np.pi, waves)
