"""Doors for machines: positions, tiles, live socket, tracks, health. Each door asks who is there before it opens."""
