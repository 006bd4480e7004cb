//! A key of the stack's own.

use cfn_kit::kms;
use cfn_kit::prelude::*;

use super::protect;
use foundation::environment::DataProtection;

/// A customer-managed key, rotated each year; it costs money while it exists (1 USD a month and the calls).
///
/// Services that write encrypted data on somebody's behalf have to be named, or they fail in silence: CloudWatch, for one,
/// drops what it may not encrypt.
#[derive(Debug)]
pub struct DataKey {
    description: &'static str,
    data: DataProtection,
    services: Vec<&'static str>,
}

impl DataKey {
    /// A key with a description of what it encrypts. It is kept where data is kept: without it, what it encrypted is gone as well.
    #[must_use]
    pub fn new(description: &'static str, data: DataProtection) -> Self {
        Self { description, data, services: Vec::new() }
    }

    /// Let a service of AWS encrypt and decrypt for this account.
    #[must_use]
    pub fn used_by(mut self, service: &'static str) -> Self {
        self.services.push(service);
        self
    }
}

impl<S> Construct<S> for DataKey {
    type Handle = Handle<kms::Key, S>;

    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
        // Without this statement nobody, not even the account's root, could ever manage the key again.
        let account = Statement::allow(["kms:*"]).sid("AccountDecidesByIam").principal(Principal::this_account()).on("*");
        let service = |service: &&'static str| {
            Statement::allow(["kms:Decrypt", "kms:GenerateDataKey*"]).principal(Principal::service(*service)).on("*").condition(
                Operator::StringEquals,
                "aws:SourceAccount",
                account_id(),
            )
        };
        let policy = PolicyDocument::new(std::iter::once(account).chain(self.services.iter().map(service)));
        // Deleting a key deletes all that it encrypts, so even AWS waits: the longest time that it can be undone.
        let key = kms::Key::new().description(self.description).enable_key_rotation(true).pending_window_in_days(30).key_policy(policy);
        template.add(id, protect(key, self.data))
    }
}
