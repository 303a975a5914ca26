"""Checks a bill of materials by CycloneDX's own JSON schema, its formats included, and its package URLs by theirs.

Usage: sbom.py FILE
"""
import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()
fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
if fault is not None:
    sys.exit(str(fault))
bill = json.loads(text)
for component in [bill["metadata"]["component"], *bill["components"]]:
    purl = component.get("purl")
    if purl is not None and PackageURL.from_string(purl).to_string() != purl:
        sys.exit(f"{purl} is not canonical: {PackageURL.from_string(purl).to_string()}")
print("valid")
