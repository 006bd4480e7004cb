//! Settings of the `network` stack.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The network that workers run in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Second number of its addresses, `10.<block>.0.0/16`; other than that of any network it may ever be joined to.
    #[schemars(range(min = 0, max = 255))]
    pub block: u32,

    /// How workers reach what is outside of the network.
    pub egress: Egress,

    /// Whether it is written down who talked to whom; costs by the gigabyte.
    pub flow_logs: bool,
}

/// How workers reach what is outside of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Egress {
    /// AWS's services through endpoints of the network's own, nothing else: the internet is out of reach in both directions.
    Endpoints,
    /// Everything through one NAT gateway, which is one zone's; workers have no address on the internet.
    Nat,
    /// Each worker has an address on the internet, behind a security group that lets nobody in.
    Public,
}

impl Default for Network {
    fn default() -> Self {
        Self { block: 20, egress: Egress::Public, flow_logs: false }
    }
}
