"""What pages are made of, computed once for all of them."""
