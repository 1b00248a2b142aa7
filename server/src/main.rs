//! perflab
fn main() {}
