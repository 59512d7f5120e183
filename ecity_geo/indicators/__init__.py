"""A measure per district, per fabric and per demand point, from plain frames."""
