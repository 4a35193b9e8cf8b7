package telemetry

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Where OpenLineage keeps the forms of what is sent.
const (
	producer       = "urn:palermo:run"
	eventSchema    = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
	facetSchemas   = "https://openlineage.io/spec/facets/"
	defaultSpace   = "palermo"
	jobName        = "palermo.run"
	sourcePrefix   = "source."
	tablePrefix    = "table."
	engineFacet    = facetSchemas + "1-1-1/ProcessingEngineRunFacet.json#/$defs/ProcessingEngineRunFacet"
	errorFacet     = facetSchemas + "1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet"
	jobTypeFacet   = facetSchemas + "2-0-4/JobTypeJobFacet.json#/$defs/JobTypeJobFacet"
	schemaFacet    = facetSchemas + "1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"
	columnFacet    = facetSchemas + "1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
	countFacet     = facetSchemas + "1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet"
	metricsFacet   = facetSchemas + "1-0-3/DataQualityMetricsInputDatasetFacet.json#/$defs/DataQualityMetricsInputDatasetFacet"
	assertionFacet = facetSchemas + "1-1-0/DataQualityAssertionsDatasetFacet.json#/$defs/DataQualityAssertionsDatasetFacet"
)

type object = map[string]any

// facet is what an event says of one matter.
func facet(schema string, of object) object {
	of["_producer"], of["_schemaURL"] = producer, schema
	return of
}

func (s Sender) startEvent(n *Night) any { return s.eventOf(n, "START", n.Started) }

func (s Sender) endEvent(n *Night) any {
	kind := "COMPLETE"
	switch {
	case n.Cancelled:
		kind = "ABORT"
	case n.Status != "published" && n.Status != "nothing_new":
		kind = "FAIL"
	}
	e := s.eventOf(n, kind, n.Ended)
	if kind == "FAIL" {
		e["run"].(object)["facets"].(object)["errorMessage"] = facet(errorFacet, object{"message": n.Status + ": " + n.Code, "programmingLanguage": "Go"})
	}
	inputs, outputs := []any{}, []any{}
	for _, d := range n.Inputs {
		inputs = append(inputs, s.input(d, n))
	}
	if n.Status == "published" {
		for _, d := range n.Outputs {
			outputs = append(outputs, s.output(d, n))
		}
	}
	e["inputs"], e["outputs"] = inputs, outputs
	return e
}

func (s Sender) eventOf(n *Night, kind string, at time.Time) object {
	return object{
		"eventType": kind, "eventTime": at.UTC().Format("2006-01-02T15:04:05.000Z"), "producer": producer, "schemaURL": eventSchema,
		"run": object{"runId": n.uuid(), "facets": object{"processing_engine": facet(engineFacet, object{"name": "palermo", "version": n.Version})}},
		"job": object{"namespace": s.space(), "name": jobName,
			"facets": object{"jobType": facet(jobTypeFacet, object{"processingType": "BATCH", "integration": "PALERMO", "jobType": "JOB"})}},
		"inputs": []any{}, "outputs": []any{},
	}
}

func (s Sender) space() string {
	if s.Namespace == "" {
		return defaultSpace
	}
	return s.Namespace
}

func fieldsOf(d Dataset) []any {
	out := []any{}
	for _, f := range d.Fields {
		of := object{"name": f.Name}
		if f.Type != "" {
			of["type"] = f.Type
		}
		if f.Description != "" {
			of["description"] = f.Description
		}
		out = append(out, of)
	}
	return out
}

func (s Sender) input(d Dataset, n *Night) object {
	facets := object{"dataQualityMetrics": facet(metricsFacet, object{"rowCount": d.Rows, "columnMetrics": object{}})}
	if a := assertions(n, d.Name); len(a) > 0 {
		facets["dataQualityAssertions"] = facet(assertionFacet, object{"assertions": a})
	}
	return object{"namespace": s.space(), "name": sourcePrefix + d.Name, "inputFacets": facets,
		"facets": object{"schema": facet(schemaFacet, object{"fields": fieldsOf(d)})}}
}

func (s Sender) output(d Dataset, n *Night) object {
	facets := object{"schema": facet(schemaFacet, object{"fields": fieldsOf(d)})}
	if len(d.Lineage) > 0 {
		fields := object{}
		for _, name := range slices.Sorted(maps.Keys(d.Lineage)) {
			from := []any{}
			for _, o := range d.Lineage[name] {
				from = append(from, object{"namespace": s.space(), "name": sourcePrefix + o.Source, "field": o.Column})
			}
			fields[name] = object{"inputFields": from}
		}
		facets["columnLineage"] = facet(columnFacet, object{"fields": fields})
	}
	if a := assertions(n, d.Name); len(a) > 0 {
		facets["dataQualityAssertions"] = facet(assertionFacet, object{"assertions": a})
	}
	return object{"namespace": s.space(), "name": tablePrefix + d.Name, "facets": facets,
		"outputFacets": object{"outputStatistics": facet(countFacet, object{"rowCount": d.Rows})}}
}

// assertions is the checks of a dataset, or of one of its columns.
func assertions(n *Night, dataset string) []any {
	var out []any
	for _, c := range n.Results {
		table, column, _ := strings.Cut(c.Subject, ".")
		if table != dataset {
			continue
		}
		of := object{"assertion": c.Name, "success": c.Outcome == "passed"}
		if column != "" {
			of["column"] = column
		}
		out = append(out, of)
	}
	return out
}
