//! A list as JSON, for queries that are too long for a URL.
