"""Findings to files: maps, council page, tables, GeoPackage."""
