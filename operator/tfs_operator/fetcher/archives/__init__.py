"""Looks into tar and zip archives and image layers, and unpacks versions from them within limits."""
