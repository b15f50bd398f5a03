//! Who people are: users, sessions, credentials.

pub mod user;
