//! The binary `stegspor`.
fn main() {}
