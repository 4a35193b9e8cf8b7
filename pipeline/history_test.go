package pipeline_test

import (
	"errors"
	"testing"
	"time"

	"palermo/pipeline"
)

// at is a clock that stands still.
func at(hour int) func() time.Time {
	return func() time.Time { return time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC) }
}

func TestHistory(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"ngo/notes.csv": []byte("Week,Calls\n1,14\n")})
	first, second := run(t, home, pipeline.Options{Now: at(1)}), run(t, home, pipeline.Options{Now: at(2)})
	h, err := pipeline.ReadHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	all, err := h.History()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Run != second.Run || all[1].Run != first.Run || all[0].Current || !all[1].Current {
		t.Fatalf("got %+v, want the second run, then the first, which is current", all)
	}
	if len(all[0].Received) != 0 || len(all[1].Received) != 1 {
		t.Fatalf("received %+v, want nothing, then one file", all)
	}
	got := all[1].Received[0]
	if got.Name != "notes.csv" || got.Status != pipeline.StatusQuarantined || got.Rows.Read != 2 {
		t.Errorf("received %+v", got)
	}
	in, err := h.Inspect(t.Context(), got.ID)
	if err != nil || in.File != "notes.csv" || in.Status != pipeline.StatusQuarantined || in.Found[0].Pos.File != "notes.csv" {
		t.Errorf("inspected %+v, %v", in, err)
	}
	if _, err := h.Inspect(t.Context(), "s0"); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("inspected a submission that is not there: %v", err)
	}
}

func TestRunHistory(t *testing.T) {
	t.Parallel()
	home := newHome(t, map[string][]byte{"ngo/notes.csv": []byte("Week,Calls\n1,14\n")})
	first, second := run(t, home, pipeline.Options{Now: at(1)}), run(t, home, pipeline.Options{Now: at(2)})
	h, err := pipeline.ReadHome(home, "")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"": second.Run, first.Run: first.Run, second.Run[:len(second.Run)-1]: second.Run} {
		if got, err := h.RunHistory(id); err != nil || got.Run != want {
			t.Errorf("RunHistory(%q) = %v, %v; want %s", id, got, err, want)
		}
	}
	for _, id := range []string{"2", "1999"} {
		if got, err := h.RunHistory(id); !errors.Is(err, pipeline.ErrNotFound) {
			t.Errorf("RunHistory(%q) = %v, %v; want not found", id, got, err)
		}
	}
}
