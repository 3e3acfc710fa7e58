"""One module a layer; the registry finds them by itself."""
