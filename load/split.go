package load

import (
	"context"
	"fmt"

	"palermo/schemas"
)

// Split writes one table as two files: one of the lake, and one of the vault with the direct
// fields in full. A table without direct fields has no vault, and is only the one. It is a sink,
// and not safe for two goroutines.
type Split struct {
	lake  *Writer
	vault *Writer // nil where the table has none
}

// CreateSplit begins both files under temporary names, as Create does. Only the service account
// may read them, nor the folders that are made for them. Nothing is made at vaultPath where the
// table has no direct field. What seals files, seals that of the vault alone.
func CreateSplit(lakePath, vaultPath string, t *schemas.Table, o ParquetOptions) (*Split, error) {
	in := t.Lake()
	if in == nil {
		return nil, fmt.Errorf("table %s: nothing of it may stand in the lake", t.Name)
	}
	open := o
	open.Seal = nil
	lake, err := Create(lakePath, in, open)
	if err != nil {
		return nil, err
	}
	s := &Split{lake: lake}
	if v := t.Vault(); v != nil {
		if s.vault, err = Create(vaultPath, v, o); err != nil {
			lake.Abort()
			return nil, err
		}
	}
	return s, nil
}

// Write adds the rows of a batch, which has all of the table's columns, to both files.
func (s *Split) Write(ctx context.Context, b *schemas.Batch) error {
	if s.vault != nil {
		if err := s.vault.Write(ctx, b); err != nil {
			s.Abort()
			return err
		}
	}
	err := s.lake.Write(ctx, b)
	if err != nil {
		s.Abort()
	}
	return err
}

// Rows is how many rows were taken so far.
func (s *Split) Rows() int64 { return s.lake.Rows() }

// HasVault reports whether the table has direct fields, and so a file in the vault.
func (s *Split) HasVault() bool { return s.vault != nil }

// Close ends both files. That of the vault gets its name first, so that no file of the lake is
// ever without it; after an error there is no new file in the lake, and one in the vault may be
// left for the next attempt to overwrite.
func (s *Split) Close() error {
	if s.vault != nil {
		if err := s.vault.Close(); err != nil {
			s.lake.Abort()
			return err
		}
	}
	return s.lake.Close()
}

// Abort gives both files up. After Close it does nothing.
func (s *Split) Abort() {
	s.lake.Abort()
	if s.vault != nil {
		s.vault.Abort()
	}
}
