//! A list as a query string: the one that parses to it.
