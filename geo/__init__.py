"""Pure geography: coordinates, tracks, cells and density, hot spots. No I/O, nothing of ours imported."""
