"""The fault harnesses of tests/faults in full figures."""
