"""Regular expressions: Python's translated for Rust, and matched in linear time in Python."""
