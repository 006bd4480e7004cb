//! The topic that alarms tell.

use cfn_kit::prelude::*;
use cfn_kit::{kms, sns};

use super::tls_only;
use foundation::environment::EmailAddress;

/// A topic for alarms with e-mail subscribers.
///
/// Its policy lets CloudWatch publish, which a topic with a policy of its own otherwise forbids: the alarm would fire unheard.
/// Each subscriber has to follow the link in the letter that AWS sends first.
#[derive(Debug)]
pub struct AlertTopic<'a, S> {
    name: &'static str,
    emails: &'a [EmailAddress],
    key: Option<Value<kms::key::Arn, S>>,
}

impl<'a, S> AlertTopic<'a, S> {
    /// A topic that shows this name in its letters.
    #[must_use]
    pub fn new(name: &'static str, emails: &'a [EmailAddress]) -> Self {
        Self { name, emails, key: None }
    }

    /// Encrypt with a key of the stack. AWS's own key for SNS cannot be used: CloudWatch may not use that one.
    #[must_use]
    pub fn key(self, key: Option<&Handle<kms::Key, S>>) -> Self {
        Self { key: key.map(|key| key.arn()), ..self }
    }
}

impl<S> Construct<S> for AlertTopic<'_, S> {
    type Handle = Handle<sns::Topic, S>;

    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
        let topic = sns::Topic::new().display_name(self.name).when_some(self.key, |topic, key| topic.kms_master_key_id(key));
        let topic = template.add(id, topic);
        let publish = Statement::allow(["sns:Publish"])
            .sid("AlarmsMayPublish")
            .principal(Principal::service("cloudwatch.amazonaws.com"))
            .on(topic.topic_arn())
            .condition(Operator::StringEquals, "aws:SourceAccount", account_id());
        let policy = PolicyDocument::new([tls_only("sns:Publish").on(topic.topic_arn()), publish]);
        template.add(&format!("{id}Policy"), sns::TopicPolicy::new(policy, [topic.topic_arn()]));
        for (number, email) in self.emails.iter().enumerate() {
            let subscription = sns::Subscription::new("email", &topic).endpoint(email.as_str());
            template.add(&format!("{id}Email{}", number + 1), subscription);
        }
        topic
    }
}
