"""What an origin is, which domains are public suffixes, and how functions of an origin are called."""
