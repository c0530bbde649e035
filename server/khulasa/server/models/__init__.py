"""Model packages: manifest, registry, download, conversion, verification."""
