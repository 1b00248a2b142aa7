//! Gallery of all charts.
fn main() {}
