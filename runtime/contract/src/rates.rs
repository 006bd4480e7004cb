//! The table that counts requests: one item per user, which holds both windows of the rate limit.

/// The columns of the rate table that its template must know; what else an item holds is the front door's own.
pub mod column {
    /// Partition key, text: the `sub` of the user's token.
    pub const USER: &str = "user";
    /// The table's time-to-live attribute, in seconds since 1970: after it, both windows are empty.
    pub const EXPIRES_AT: &str = "expires_at";
}
