"""What explains and audits policies: ``flask cors``, ``explain()`` and ``audit()``. Nothing here serves requests."""
