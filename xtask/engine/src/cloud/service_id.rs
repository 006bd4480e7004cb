//! The names that AWS's SDKs have for services, by which people set an endpoint for one of them: `AWS_ENDPOINT_URL_CLOUDWATCH_LOGS`.

use super::Action;

impl Action {
    /// The service ID of AWS's SDKs: `CloudWatch Logs`. None for a service that nobody has looked up yet.
    #[must_use]
    pub fn service_id(&self) -> Option<&'static str> {
        Some(match self.service().name {
            // One service to AWS's signatures, and two to its SDKs.
            "apigateway" if self.path().starts_with("/v2/") => "ApiGatewayV2",
            "apigateway" => "API Gateway",
            "autoscaling" => "Auto Scaling",
            "bedrock" => "Bedrock",
            "cloudwatch" => "CloudWatch",
            "cognito-idp" => "Cognito Identity Provider",
            "dynamodb" => "DynamoDB",
            "ec2" => "EC2",
            "ecr" => "ECR",
            "ecs" => "ECS",
            "events" => "EventBridge",
            "iam" => "IAM",
            "kms" => "KMS",
            "lambda" => "Lambda",
            "logs" => "CloudWatch Logs",
            "s3" => "S3",
            "scheduler" => "Scheduler",
            "secretsmanager" => "Secrets Manager",
            "servicequotas" => "Service Quotas",
            "sns" => "SNS",
            "sqs" => "SQS",
            "ssm" => "SSM",
            "states" => "SFN",
            _ => return None,
        })
    }
}
