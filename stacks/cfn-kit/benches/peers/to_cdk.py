"""A template as a CDK program of L1 constructs, in the JavaScript that TypeScript would be compiled to."""

import json
import re

# Properties whose value is a document of its own: CDK hands their keys on as they are.
DOCUMENTS = {"AssumeRolePolicyDocument", "KeyPolicy", "PolicyDocument", "RedrivePolicy", "RouteSettings", "Variables"}

HEAD = """\
'use strict';
const cdk = require('aws-cdk-lib');
{requires}

const ENVIRONMENTS = {environments};

function platform(stack, c) {{
  stack.templateOptions.templateFormatVersion = {version};
"""

TAIL = """\
}}

const app = new cdk.App({{ analyticsReporting: false }});
for (const c of ENVIRONMENTS.slice(0, Number(process.env.COUNT))) {{
  // Without the parameter and the rule about CDK's bootstrap stack, which the others do not have.
  const synthesizer = new cdk.DefaultStackSynthesizer({{ generateBootstrapVersionRule: false }});
  platform(new cdk.Stack(app, `jobs-${{c.name}}`, {{ description: {description}, synthesizer }}), c);
}}
app.synth();
"""


def camel(name):
    """`OKActions` as `okActions`, as CDK's own generator does."""
    run = re.match("[A-Z]+", name)[0]
    lower = len(run) if len(run) in (1, len(name)) else len(run) - 1
    return name[:lower].lower() + name[lower:]


class Writer:
    def __init__(self, resources):
        self.variables = {id: id[0].lower() + id[1:] for id in resources}

    def text(self, text):
        import generate

        parts = generate.pieces(text)
        if all(kind == "text" for kind, _ in parts):
            return json.dumps(text)
        literal = lambda part: json.dumps(part)[1:-1].replace('\\"', '"').replace("`", "\\`").replace("${", "\\${")
        return "`" + "".join("${c." + part + "}" if kind == "field" else literal(part) for kind, part in parts) + "`"

    def value(self, value, document=False):
        import generate

        if isinstance(value, dict) and len(value) == 1:
            (name, argument), = value.items()
            if name == "Ref":
                return f"{self.variables[argument]}.ref"
            if name == "Fn::GetAtt":
                return f"{self.variables[argument[0]]}.attr{argument[1]}"
            if name == "Fn::GetAZs":
                return "cdk.Fn.getAzs()"
            if name.startswith("Fn::"):
                arguments = argument if isinstance(argument, list) else [argument]
                return f"cdk.Fn.{camel(name.removeprefix('Fn::'))}({', '.join(map(self.value, arguments))})"
        if isinstance(value, dict):
            entries = (
                f"{json.dumps(key) if document else camel(key)}: {self.value(item, document or key in DOCUMENTS)}"
                for key, item in value.items()
            )
            return "{ " + ", ".join(entries) + " }"
        if isinstance(value, list):
            return "[" + ", ".join(self.value(item, document) for item in value) + "]"
        if isinstance(value, str):
            return self.text(value)
        return f"c.{name}" if (name := generate.field(value)) else json.dumps(value)

    def resource(self, id, resource):
        service, name = resource["Type"].split("::")[1:]
        variable = self.variables[id]
        yield f"  const {variable} = new {service.lower()}.Cfn{name}(stack, {id!r}, {self.value(resource.get('Properties', {}))});"
        for attribute, value in resource.items():
            if attribute == "DependsOn":
                for other in value if isinstance(value, list) else [value]:
                    yield f"  {variable}.addResourceDependency({self.variables[other]});"
            elif attribute.endswith("Policy"):
                yield f"  {variable}.cfnOptions.{camel(attribute)} = cdk.CfnDeletionPolicy.{value.upper()};"


def program(template, environments):
    writer = Writer(template["Resources"])
    lines = [line for id, resource in template["Resources"].items() for line in writer.resource(id, resource)]
    for id, output in template["Outputs"].items():
        lines.append(f"  new cdk.CfnOutput(stack, {id!r}, {writer.value(output)});")
    services = sorted({resource["Type"].split("::")[1].lower() for resource in template["Resources"].values()})
    head = HEAD.format(
        requires="\n".join(f"const {service} = require('aws-cdk-lib/aws-{service}');" for service in services),
        environments=json.dumps(environments, indent=2),
        version=json.dumps(template["AWSTemplateFormatVersion"]),
    )
    return head + "\n".join(lines) + "\n" + TAIL.format(description=writer.text(template["Description"]))
