"""How fast ltc is beside the floor and the peers: `python -m bench`."""
