"""A sample application database, for whoever tries the product without having one at hand."""
