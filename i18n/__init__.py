"""The catalogues: every text that a user sees, in English and 简体中文."""
