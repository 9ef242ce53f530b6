//! The kit that integration tests share.
