"""Hold OpenLineage events, one a line, against the classes that OpenLineage's own client makes of its schemas."""
import importlib
import json
import pkgutil
import sys
import typing

import attr
import openlineage.client.generated as generated
from openlineage.client import event_v2

facets = {}  # by name of the class
for module in pkgutil.iter_modules(generated.__path__):
    for name, value in vars(importlib.import_module(f"{generated.__name__}.{module.name}")).items():
        if isinstance(value, type) and attr.has(value):
            facets[name] = value


def build(cls, value, where):
    """An object of the class, with all that the value holds, and nothing that the class lacks."""
    hints = typing.get_type_hints(cls)
    known = {a.name: a for a in attr.fields(cls)}
    fields = {}
    for key, part in value.items():
        if key in ("_producer", "_schemaURL", "schemaURL"):
            continue
        if key not in known:
            raise ValueError(f"{where}.{key}: not in the schema")
        fields[key] = nested(hints[key], part, f"{where}.{key}")
    for name, a in known.items():
        if a.default is attr.NOTHING and a.init and name not in value:
            raise ValueError(f"{where}.{name}: missing")
    return cls(**fields)


def nested(hint, value, where):
    args = [a for a in typing.get_args(hint) if a is not type(None)]
    origin = typing.get_origin(hint)
    if isinstance(value, list) and origin is not list and args:
        return nested(args[0], value, where)
    if isinstance(value, list):
        return [nested(args[0], v, f"{where}[{i}]") for i, v in enumerate(value)] if args else value
    if isinstance(value, dict) and origin is dict:
        return {k: nested(args[-1], v, f"{where}.{k}") for k, v in value.items()}
    for cls in [hint, *args]:
        if isinstance(cls, type) and attr.has(cls) and isinstance(value, dict):
            return build(cls, value, where)
        if isinstance(value, dict) and typing.get_origin(cls) is dict:
            return nested(cls, value, where)
    plain = [t for t in [hint, *args] if t in (str, int, float, bool)]
    if plain and not any(type(value) is t or (t is float and type(value) is int) for t in plain):
        raise ValueError(f"{where}: {value!r} is no {plain}")
    return value


def facet(value, where):
    name = value["_schemaURL"].rsplit("/", 1)[1]
    cls = facets[name]
    if value["_schemaURL"] != cls._get_schema():
        raise ValueError(f"{where}: {value['_schemaURL']}, and the client has {cls._get_schema()}")
    if "://" not in value["_producer"] and not value["_producer"].startswith("urn:"):
        raise ValueError(f"{where}: the producer is no URI")
    return build(cls, value, where)


def facets_of(value, where):
    return {k: facet(v, f"{where}.{k}") for k, v in value.items()}


def dataset(value, where):
    for key in ("facets", "inputFacets", "outputFacets"):
        value[key] = facets_of(value.get(key, {}), f"{where}.{key}")
    kind = event_v2.OutputDataset if where.startswith("output") else event_v2.InputDataset
    value.pop("inputFacets" if kind is event_v2.OutputDataset else "outputFacets")
    return kind(**value)


kinds = []
for line in open(sys.argv[1]):
    e = json.loads(line)
    schema = e.pop("schemaURL")
    event = event_v2.RunEvent(
        eventType=event_v2.RunState[e.pop("eventType")],
        eventTime=e.pop("eventTime"),
        producer=e.pop("producer"),
        run=event_v2.Run(runId=e["run"].pop("runId"), facets=facets_of(e.pop("run").get("facets", {}), "run")),
        job=event_v2.Job(namespace=e["job"].pop("namespace"), name=e["job"].pop("name"), facets=facets_of(e.pop("job").get("facets", {}), "job")),
        inputs=[dataset(d, "input") for d in e.pop("inputs")],
        outputs=[dataset(d, "output") for d in e.pop("outputs")],
    )
    if e or schema != event._get_schema():
        raise ValueError(f"event: {schema}, {sorted(e)}; the client has {event._get_schema()}")
    kinds.append(event.eventType.name)
    if event.eventType.name == "COMPLETE" and event.outputs:
        names = {f for d in event.outputs for f in d.facets} | {f for d in event.inputs for f in d.inputFacets}
        lacking = {"schema", "columnLineage", "dataQualityAssertions", "dataQualityMetrics"} - names
        if lacking:
            raise ValueError(f"no event has {sorted(lacking)}")
if "START" not in kinds or "COMPLETE" not in kinds:
    raise ValueError(f"events: {kinds}")
print(f"{len(kinds)} events: {' '.join(kinds)}")
