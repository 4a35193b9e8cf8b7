package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"palermo/extract"
	"palermo/load"
	"palermo/sandbox"
	"palermo/schemas"
	"palermo/transform"
)

// RolePublish is the role of the process that builds a database: a fresh one, which has held no
// name, since DuckDB writes memory it did not clear into its file.
const RolePublish = "publish"

// Roles is what the binary does when it is re-executed. Its main, and every TestMain of a package
// that runs the pipeline, hands it to sandbox.Main first.
func Roles() map[string]sandbox.Role {
	return map[string]sandbox.Role{RolePublish: load.ServeBuild, RoleAsk: sandbox.Func(load.Ask), RoleLook: sandbox.Func(load.AskDatabase), extract.Role: extract.ServeMarked(receiptMark), RoleReceipt: sandbox.Func(annotateJob)}
}

// publish builds a snapshot aside and makes it the current one by one rename.
func (r *run) publish(ctx context.Context, entries []*Entry, inputs string) error {
	if err := r.linkRecords(ctx, entries, inputs); err != nil {
		return fmt.Errorf("link: %w", err)
	}
	stage, err := load.NewStage(r.Dir, r.id)
	if err != nil {
		return err
	}
	defer stage.Discard()
	p := &publication{run: r, entries: entries, zone: schemas.ZoneAnalyst, inputs: inputs, file: stage.Parquet, counts: map[string]int64{}}
	built, err := p.build(ctx, stage.ParquetDir(), stage.Database())
	if err != nil {
		return err
	}
	changes, stop := p.compareBeside(ctx, stage.Dir())
	defer stop()
	if err := p.writeDataPackage(stage.Dir()); err != nil {
		return fmt.Errorf("describe the tables: %w", err)
	}
	if err := r.steward(ctx, entries, inputs); err != nil {
		return fmt.Errorf("steward: %w", err)
	}
	if !r.NoReport {
		if err := p.report(stage.Dir(), built.Answers, <-changes); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	m := load.Manifest{Started: r.started, Ended: r.Now().UTC(), PalermoVersion: r.Version, SchemaVersion: r.Schema.Version,
		SchemaDigest: r.Schema.Digest(), InputsDigest: inputs, DuckDBVersion: built.DuckDBVersion, IDKey: r.keys.mark(r.keys.ids()),
		RowsLoaded: r.summary.Rows.Loaded, RowsRejected: r.summary.Rows.Rejected, Made: r.summary.Made}
	if m.Checks, err = json.Marshal(r.notPassed()); err != nil {
		return err
	}
	accounts, err := r.writeAccounts(entries)
	if err != nil {
		return err
	}
	m.States = map[string]string{accountsName: accounts}
	if r.linked != nil {
		registry, err := r.writeRegistry(r.linked.registry)
		if err != nil {
			return err
		}
		pairs, err := r.writeWeighed(r.linked)
		if err != nil {
			return err
		}
		m.States[registryName], m.States[weighedName], m.LinkageModel = registry, pairs, r.linked.model.ID
	}
	for _, s := range r.ledger.Submissions {
		m.Submissions = append(m.Submissions, s.ID)
	}
	if _, err := stage.Seal(m); err != nil {
		return err
	}
	if err := stage.Publish(load.Modes{}); err != nil {
		return err
	}
	r.summary.Status, r.summary.Tables = RunPublished, p.counts
	r.summary.Snapshot = r.path(snapshotsDir, r.id)
	return nil
}

// steward builds what only named stewards may see: the tables that the analysts' zone lacks, or
// has with less in them. Its Parquet is not kept.
func (r *run) steward(ctx context.Context, entries []*Entry, inputs string) error {
	tmp, err := os.MkdirTemp(r.path(stateDir, "tmp"), "steward-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	parquet := filepath.Join(tmp, "parquet")
	p := &publication{run: r, entries: entries, inputs: inputs, zone: schemas.ZoneSteward, counts: map[string]int64{},
		file: func(t *schemas.Table, name string) string { return filepath.Join(parquet, t.Name, name+".parquet") }}
	db := filepath.Join(tmp, "steward.duckdb")
	if _, err := p.build(ctx, parquet, db); err != nil {
		return err
	}
	dir := r.path(stewardDir, r.id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Rename(db, filepath.Join(dir, "steward.duckdb")); err != nil {
		return err
	}
	return syncDir(dir)
}

// publication is the building of one zone's tables.
type publication struct {
	*run
	entries []*Entry
	inputs  string // the digest of what the run's result depends on
	zone    schemas.Zone
	file    func(t *schemas.Table, name string) string
	counts  map[string]int64    // rows by table
	written map[string][]string // files by table; set by build
	zoneIDs *zoneIDs            // set when they are first asked for
	inOrder []int32             // places of the pairs in the order of the zone's ids; as above

	reference map[string]*schemas.Batch // by table; set by build
	projected map[string][]string       // files of the tables that the lake has rows of, by table; set by build
}

// build writes the zone's Parquet files, then the database from them in a process of its own.
func (p *publication) build(ctx context.Context, parquet, db string) (*load.BuildResult, error) {
	var err error
	if p.reference, err = p.references(); err != nil {
		return nil, err
	}
	defer p.release()
	tables := p.tables()
	job := load.BuildJob{ParquetDir: parquet, Out: db}
	step := "writing tables for " + string(p.zone) + "s"
	p.Progress.Start(step, len(tables)+1)
	if err := p.project(ctx, tables); err != nil {
		return nil, err
	}
	p.written = map[string][]string{}
	for _, t := range tables {
		files, late := []string{p.file(t, t.Name)}, t.Name == checkTable
		if !late {
			if files, err = p.table(ctx, t); err != nil {
				return nil, fmt.Errorf("table %s: %w", t.Name, err)
			}
			p.Progress.Done(step)
		}
		p.written[t.Name] = files
		below, err := relative(parquet, files)
		if err != nil {
			return nil, err
		}
		job.Tables = append(job.Tables, load.BuildTable{Name: t.Name, SQL: schemas.DDL(t, p.zone), Columns: columnNames(t), Files: below, Late: late})
	}
	if p.zone == schemas.ZoneAnalyst {
		for _, m := range schemas.Macros() {
			job.Macros = append(job.Macros, load.BuildMacro{Name: m.Name, SQL: m.DDL()})
		}
		for _, v := range p.Schema.Views {
			job.Views = append(job.Views, load.BuildView{Name: v.Name, SQL: p.Schema.ViewDDL(v)})
		}
		if !p.NoReport {
			job.Asked = reportQuestions(p.linked != nil)
		}
	}
	res, err := p.database(ctx, job, tables)
	if err != nil {
		return nil, err
	}
	p.Progress.Done(step)
	for t, n := range res.Rows {
		p.counts[t] = n
	}
	if p.zone == schemas.ZoneAnalyst {
		for _, t := range tables {
			p.Log.Info("table written", zap.String("table", t.Name), zap.Int64("rows", res.Rows[t.Name]), zap.Int("files", len(p.written[t.Name])))
		}
	}
	p.Log.Info("database built", zap.String("zone", string(p.zone)), zap.Int("tables", len(tables)), zap.Int64("bytes", res.Bytes))
	return res, nil
}

// database has the database built, and on the way the checks made and their results written.
func (p *publication) database(ctx context.Context, job load.BuildJob, tables []*schemas.Table) (*load.BuildResult, error) {
	between := func(load.Answers) error { return nil }
	if i := slices.IndexFunc(tables, func(t *schemas.Table) bool { return t.Name == checkTable }); i >= 0 {
		g, err := p.openGate()
		if err != nil {
			return nil, err
		}
		all := g.questions()
		for _, q := range all {
			job.Questions = append(job.Questions, q.ask)
		}
		between = func(a load.Answers) error {
			if err := g.close(all, a); err != nil {
				return err
			}
			_, err := p.table(ctx, tables[i])
			return err
		}
	}
	res, err := load.Build(ctx, RolePublish, job, between, sandbox.Options{TempDir: p.path(stateDir, "tmp")})
	if err != nil {
		return nil, fmt.Errorf("build the database: %w", err)
	}
	return res, nil
}

func columnNames(t *schemas.Table) []string {
	var out []string
	for _, c := range t.Columns() {
		out = append(out, c.Name)
	}
	return out
}

// tables is the tables of the zone as it may hold them. For stewards, only those in which it
// holds more than analysts have, and those of linkage, whose ids are others in each zone.
func (p *publication) tables() []*schemas.Table {
	var out []*schemas.Table
	for _, t := range p.Schema.Tables {
		in := t.In(p.zone)
		if in == nil {
			continue
		}
		if a := t.In(schemas.ZoneAnalyst); p.zone == schemas.ZoneSteward && a != nil && slices.Equal(a.Columns(), in.Columns()) && t.Name != "value_map" && t.Group != schemas.GroupLinkage {
			continue
		}
		out = append(out, in)
	}
	return out
}

// table writes the Parquet files of one table and returns them in the order of their names.
func (p *publication) table(ctx context.Context, t *schemas.Table) ([]string, error) {
	fill, small := p.small()[t.Name]
	switch {
	case t.Origin || p.inLake(t.Name):
		if files := p.projected[t.Name]; len(files) > 0 {
			return sorted(files), nil
		}
		path := p.file(t, "empty")
		return []string{path}, writeBatch(ctx, p.Schema, path, t)
	case small:
		path := p.file(t, t.Name)
		return []string{path}, writeRows(ctx, p.footer(t), path, t, func(add func(map[string]any) error) error {
			return fill(func(row map[string]any) error { return add(only(t, row)) })
		})
	}
	if fill := p.large()[t.Name]; fill != nil {
		path := p.file(t, t.Name)
		return []string{path}, writeLines(ctx, p.footer(t), path, t, fill)
	}
	path := p.file(t, t.Name)
	if b := p.reference[t.Name]; b != nil {
		return []string{path}, writeBatch(ctx, p.Schema, path, t, b)
	}
	// Nothing fills it yet. It stands there with its columns, so that queries hold.
	return []string{path}, writeBatch(ctx, p.Schema, path, t)
}

// references is the tables that come from the declarations alone.
func (p *publication) references() (map[string]*schemas.Batch, error) {
	batches, err := p.Schema.Reference(memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	out := map[string]*schemas.Batch{}
	for _, b := range batches {
		out[b.Table] = b
	}
	return out, nil
}

func (p *publication) release() {
	for _, b := range p.reference {
		b.Release()
	}
}

// relative is the files' paths below dir, with "/".
func relative(dir string, files []string) ([]string, error) {
	out := make([]string, len(files))
	for i, f := range files {
		below, err := filepath.Rel(dir, f)
		if err != nil {
			return nil, err
		}
		out[i] = filepath.ToSlash(below)
	}
	return out, nil
}

// inLake reports whether any submission has rows of the table.
func (p *publication) inLake(table string) bool {
	return slices.ContainsFunc(p.entries, func(e *Entry) bool { return e.fills(table) })
}

// rewrite is what happens to a submission's rows on their way into the zone: records are numbered
// through over all submissions, and ids are put under the zone's key. It is nil for tables that
// have neither, which are copied as they are.
func (p *publication) rewrite(t *schemas.Table, submission string, id func(string) string) load.Rewrite {
	keyed := t.Keyed()
	if len(keyed) == 0 {
		return nil
	}
	return load.Chain(p.versions.rewrite(t, submission), load.RewriteIDs(keyed, id))
}

// only is the row without the columns that the zone's form of the table lacks.
func only(t *schemas.Table, row map[string]any) map[string]any {
	out := make(map[string]any, len(row))
	for _, c := range t.Columns() {
		if v, ok := row[c.Name]; ok {
			out[c.Name] = v
		}
	}
	return out
}

// project writes the lake's files of the tables as the zone may hold them, submission by submission
// in the order of receipt, since the versions of records are numbered in it. The tables of one
// submission are written side by side.
func (p *publication) project(ctx context.Context, tables []*schemas.Table) error {
	p.projected = map[string][]string{}
	p.versions.restart()
	for _, e := range p.entries {
		if !p.versions.taken(e.Submission) {
			continue
		}
		ids := newIDMemo(p.ids())
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(p.threads())
		for _, t := range tables {
			if !e.fills(t.Name) {
				continue
			}
			path := p.file(t, e.Submission)
			p.projected[t.Name] = append(p.projected[t.Name], path)
			g.Go(func() error {
				if err := load.Project(gctx, p.lakeFile(t.Name, e.Submission), path, p.Schema.Table(t.Name), p.zone, load.ProjectOptions{
					Metadata: p.Schema.ParquetMetadata(t), Rewrite: p.rewrite(t, e.Submission, ids.id)}); err != nil {
					return fmt.Errorf("table %s: %w", t.Name, err)
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		if err := p.versions.pass(ctx, p.Home, e); err != nil {
			return fmt.Errorf("number the versions of records: %w", err)
		}
	}
	return nil
}

// small is how the tables that come from the entries and the ledger are filled.
func (p *publication) small() map[string]func(add func(map[string]any) error) error {
	return map[string]func(add func(map[string]any) error) error{
		"source":      p.sources,
		"value_map":   p.values,
		"row_balance": p.balances,
		"drift":       p.drifts,
		"diagnostic":  p.findings,
		"submission":  p.submissions,
		"agreement":   p.agreementRows,
		"run":         p.runs,
		checkTable:    p.checkRows,

		"person_event":      p.eventRows,
		"person_superseded": p.supersededRows,
		"person_count":      p.countRows,
		"link_review":       p.reviewRows,
		"capture_history":   p.captureRows,
		"capture_list":      p.captureListRows,
	}
}

// large is how the tables of linkage are filled that have a row or more a record.
func (p *publication) large() map[string]func(ctx context.Context, l *lines) error {
	return map[string]func(ctx context.Context, l *lines) error{
		"person":          p.personLines,
		"person_record":   p.membershipLines,
		"person_conflict": p.conflictLines,
		"episode":         p.episodeLines,
		"link_pair":       p.pairLines,
		"link_evidence":   p.evidenceLines,
	}
}

func (p *publication) sources(add func(map[string]any) error) error {
	for _, m := range p.Mappings.Mappings {
		s := m.Source
		row := map[string]any{"source_id": s.ID, "title": s.Title, "publisher": text(s.Publisher), "licence": text(s.Licence),
			"citation": text(s.Citation), "release": text(s.Release), "mapping_digest": m.Digest}
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}

func (p *publication) values(add func(map[string]any) error) error {
	for _, e := range p.byID() {
		if p.leftOut(e) != "" {
			continue
		}
		for i := range e.Sheets {
			for k := range e.Sheets[i].Values {
				u := &e.Sheets[i].Values[k]
				if !p.showsWords(e.Sheets[i].Target, u.Field) {
					continue
				}
				if err := add(valueRow(e.Submission, &e.Sheets[i], k, p.shown(u))); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// showsWords reports whether the zone may hold a word of a field of the target, or of another table
// as "table.field": not that of a field which it does not hold, or only coarsened, since the word
// would undo it.
func (p *publication) showsWords(target, name string) bool {
	table, field, child := strings.Cut(name, ".")
	if !child {
		table, field = target, name
	}
	t := p.Schema.Table(table)
	if t == nil || t.In(p.zone) == nil {
		return false
	}
	f := t.Field(field)
	return f != nil && f.ShowsWords(p.zone)
}

// shown is a word as the zone may show it.
func (p *publication) shown(u *transform.Use) string {
	if u.Listed || p.zone != schemas.ZoneAnalyst {
		return u.Word
	}
	return transform.Shape(u.Word)
}

func (p *publication) balances(add func(map[string]any) error) error {
	for _, e := range p.byID() {
		for i := range e.Sheets {
			if err := add(balanceRow(e.Submission, &e.Sheets[i], p.balance(e, &e.Sheets[i]))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *publication) findings(add func(map[string]any) error) error {
	for _, e := range p.byID() {
		fs := slices.Clone(p.run.findings(e))
		sortFound(fs)
		for i := range fs {
			if sh := e.sheet(fs[i].SheetNo); sh == nil || !p.showsWords(sh.Target, fs[i].Field) {
				fs[i].Value = "" // a birth date that could not be read is still one
			}
			if err := add(findingRow(e.Submission, &fs[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

// byID is the entries in the order of their ids: homes that received the same files in another
// order have the same tables.
func (p *publication) byID() []*Entry {
	out := append([]*Entry(nil), p.entries...)
	sortEntries(out)
	return out
}

func (p *publication) submissions(add func(map[string]any) error) error {
	for i, s := range p.ledger.Submissions {
		e := p.entries[i]
		rows, said := p.rows(e), e.stated()
		row := map[string]any{"submission_id": s.ID, "receipt_no": s.Receipt, "agency": s.Agency, "received_at": s.Received, "night": int64(s.Night),
			"kind_code": said.Kind, "is_cumulative": false, "status_code": p.status(e), "format": text(e.Format), "bytes": s.Bytes,
			"sha256": s.SHA256, "file_name": s.Name,
			"rows_read": rows.Read, "rows_loaded": rows.Loaded, "rows_rejected": rows.Rejected, "rows_skipped": rows.SkippedAll()}
		for k := range e.Sheets {
			if sh := &e.Sheets[k]; sh.Source != "" {
				row["kind_basis_code"] = said.By
				row["source_id"], row["vintage_form"], row["mapping_digest"] = sh.Source, sh.Vintage, sh.Mapping
				break
			}
		}
		for k := range e.Sheets {
			if p.cumulative(&s, &e.Sheets[k]) {
				row["is_cumulative"] = true
			}
		}
		if said.Kind == FullReplacement {
			row["period_from"], row["period_to"] = parseDay(said.From).ToTime(), parseDay(said.To).ToTime()
		}
		row["is_nil_report"] = said.NoCases
		if said.ReportedFrom != "" {
			row["reported_from"], row["reported_to"] = parseDay(said.ReportedFrom).ToTime(), parseDay(said.ReportedTo).ToTime()
		}
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}

func (p *publication) runs(add func(map[string]any) error) error {
	lines := p.ledger.Runs
	now := p.runLine(p.inputs)
	now.Status = RunPublished
	for _, l := range append(lines[:len(lines):len(lines)], *now) {
		row := map[string]any{"run_id": l.Run, "started_at": l.Started, "ended_at": l.Ended.Truncate(time.Microsecond),
			"palermo_version": l.Version, "schema_version": p.Schema.Version, "inputs_digest": l.Inputs, "submissions": int64(l.Files),
			"rows_loaded": l.Loaded, "rows_rejected": l.Rejected, "status": l.Status}
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}
