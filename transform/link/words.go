package link

import "github.com/zeebo/xxh3"

// Words gathers distinct words, each with its place. The zero value is ready.
type Words struct {
	List  []string   // by place
	slots []wordSlot // by hash
}

// wordSlot is a word's place from 1 and half of its hash; 0: free.
type wordSlot struct {
	word int32
	hash uint32
}

// Index is the word's place. A new word is added, as it is: who borrowed its text puts a copy into List.
func (w *Words) Index(s string) (place int32, added bool) {
	if 2*len(w.List) >= len(w.slots) {
		w.grow()
	}
	h := uint32(xxh3.HashString(s))
	mask := uint32(len(w.slots) - 1)
	for i := h; ; i++ {
		slot := &w.slots[i&mask]
		if slot.word == 0 {
			w.List = append(w.List, s)
			*slot = wordSlot{int32(len(w.List)), h}
			return slot.word - 1, true
		}
		if slot.hash == h && w.List[slot.word-1] == s {
			return slot.word - 1, false
		}
	}
}

func (w *Words) grow() {
	old := w.slots
	w.slots = make([]wordSlot, max(1<<6, 2*len(old)))
	mask := uint32(len(w.slots) - 1)
	for _, slot := range old {
		if slot.word == 0 {
			continue
		}
		i := slot.hash
		for w.slots[i&mask].word != 0 {
			i++
		}
		w.slots[i&mask] = slot
	}
}
