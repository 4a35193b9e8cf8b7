package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"palermo/diag"
	"palermo/extract"
	"palermo/load/receipt"
	"palermo/sandbox"
)

// RoleReceipt is the role of the workers that put a receipt into an agency's own file: its bytes are a stranger's.
const RoleReceipt = "receipt"

// Who may read what: a receipt is for its agency, whose group the folder may have, and for nobody else.
const (
	receiptFolder = 0o750
	receiptMode   = 0o640
)

// What a worker that writes a workbook may use besides the memory that reading takes.
const (
	bookCPU    = 60 * time.Second
	bookCPUMiB = 8 * time.Second // for each MiB of the file
	bookTime   = 5 * time.Minute
	bookBytes  = 4 << 30
)

// bookJob is the input of a receipt on its way to a worker, which is handed the file that was sent and one to
// write to.
type bookJob struct {
	Input   receipt.Input
	Skipped []map[string]int64 // of each sheet: its JSON form leaves them out
	Text    bool               // the file is text
}

// bookDone says what the worker made. It is a stranger's word: no more than whether there is a workbook.
type bookDone struct {
	Book bool
}

func newBookJob(in *receipt.Input) *bookJob {
	j := &bookJob{Input: *in}
	for _, s := range in.Sheets {
		j.Skipped = append(j.Skipped, s.Skipped)
	}
	return j
}

// annotateJob is what the worker does.
func annotateJob(ctx context.Context, j bookJob) (bookDone, error) {
	for i := range j.Input.Sheets {
		if i < len(j.Skipped) {
			j.Input.Sheets[i].Skipped = j.Skipped[i]
		}
	}
	src, err := sandbox.Received(0)
	if err != nil {
		return bookDone{}, err
	}
	out, err := sandbox.Received(1)
	if err != nil {
		return bookDone{}, err
	}
	err = annotateFile(ctx, src, out, &j)
	var bad *extract.Error
	if errors.Is(err, receipt.ErrNoWorkbook) || errors.As(err, &bad) {
		return bookDone{}, nil
	}
	return bookDone{Book: err == nil}, err
}

func annotateFile(ctx context.Context, src, out *os.File, j *bookJob) error {
	if j.Text {
		f, err := extract.OpenFile(src, extract.Options{TmpDir: os.TempDir()})
		if err != nil {
			return err
		}
		return receipt.AnnotateRows(ctx, textRows(ctx, f), os.TempDir(), out, &j.Input)
	}
	fi, err := src.Stat()
	if err != nil {
		return err
	}
	stamp, err := receipt.Recognise(src, fi.Size())
	if err != nil {
		return err
	}
	if stamp == nil {
		return receipt.Annotate(ctx, src, fi.Size(), out, &j.Input)
	}
	bare, err := os.CreateTemp("", "bare-*.xlsx")
	if err != nil {
		return err
	}
	defer bare.Close()
	if _, err := receipt.Strip(ctx, src, fi.Size(), bare); err != nil {
		return err
	}
	size, err := bare.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	return receipt.Annotate(ctx, bare, size, out, &j.Input)
}

// textRows is the rows of a file of text.
func textRows(ctx context.Context, f *extract.File) iter.Seq2[receipt.TextRow, error] {
	return func(yield func(receipt.TextRow, error) bool) {
		for r, err := range f.Sheets()[0].Rows(ctx) {
			if !yield(receipt.TextRow{Line: r.Num, Cells: r.Cells}, err) || err != nil {
				return
			}
		}
	}
}

// receiptMark knows a receipt that came back: its number, and the sheet that was added.
func receiptMark(src io.ReaderAt, size int64) extract.Mark {
	s, err := receipt.Recognise(src, size)
	if err != nil || s == nil {
		return extract.Mark{}
	}
	m := extract.Mark{Text: s.Number}
	if s.Sheet != "" {
		m.Ours = []string{s.Sheet}
	}
	return m
}

// book writes the agency's own file with its receipt in it, and gives its name; "" where the page alone is given:
// of what was taken back or replaced nothing is handed out again, and not every file can be given back as a workbook.
func (d *desk) book(ctx context.Context, s *Submission, e *Entry, in *receipt.Input) (string, error) {
	if s.redacted != "" { // a workbook could not be told from the one that was sent
		return "", nil
	}
	if e.Format != "csv" && e.Format != "xlsx" || slices.Contains([]receipt.State{receipt.Withdrawn, receipt.Superseded, receipt.Refused}, in.State) {
		return "", nil
	}
	name := s.Receipt + bookExtension(s.Name, e)
	if err := os.MkdirAll(d.path(receiptsDir, s.Agency), receiptFolder); err != nil {
		return "", err
	}
	ok, err := writeBookApart(ctx, d.inboxFile(s), d.receiptFile(s, name), e.Format == "csv", in, d.path(stateDir, "tmp"), d.Config.limits())
	if err != nil || !ok {
		return "", err
	}
	return name, nil
}

// bookExtension is the extension that programs expect of what the workbook is.
func bookExtension(name string, e *Entry) string {
	if e.Format == "csv" {
		return ".xlsx"
	}
	ext := strings.ToLower(filepath.Ext(name))
	switch {
	case slices.Contains(receiptExtensions[2:], ext):
		return ext
	case slices.ContainsFunc(e.Found, func(f Found) bool { return f.Code == diag.FileMacros }):
		return ".xlsm"
	}
	return ".xlsx"
}

// writeBookApart writes the file at path with its receipt in it to another, in a worker, whole or not at all. It reports whether
// there is one. A worker that fails is the file's fault, unless somebody killed it.
func writeBookApart(ctx context.Context, path, to string, isText bool, in *receipt.Input, tmp string, l extract.Limits) (ok bool, err error) {
	src, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil // it is gone from the inbox
	}
	if err != nil {
		return false, err
	}
	defer src.Close()
	fi, err := src.Stat()
	if err != nil {
		return false, err
	}
	out, err := os.OpenFile(temporary(to), os.O_RDWR|os.O_CREATE|os.O_TRUNC, receiptMode)
	if err != nil {
		return false, err
	}
	defer func() {
		out.Close()
		if !ok {
			err = errors.Join(err, removeIfThere(temporary(to)))
		}
	}()
	job := newBookJob(in)
	job.Text = isText
	memory := l.MemoryMiB
	if memory == 0 {
		memory = 512
	}
	mib := time.Duration(fi.Size() >> 20)
	var done bookDone
	err = sandbox.Run(ctx, RoleReceipt, job, &done, sandbox.Options{Timeout: bookTime + mib*time.Second, CPU: bookCPU + mib*bookCPUMiB,
		MemoryBytes: int64(memory) << 20, FileBytes: bookBytes, OpenFiles: 64, TempDir: tmp, Files: []*os.File{src, out}, Confined: true,
		Env: []string{"GOMAXPROCS=2"}})
	var dead *sandbox.WorkerError
	var said *sandbox.RoleError
	switch {
	case killed(err):
		return false, err
	case errors.As(err, &dead) && !dead.Unfit(), errors.As(err, &said):
		return false, nil // the page says what is to be said
	case err != nil || !done.Book:
		return false, err
	}
	if err := out.Sync(); err != nil {
		return false, err
	}
	if err := os.Rename(temporary(to), to); err != nil {
		return false, err
	}
	return true, nil
}

// writePage writes the page and its form for programs where file says, and gives their names.
func writePage(file func(ext string) string, in *receipt.Input) ([]string, error) {
	var names []string
	for _, form := range []struct {
		ext   string
		write func(io.Writer, *receipt.Input) error
	}{{".html", receipt.WriteHTML}, {".json", receipt.WriteJSON}} {
		var b bytes.Buffer
		if err := form.write(&b, in); err != nil {
			return nil, fmt.Errorf("write a receipt: %w", err)
		}
		path := file(form.ext)
		if err := writeFile(path, b.Bytes(), receiptMode); err != nil {
			return nil, err
		}
		names = append(names, filepath.Base(path))
	}
	return names, nil
}
