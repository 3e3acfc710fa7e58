"""What is owed: rules, exceptions, and the obligations that follow from them."""
