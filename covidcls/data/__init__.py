"""Labelled pictures, and what stage 2 sees of them."""
