// Package schemas declares the target tables and the code lists, as data, and the one thing that
// flows from extract to load: the Batch.
//
// A Table has Fields; a field declared as an interval or with a status stands for several
// physical Columns. schema.yaml has the version and the order; from the declarations under
// tables/, codes/ and views/ come the Arrow schemas, the DuckDB DDL with its comments, the
// Parquet metadata, the JSON form and the Markdown dictionary: adding a field is one line of
// data. Countries are a code list that knows more: years, regions, successors, names. Figures are
// what was published about the sources' populations, to hold ours against.
//
// The package reads no source and writes no file. What a source's words mean is the business of
// mappings; what may be shown to whom is declared here (Class, Zone) and applied in load.
package schemas
