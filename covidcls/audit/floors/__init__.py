"""Shortcut floors: what can be known of the class without looking at the disease."""
