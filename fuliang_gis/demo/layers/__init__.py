"""One module a layer of the demo county; each turns the world into rows."""
