"""Measurements: what each candidate costs in each scenario."""
