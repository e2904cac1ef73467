"""Figures as tables, files and pages."""
