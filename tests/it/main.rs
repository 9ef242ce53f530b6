//! Integration tests over the real router and the real engines, in one binary.

mod execute;
