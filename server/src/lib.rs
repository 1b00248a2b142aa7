//! The `perflab` server: what stands between the network and the lab.

pub mod site;
