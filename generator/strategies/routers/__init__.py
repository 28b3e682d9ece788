"""One module per router: the rules of a route, in the router's own field names and order."""
