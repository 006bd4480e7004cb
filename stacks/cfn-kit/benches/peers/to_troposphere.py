"""A template as a troposphere program, with the library's own classes wherever it has one."""

import importlib
import inspect
import json
import pprint
import re

from troposphere import AWSProperty

MODULES = {"lambda": "awslambda"}

HEAD = '''\
import sys
from pathlib import Path
from types import SimpleNamespace

from troposphere import Base64, GetAtt, GetAZs, Output, Ref, Select, Sub, Tags, Template
from troposphere import {modules}

ENVIRONMENTS = {environments}
{extended}

def platform(t: Template, c) -> None:
    t.set_version({version})
    t.set_description({description})
'''

TAIL = '''

def main() -> None:
    out = Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for environment in ENVIRONMENTS[: int(sys.argv[1])]:
        c = SimpleNamespace(**environment)
        t = Template()
        platform(t, c)
        (out / f"jobs-{c.name}.template.json").write_text(t.to_json())


main()
'''


class Writer:
    def __init__(self, resources):
        self.variables = {id: re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", id).lower() for id in resources}
        self.modules = set()
        self.extended = {}

    def text(self, text):
        import generate

        parts = generate.pieces(text)
        if all(kind == "text" for kind, _ in parts):
            return repr(text)
        brace = lambda part: repr(part)[1:-1].replace("{", "{{").replace("}", "}}")
        # One kind of quotes for all pieces: `repr` takes double ones where a piece holds a single one.
        body = "".join("{c." + part + "}" if kind == "field" else brace(part.replace("'", "\0")) for kind, part in parts)
        return "f'" + body.replace("\\x00", "\\'") + "'"

    def value(self, value, kind=None):
        import generate

        if isinstance(value, dict) and len(value) == 1:
            (name, argument), = value.items()
            if name == "Ref":
                return f"Ref({self.variables.get(argument, repr(argument))})"
            if name == "Fn::GetAtt":
                return f"GetAtt({self.variables[argument[0]]}, {argument[1]!r})"
            if name.startswith("Fn::"):
                arguments = argument if isinstance(argument, list) else [argument]
                return f"{name.removeprefix('Fn::')}({', '.join(map(self.value, arguments))})"
        if isinstance(value, dict):
            if inspect.isclass(kind) and issubclass(kind, AWSProperty):
                return self.construct(kind, value)
            return "{" + ", ".join(f"{key!r}: {self.value(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list):
            inner = kind[0] if isinstance(kind, list) else None
            return "[" + ", ".join(self.value(item, inner) for item in value) + "]"
        if isinstance(value, str):
            return self.text(value)
        return f"c.{name}" if (name := generate.field(value)) else repr(value)

    def construct(self, kind, properties, title=None, attributes=()):
        missing = [name for name in properties if name not in kind.props]
        name = self.name(kind)
        if missing:
            # The library is behind the service: a person would add the property to a class of his own.
            self.extended[kind.__name__] = (name, kind, missing)
            name = kind.__name__
        arguments = [] if title is None else [repr(title)]
        for key, value in properties.items():
            wanted = kind.props[key][0] if key in kind.props else None
            arguments.append(f"{key}={self.tags(value) if key == 'Tags' else self.value(value, wanted)}")
        arguments += [f"{key}={self.value(value)}" for key, value in attributes]
        return f"{name}({', '.join(arguments)})"

    def tags(self, tags):
        return "Tags(" + ", ".join(f"{tag['Key']}={self.value(tag['Value'])}" for tag in tags) + ")"

    def name(self, kind):
        module = kind.__module__.removeprefix("troposphere.")
        self.modules.add(module)
        return f"{module}.{kind.__name__}"


def class_of(type_name):
    service = type_name.split("::")[1].lower()
    module = importlib.import_module("troposphere." + MODULES.get(service, service))
    return next(kind for _, kind in inspect.getmembers(module, inspect.isclass) if getattr(kind, "resource_type", None) == type_name)


def program(template, environments):
    writer = Writer(template["Resources"])
    lines = []
    for id, resource in template["Resources"].items():
        attributes = [(name, value) for name, value in resource.items() if name not in ("Type", "Properties")]
        made = writer.construct(class_of(resource["Type"]), resource.get("Properties", {}), id, attributes)
        lines.append(f"    {writer.variables[id]} = t.add_resource({made})")
    for id, output in template["Outputs"].items():
        arguments = ", ".join(f"{name}={writer.value(value)}" for name, value in output.items())
        lines.append(f"    t.add_output(Output({id!r}, {arguments}))")
    extended = "".join(
        f"\n\nclass {name}({full}):\n    props = {{**{full}.props, {', '.join(f'{key!r}: (object, False)' for key in missing)}}}\n"
        for name, (full, _, missing) in writer.extended.items()
    )
    head = HEAD.format(
        modules=", ".join(sorted(writer.modules)),
        environments=pprint.pformat(environments, sort_dicts=False, width=120),
        extended=extended,
        version=json.dumps(template["AWSTemplateFormatVersion"]),
        description=writer.text(template["Description"]),
    )
    return head + "\n".join(lines) + "\n" + TAIL
