"""Says as one JSON object what an account holds: stacks and what they say they hold, and what the services themselves list."""

import json
from urllib.parse import urlsplit

from botocore.session import Session

session = Session()


def client(service):
    return session.create_client(service)


def pages(service, operation, key, **arguments):
    one = client(service)
    if not one.can_paginate(operation):
        return getattr(one, operation)(**arguments).get(key, [])
    return [item for page in one.get_paginator(operation).paginate(**arguments) for item in page.get(key, [])]


def without_host(physical_id):
    """Queues have addresses, and the local cloud calls its own host by two names."""
    return urlsplit(physical_id).path if physical_id.startswith("http") else physical_id


stacks = pages("cloudformation", "describe_stacks", "Stacks")
resources, change_sets = [], []
for stack in stacks:
    name = stack["StackName"]
    for resource in pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=name):
        resources.append(
            {
                "stack": name,
                "logical_id": resource["LogicalResourceId"],
                "type": resource["ResourceType"],
                "physical_id": without_host(resource.get("PhysicalResourceId", "")),
            }
        )
    for change_set in pages("cloudformation", "list_change_sets", "Summaries", StackName=name):
        # One that was executed is history; any other one waits for somebody.
        if change_set.get("ExecutionStatus") != "EXECUTE_COMPLETE":
            change_sets.append(f"{name}: {change_set['ChangeSetName']} ({change_set.get('Status')})")

buckets = [bucket["Name"] for bucket in client("s3").list_buckets().get("Buckets", [])]
objects = [f"{bucket}/{one['Key']}" for bucket in buckets for one in pages("s3", "list_objects_v2", "Contents", Bucket=bucket)]

listed = {
    "AWS::CloudWatch::Alarm": [alarm["AlarmName"] for alarm in pages("cloudwatch", "describe_alarms", "MetricAlarms")],
    "AWS::DynamoDB::Table": pages("dynamodb", "list_tables", "TableNames"),
    "AWS::IAM::Role": [role["RoleName"] for role in pages("iam", "list_roles", "Roles")],
    "AWS::Lambda::EventSourceMapping": [one["UUID"] for one in pages("lambda", "list_event_source_mappings", "EventSourceMappings")],
    "AWS::Lambda::Function": [function["FunctionName"] for function in pages("lambda", "list_functions", "Functions")],
    "AWS::Logs::LogGroup": [group["logGroupName"] for group in pages("logs", "describe_log_groups", "logGroups")],
    "AWS::S3::Bucket": buckets,
    "AWS::SNS::Topic": [topic["TopicArn"] for topic in pages("sns", "list_topics", "Topics")],
    "AWS::SQS::Queue": [without_host(url) for url in pages("sqs", "list_queues", "QueueUrls")],
}

print(
    json.dumps(
        {
            "stacks": [{"name": stack["StackName"], "status": stack["StackStatus"]} for stack in stacks],
            "resources": resources,
            "change_sets": change_sets,
            "listed": listed,
            "objects": objects,
        }
    )
)
