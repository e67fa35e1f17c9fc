"""Makes it happen: what is due is claimed, started, finished and written down."""
