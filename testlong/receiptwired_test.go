package testlong

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"palermo/load/receipt"
	"palermo/pipeline"
	"palermo/schemas"
)

// runCheck names the file whose receipt this program, executed again, is to make as palermo does: the file is
// read in one worker, harmonised here, and annotated in another, each with its limit of 512 MiB.
const runCheck = "PALERMO_LONG_RUN_CHECK"

// largeHeader is thirty columns of the CTM's assistance form.
var largeHeader = strings.Split("Case No,Registered on,Data consent,Assistance given,Sex,Age,Date of birth,Mission,Country of origin,Marital status,Number of children,"+
	"Education,Work before,Monthly income USD,Family name,Given name,Place of origin,Lived with,Referred by,Citizenship,Destination,Exploitation country,Left on,Exploited from,"+
	"Threats,Debt bondage,Trafficked before,Victim of trafficking,Pay received USD,Notes", ",")

// largeRow is a cell of such a table: in each hundredth row one of ten columns is wrong.
func largeRow(row, col int) string {
	if row == 1 {
		return largeHeader[col-1]
	}
	if row%100 == 50 {
		switch wrong := row / 100 % 10; {
		case wrong == 0 && col == 2, wrong == 1 && col == 7, wrong == 2 && col == 23:
			return "31/02/2003"
		case wrong == 3 && col == 6:
			return "240"
		case wrong == 4 && col == 11, wrong == 5 && col == 14:
			return "some"
		case wrong == 6 && col == 5, wrong == 7 && col == 9, wrong == 8 && col == 12, wrong == 9 && col == 10:
			return fmt.Sprintf("word %d", row%7)
		}
	}
	switch col {
	case 1:
		return fmt.Sprintf("LX/%07d", row)
	case 2, 23, 24:
		return fmt.Sprintf("%02d/%02d/%d", 1+row%28, 1+row%12, 2001+row%9)
	case 7:
		return fmt.Sprintf("%02d/%02d/%d", 1+row%28, 1+row%12, 1960+row%35)
	case 6:
		return strconv.Itoa(18 + row%30)
	case 11, 14, 29:
		return strconv.Itoa(row % 9)
	case 15, 16:
		return fmt.Sprintf("Made%dup", row%5000)
	case 17:
		return fmt.Sprintf("Place %d", row%900)
	case 18:
		return "Parents"
	case 19:
		return "NGO"
	case 30:
		return fmt.Sprintf("note %d", row)
	}
	return map[int]string{3: "Yes", 4: "Shelter; Medical", 5: "F", 8: "Moldova", 9: "Moldova", 10: "Single", 12: "Primary", 13: "Student", 20: "Moldova", 21: "Italy", 22: "Italy",
		25: "1", 26: "0", 27: "No", 28: "Yes"}[col]
}

// TestLargeFilesGetTheirReceipt: a file of 200,000 rows and 30 columns, a workbook and one of text, gets all of its receipt within 30 s of
// CPU, its reading and that it is harmonised included. Each worker has a limit of 512 MiB; of this process it is held what the receipt takes beside all else.
func TestLargeFilesGetTheirReceipt(t *testing.T) {
	rows := scale(200_000, 5_000)
	book := filepath.Join(t.TempDir(), "large.xlsx")
	writeBook(t, book, rows+1, func(row, col int) (string, bool) {
		s := largeRow(row, col)
		return s, row > 1 && (col == 6 || col == 11) && s >= "0" && s < "99" && !strings.Contains(s, " ") && s != "some"
	})
	checkApart(t, book, rows)
	text := filepath.Join(t.TempDir(), "large.csv")
	f, err := os.Create(text)
	check(t, err)
	w := bufio.NewWriter(f)
	for row := 1; row <= rows+1; row++ {
		for col := 1; col <= 30; col++ {
			if col > 1 {
				w.WriteByte(',')
			}
			w.WriteString(largeRow(row, col))
		}
		w.WriteByte('\n')
	}
	check(t, w.Flush())
	check(t, f.Close())
	checkApart(t, text, rows)
}

func checkApart(t *testing.T, file string, rows int) {
	t.Helper()
	self, err := os.Executable()
	check(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), runCheck+"="+file)
	cmd.Stderr = t.Output()
	start := time.Now()
	out, err := cmd.Output()
	check(t, err)
	var without, mib, marked, files int
	var cpu float64
	if _, err := fmt.Sscan(string(out), &without, &marked, &files, &cpu, &mib); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	t.Logf("%s, %d rows: %.1f s, %.1f s of CPU, %d MiB where %d are taken without a receipt, %d cells marked", filepath.Ext(file), rows, time.Since(start).Seconds(), cpu, mib, without, marked)
	if files != 3 || marked != rows/100 {
		t.Errorf("%d files of a receipt, want 3; %d cells marked, want %d", files, marked, rows/100)
	}
	if cpu > receiptSeconds || mib > without+receiptMoreMiB {
		t.Errorf("a receipt may take %d s of CPU, and %d MiB beside what the reading takes", receiptSeconds, receiptMoreMiB)
	}
}

// receiptMoreMiB is what a receipt may take in the process that has harmonised the file.
const receiptMoreMiB = 128

// checkLarge makes the receipt of the file, and prints how much memory this process took without it, how many cells it marks, of how many files it is,
// the processor time of it and its workers, and how much memory this process took with it.
func checkLarge(file string) error {
	schema := schemas.Builtin()
	set, err := pipeline.LoadMappings(schema)
	if err != nil {
		return err
	}
	if _, err := pipeline.Inspect(context.Background(), file, schema, set); err != nil {
		return err
	}
	if err := printPeak(); err != nil {
		return err
	}
	before := spent()
	got, err := pipeline.CheckFile(context.Background(), file, schema, set, pipeline.CheckOptions{Language: receipt.English, Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
	if err != nil {
		return err
	}
	n := 0
	for _, f := range got.Findings {
		for _, c := range f.Cells {
			if c.Row > 1 { // not those of the header
				n++
			}
		}
	}
	fmt.Println(n, len(got.Files), (spent() - before).Seconds())
	return printPeak()
}

// spent is the processor time of this process and of the workers that have ended.
func spent() (all time.Duration) {
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if unix.Getrusage(who, &u) == nil {
			all += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return all
}
