"""Hold the data package of a snapshot against Frictionless, and its fields against the Parquet: package.py SNAPSHOT."""
import json
import os
import sys

import pyarrow.parquet as pq
from frictionless import Package, Schema

os.chdir(sys.argv[1])
with open("datapackage.json", encoding="utf-8") as f:
    said = json.load(f)
package = Package("datapackage.json")  # an error where it is not valid
for resource in said["resources"]:
    faults = list(Schema.metadata_validate(resource["schema"]))
    if faults:
        sys.exit(f"{resource['name']}: {faults[0].message}")
    paths = resource["path"]
    for path in [paths] if isinstance(paths, str) else paths:
        if pq.read_schema(path).names != [f["name"] for f in resource["schema"]["fields"]]:
            sys.exit(f"{path} has other columns than the package says")
print(f"Frictionless: {len(package.resources)} tables")
