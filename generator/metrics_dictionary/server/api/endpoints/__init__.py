"""The endpoints: each module holds the handlers of some routes, and the rows of the route table that lead to them."""
