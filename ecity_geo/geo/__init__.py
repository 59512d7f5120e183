"""Arrays and geometry: points in polygons, rasters on polygons, cost matrices."""
