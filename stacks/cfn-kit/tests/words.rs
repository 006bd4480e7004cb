//! Words that schemas leave open and AWS does not.
#![cfg(test)]

use cfn_kit::facts::{self, Shape};

/// A type, one of its properties or of a nested structure's, a word that AWS takes, and one that people write instead.
const WORDS: &[(&str, &str, &str, &str)] = &[
    ("AWS::ApiGatewayV2::Api", "ProtocolType", "HTTP", "REST"),
    ("AWS::ApiGatewayV2::Integration", "PayloadFormatVersion", "2.0", "2"),
    ("AWS::ApiGatewayV2::Route", "AuthorizationType", "JWT", "COGNITO_USER_POOLS"),
    ("AWS::ApiGateway::Stage", "MethodSetting.LoggingLevel", "INFO", "DEBUG"),
    ("AWS::AutoScaling::ScalingPolicy", "PolicyType", "TargetTrackingScaling", "TargetTracking"),
    ("AWS::Budgets::Budget", "Notification.ComparisonOperator", "GREATER_THAN", "GreaterThanThreshold"),
    ("AWS::CertificateManager::Certificate", "ValidationMethod", "DNS", "dns"),
    ("AWS::CloudFront::Distribution", "CacheBehavior.ViewerProtocolPolicy", "redirect-to-https", "https"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "ProtocolVersion", "HTTP2", "2.0"),
    ("AWS::Lambda::EventSourceMapping", "StartingPosition", "LATEST", "NEWEST"),
    ("AWS::Route53::RecordSet", "Type", "CNAME", "ALIAS"),
];

#[test]
fn a_word_that_aws_does_not_take_is_known_before_the_deploy() {
    for (kind, place, right, wrong) in WORDS {
        let facts = facts::of(kind).unwrap();
        let property = match place.split_once('.') {
            Some((shape, property)) => facts.shape(shape).and_then(|shape: &Shape| shape.property(property)),
            None => facts.property(place),
        };

        let choices = &property.unwrap().choices;

        assert!(choices.iter().any(|word| word == right), "{kind} {place}: `{right}` would be refused here and taken by AWS");
        assert!(!choices.iter().any(|word| word == wrong), "{kind} {place}: `{wrong}` would be found by the deploy alone");
    }
}
