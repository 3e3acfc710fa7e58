"""One colour and one sentence for each location, from its duties and defects."""
