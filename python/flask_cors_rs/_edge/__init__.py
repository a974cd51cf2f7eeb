"""The policies of an application as configuration for a proxy."""
