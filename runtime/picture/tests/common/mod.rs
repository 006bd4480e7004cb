//! Files made by hand, byte by byte, for what no encoder writes.
#![allow(dead_code, reason = "each test target uses its own part")]

pub(crate) mod files;
