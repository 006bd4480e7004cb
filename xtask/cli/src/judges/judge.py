"""Asks cfn-lint and cloudformation-validate about templates; prints one finding per line, as JSON.

    judge.py REGION,REGION TEMPLATE...

What a finding means, and which ones count, is decided by whoever reads them.
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

REGIONS, TEMPLATES = sys.argv[1].split(","), sys.argv[2:]


def cfn_lint(template):
    """Takes a second or two per template, so each template is a task of its own."""
    from cfnlint.api import lint_file
    from cfnlint.config import ManualArgs

    for match in lint_file(Path(template), config=ManualArgs(regions=REGIONS)):
        yield {
            "judge": "cfn-lint",
            "template": template,
            "rule": match.rule.id,
            "severity": match.rule.severity,
            "path": "/".join(map(str, getattr(match, "path", None) or [])),
            "line": match.linenumber,
            "message": match.message,
        }


def cloudformation_validate(templates):
    """Takes half a second to start and next to nothing per template, so all templates are one task."""
    from cloudformation_validate import CompositeEngine

    engine = CompositeEngine()
    for template in templates:
        for diagnostic in engine.validate_template(template).diagnostics:
            resource = getattr(diagnostic.entity, "logical_id", None)
            path = (diagnostic.property_path or "").replace(".", "/")
            yield {
                "judge": "cloudformation-validate",
                "template": template,
                "rule": diagnostic.rule_id,
                "severity": diagnostic.severity.name.lower(),
                "path": "/".join(part for part in ("Resources" if resource else "", resource or "", path) if part),
                "line": diagnostic.start_line,
                "message": diagnostic.message,
            }


def judge(task):
    name, argument = task
    # A generator cannot travel between processes.
    return list({"cfn-lint": cfn_lint, "cloudformation-validate": cloudformation_validate}[name](argument))


def main():
    tasks = [("cloudformation-validate", TEMPLATES)] + [("cfn-lint", template) for template in TEMPLATES]
    with ProcessPoolExecutor() as pool:
        for findings in pool.map(judge, tasks):
            for finding in findings:
                print(json.dumps(finding))


if __name__ == "__main__":
    main()
