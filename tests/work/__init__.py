"""Ranking for work."""
