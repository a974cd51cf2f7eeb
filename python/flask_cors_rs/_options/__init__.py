"""What a user wrote in options, parsed once and compiled to rules."""
