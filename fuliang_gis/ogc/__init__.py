"""OGC API Features and Tiles over the layer registry: what is asked, what is answered; no Flask."""
