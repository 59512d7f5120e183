"""Builds the shipped demonstration study of Tabriz from published facts."""
