"""Sends pictures through the deployed function and says what became of them: python function.py REQUEST

REQUEST is a file with one JSON object: {"stack": …, "source_output": …, "destination_output": …, "incoming": …, "rejected": …, "boxes": […],
"folder": …, "program": …, "limit_kib": …, "large": [paths], "batch": [paths]}. On stdout, a line of JSON for each large picture, one for the
batch and one for the control: the picture that needed most, under half of what it needed.

In the folder, the function's wrapper finds the limit of its address space, and writes down its process, whose memory the kernel counts.
"""

import json
import os
import re
import signal
import sys
import time

from botocore.exceptions import ClientError
from botocore.session import Session

PATIENCE_SECONDS = 180
PAUSE_SECONDS = 0.1

session, clients = Session(), {}


def client(service):
    if service not in clients:
        clients[service] = session.create_client(service)
    return clients[service]


def wait(what, ask):
    """What the question answers, as soon as that is something."""
    began = time.monotonic()
    while True:
        answer = ask()
        if answer:
            return answer
        if PATIENCE_SECONDS < time.monotonic() - began:
            sys.exit(f"{what} did not happen within {PATIENCE_SECONDS} s")
        time.sleep(PAUSE_SECONDS)


def say(**line):
    print(json.dumps(line), flush=True)


class Deployed:
    """The function with its buckets and queues, as CloudFormation made them."""

    def __init__(self, request):
        self.request = request
        stack = client("cloudformation").describe_stacks(StackName=request["stack"])["Stacks"][0]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.source, self.destination = outputs[request["source_output"]], outputs[request["destination_output"]]
        resources = client("cloudformation").list_stack_resources(StackName=request["stack"])["StackResourceSummaries"]
        names = {resource["ResourceType"]: resource["PhysicalResourceId"] for resource in resources}
        self.name, self.log_group = names["AWS::Lambda::Function"], names["AWS::Logs::LogGroup"]
        self.mapping = names["AWS::Lambda::EventSourceMapping"]
        self.queue = self.address(self.mapped()["EventSourceArn"])
        attributes = client("sqs").get_queue_attributes(QueueUrl=self.queue, AttributeNames=["RedrivePolicy"])["Attributes"]
        self.dead_letters = self.address(json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"])

    @staticmethod
    def address(arn):
        return client("sqs").get_queue_url(QueueName=arn.rsplit(":", 1)[1])["QueueUrl"]

    def mapped(self):
        return client("lambda").get_event_source_mapping(UUID=self.mapping)

    # Processes: what the local cloud calls a function's environment is one, whose number the wrapper has written down.

    def started(self):
        try:
            with open(os.path.join(self.request["folder"], "started")) as file:
                return file.read().split()
        except FileNotFoundError:
            return []

    def running(self):
        """Those that are the program by now, and still are."""
        found = []
        for pid in self.started():
            try:
                if os.readlink(f"/proc/{pid}/exe") == os.path.realpath(self.request["program"]):
                    found.append(pid)
            except OSError:
                pass
        return found

    def limit(self, kib):
        """Has the function start anew for the next call, under this limit."""
        with open(os.path.join(self.request["folder"], "limit"), "w") as file:
            file.write(str(kib))
        for pid in self.running():
            os.kill(int(pid), signal.SIGKILL)
        wait("the end of the function's last process", lambda: not self.running())

    def memory(self):
        """What the kernel counted of the one process that there is, in KiB, and what it lets it have at most."""
        (pid,) = self.running()
        with open(f"/proc/{pid}/status") as file:
            status = dict(line.split(":", 1) for line in file)
        with open(f"/proc/{pid}/limits") as file:
            (most,) = [line.split()[3] for line in file if line.startswith("Max address space")]
        space, resident = (int(status[name].split()[0]) for name in ("VmPeak", "VmHWM"))
        return {"space_kib": space, "resident_kib": resident, "threads": int(status["Threads"]), "limit_kib": int(most) // 1024}

    # Pictures.

    def upload(self, path, folder):
        key = f"{self.request['incoming']}{folder}/{os.path.basename(path)}"
        with open(path, "rb") as file:
            client("s3").put_object(Bucket=self.source, Key=key, Body=file)
        return key

    def proxies(self, key):
        return [f"{key}/{edge}.jpg" for edge in self.request["boxes"]]

    def there(self, bucket, key):
        try:
            client("s3").head_object(Bucket=bucket, Key=key)
            return True
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return False
            raise

    def keys(self, bucket, prefix):
        pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def fetch(self, key):
        path = os.path.join(self.request["folder"], "out", key.replace("/", "-"))
        with open(path, "wb") as file:
            file.write(client("s3").get_object(Bucket=self.destination, Key=key)["Body"].read())
        return path

    def counts(self, queue):
        """How many messages wait, and how many somebody has taken and not done."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return [int(attributes[name]) for name in names]

    # What the function and Lambda wrote.

    def lines(self, since):
        pages = client("logs").get_paginator("filter_log_events").paginate(logGroupName=self.log_group, startTime=since)
        return [event["message"] for page in pages for event in page["events"]]

    def reports(self, since, number):
        """The milliseconds of that many calls, as soon as they are known."""

        def known():
            found = [re.search(r"\tDuration: ([0-9.]+) ms", line) for line in self.lines(since) if line.startswith("REPORT ")]
            return [float(match[1]) for match in found if match] if number <= len(found) else None

        return wait("the report of a call", known)


def now():
    return int(time.time() * 1000)


def large(deployed, path):
    deployed.limit(deployed.request["limit_kib"])
    since, began = now(), time.monotonic()
    key = deployed.upload(path, "large")
    uploaded = time.monotonic() - began

    def arrived():
        why = [found for found in deployed.keys(deployed.source, deployed.request["rejected"]) if found.endswith(".json")]
        if why:
            sys.exit(f"{key} was refused: {client('s3').get_object(Bucket=deployed.source, Key=why[0])['Body'].read().decode()}")
        return all(deployed.there(deployed.destination, proxy) for proxy in deployed.proxies(key))

    wait(f"{key}: the proxies", arrived)
    seconds = time.monotonic() - began
    (milliseconds,) = deployed.reports(since, 1)
    memory = deployed.memory()
    files = [deployed.fetch(proxy) for proxy in deployed.proxies(key)]
    sizes = {"bytes": os.path.getsize(path), "seconds": seconds, "upload_seconds": uploaded, "call_milliseconds": milliseconds}
    say(what="picture", name=os.path.basename(path), proxies=files, **sizes, **memory)
    return memory["space_kib"]


def batch(deployed, paths):
    """All of them in one call, as after a burst: they wait in the queue until the function may have them."""
    deployed.limit(deployed.request["limit_kib"])
    mapping = client("lambda")
    mapping.update_event_source_mapping(UUID=deployed.mapping, Enabled=False, BatchSize=len(paths))
    wait("the mapping's end", lambda: deployed.mapped()["State"] == "Disabled")
    keys = [deployed.upload(path, "batch") for path in paths]
    wait("the arrival of the messages", lambda: deployed.counts(deployed.queue) == [len(paths), 0])
    since, began = now(), time.monotonic()
    mapping.update_event_source_mapping(UUID=deployed.mapping, Enabled=True)
    calls = deployed.reports(since, 1)
    # What was not done stays hidden in the queue until it comes again.
    left, dead = sum(deployed.counts(deployed.queue)), sum(deployed.counts(deployed.dead_letters))
    told = {}
    for line in deployed.lines(since):
        message = json.loads(line).get("messageId") if line.startswith("{") else None
        if message:
            told[message] = told.get(message, 0) + 1
    done = [key for key in keys if all(deployed.there(deployed.destination, proxy) for proxy in deployed.proxies(key))]
    moved = deployed.keys(deployed.source, deployed.request["rejected"])
    say(
        what="batch",
        pictures=len(keys),
        done=[os.path.basename(key) for key in done],
        proxies=len(deployed.keys(deployed.destination, f"{deployed.request['incoming']}batch/")),
        moved=moved,
        still=[os.path.basename(key) for key in keys if deployed.there(deployed.source, key)],
        left=left,
        dead=dead,
        handled=sorted(told.values()),
        calls=len(calls),
        seconds=time.monotonic() - began,
        **deployed.memory(),
    )


def control(deployed, path, kib):
    deployed.limit(kib)
    processes, since, before = len(deployed.started()), now(), deployed.mapped()["LastProcessingResult"]
    key = deployed.upload(path, "control")
    # How the last batch went: that before was one of ten.
    went = wait("the end of the call", lambda: (result := deployed.mapped()["LastProcessingResult"]) != before and result)
    said = [line.strip() for line in deployed.lines(since)]
    there = [proxy for proxy in deployed.proxies(key) if deployed.there(deployed.destination, proxy)]
    left, processes = sum(deployed.counts(deployed.queue)), len(deployed.started()) - processes
    say(what="control", limit_kib=kib, processes=processes, proxies=len(there), went=went, left=left, said=said)


def main(path):
    with open(path) as file:
        request = json.load(file)
    deployed = Deployed(request)
    spaces = {path: large(deployed, path) for path in request["large"]}
    batch(deployed, request["batch"])
    most = max(spaces, key=spaces.get)
    control(deployed, most, spaces[most] // 2)


if __name__ == "__main__":
    main(*sys.argv[1:])
