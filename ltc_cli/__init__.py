"""ltc: lead to cash in a terminal. Importing the package costs nothing."""

__version__ = "0.1.0"
