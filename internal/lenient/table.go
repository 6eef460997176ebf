package lenient

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Table lists the fields of the struct T by their names in JSON. Fields of an
// embedded struct are not promoted. The zero Table is ready: it is filled when it
// is first used, so that a program links nothing of a T that it does not read.
type Table[T any] struct {
	// ByValue says that the caller keeps a list of T rather than *T, which is
	// copied when it grows.
	ByValue bool

	once sync.Once
	made *table
}

// table is a Table of whatever type. It does not change.
type table struct {
	names []string // by field; "" for one that is not in JSON
	keys  []string // the same as keys in JSON, with their colons
	forms []form
	index map[string]int // from name to field
	size  int            // what a struct takes, in bytes
	place int            // what its place in the caller's list takes
	pool  sync.Pool      // of decoders
}

// A form says how a value of a type is read.
type form struct {
	kind  reflect.Kind  // zero if it reads itself
	text  bool          // whether it keeps characters of the input
	size  int           // of one element of a list, in bytes
	empty reflect.Value // a list without elements that is not nil
	elem  *form         // of a list
	table *table        // of a struct
}

func (t *Table[T]) table() *table {
	t.once.Do(func() {
		const copies = 5 // what append leaves behind where a list grows by quarters
		typ := reflect.TypeFor[T]()
		t.made = newTable(typ, make(map[reflect.Type]*table))
		t.made.size, t.made.place = allocated(typ), copies*strconv.IntSize/8
		if t.ByValue {
			t.made.place = copies * t.made.size
		}
	})
	return t.made
}

// allocated is what a value of typ takes on the heap: its size and a word about its
// pointers, rounded up to the next of the sizes in which the runtime allocates.
func allocated(typ reflect.Type) int {
	return cap(slices.Grow([]byte(nil), int(typ.Size())+strconv.IntSize/8))
}

func newTable(typ reflect.Type, made map[reflect.Type]*table) *table {
	if t := made[typ]; t != nil {
		return t // typ holds itself
	}
	n := typ.NumField()
	t := &table{names: make([]string, n), keys: make([]string, n), forms: make([]form, n), index: make(map[string]int, n)}
	made[typ] = t
	for i := range n {
		field := typ.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() {
			continue
		}
		name = cmp.Or(name, field.Name)
		t.names[i], t.keys[i], t.forms[i] = name, strconv.Quote(name)+":", newForm(field.Type, made)
		t.index[name] = i
	}
	return t
}

func newForm(typ reflect.Type, made map[reflect.Type]*table) form {
	f := form{kind: typ.Kind()}
	switch {
	case reflect.PointerTo(typ).Implements(reflect.TypeFor[json.Unmarshaler]()):
		f.kind = reflect.Invalid
	case f.kind == reflect.String:
		f.text = true
	case f.kind == reflect.Slice:
		elem := newForm(typ.Elem(), made)
		f.text, f.size, f.empty, f.elem = elem.text, int(typ.Elem().Size()), reflect.MakeSlice(typ, 0, 0), &elem
	case f.kind == reflect.Struct:
		f.text, f.table = true, newTable(typ, made)
	}
	return f
}

// Names returns the names of the fields, in the order of the struct; "" for one
// that is not in JSON. Neither Names nor Keys may be changed.
func (t *Table[T]) Names() []string { return t.table().names }

// Keys returns the names as keys in JSON, with their colons.
func (t *Table[T]) Keys() []string { return t.table().keys }

// Index returns the place of the field of that name.
func (t *Table[T]) Index(name string) (int, bool) {
	i, ok := t.table().index[name]
	return i, ok
}
