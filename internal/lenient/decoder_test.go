package lenient_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/motive-go/motive/internal/lenient"
)

type colour string

// reversed reads itself: its characters backwards.
type reversed string

func (r *reversed) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	*r = ""
	for _, ch := range s {
		*r = reversed(ch) + *r
	}
	return nil
}

type wheel struct {
	ID   int64  `json:"id"`
	Make string `json:"make"`
}

type car struct {
	ID      int64          `json:"id"`
	Name    string         `json:"name"`
	Colour  colour         `json:"colour"`
	Small   int8           `json:"small"`
	Electro bool           `json:"electro"`
	Built   time.Time      `json:"built"`
	Plate   reversed       `json:"plate"`
	Owners  []int64        `json:"owners"`
	Tags    []string       `json:"tags"`
	Wheels  []wheel        `json:"wheels"`
	Spare   wheel          `json:"spare"`
	Towing  *wheel         `json:"towing"`
	Weight  float64        `json:"weight"`
	Any     any            `json:"any"`
	Map     map[string]int `json:"map"`
	Parts   []car          `json:"parts"`
	Plain   string
	Not     string `json:"-"`
	hidden  string
}

var cars lenient.Table[car]

// read returns what stands in body, and what has no place as "name=value".
func read(t testing.TB, body string) (car, []string, error) {
	t.Helper()
	d := cars.Decoder([]byte(body))
	defer d.Close()
	var c car
	var rest []string
	for _, m := range d.Read(&c, "car") {
		rest = append(rest, fmt.Sprintf("%s=%s", m.Name, m.Value))
	}
	return c, rest, d.End()
}

func TestReadFitsEveryKind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, body string
		want       car
		rest       []string
	}{
		{"nothing", `{}`, car{}, nil},
		{"no object", `[1]`, car{}, nil},
		{"null everywhere", `{"id":null,"name":null,"plate":null,"owners":null,"wheels":null,"spare":null,"towing":null,"any":null}`, car{}, nil},
		{"empty everywhere", `{"id":"","name":"","plate":"","owners":"","wheels":"","spare":"","weight":"","map":""}`, car{}, nil},
		{"types that drift", `{"id":"7","name":8,"colour":9,"small":"-3","electro":"True"}`, car{ID: 7, Name: "8", Colour: "9", Small: -3, Electro: true}, nil},
		{"t is true", `{"electro":"t"}`, car{Electro: true}, nil},
		{"FALSE is false", `{"electro":"FALSE"}`, car{}, nil},
		{"too large for its type", `{"small":128}`, car{}, []string{"small=128"}},
		{"too large for any type", `{"id":9223372036854775808}`, car{}, []string{"id=9223372036854775808"}},
		{"reads itself", `{"plate":"abc"}`, car{Plate: "cba"}, nil},
		{"does not read itself", `{"plate":7}`, car{}, []string{"plate=7"}},
		{"lists", `{"owners":[1,"2"],"tags":["a",1,null,{},"b"],"wheels":[{"id":"1","make":2,"x":1},{"make":"m"}]}`, car{
			Owners: []int64{1, 2}, Tags: []string{"a", "1", "b"}, Wheels: []wheel{{1, "2"}, {0, "m"}},
		}, nil},
		{"empty lists", `{"owners":[],"tags":[ ],"wheels":[]}`, car{Owners: []int64{}, Tags: []string{}, Wheels: []wheel{}}, nil},
		{"odd elements", `{"owners":[1,null],"wheels":[{}],"tags":{}}`, car{}, []string{"owners=[1,null]", "tags={}", "wheels=[{}]"}},
		{"a struct", `{"spare":{"make":"m","id":1}}`, car{Spare: wheel{1, "m"}}, nil},
		{"the last of two in a struct", `{"spare":{"id":1,"make":"a","make":null},"parts":[{"wheels":[{"id":1}],"wheels":[{"make":"b"}]}]}`, car{Spare: wheel{ID: 1}, Parts: []car{{Wheels: []wheel{{0, "b"}}}}}, nil},
		{"a first of two that does not fit", `{"spare":{"id":{},"make":{},"make":"m","id":1}}`, car{Spare: wheel{1, "m"}}, nil},
		{"a last of two that does not fit", `{"spare":{"id":1,"make":"m","id":{}}}`, car{}, []string{`spare={"id":1,"make":"m","id":{}}`}},
		{"a struct that does not fit", `{"spare":{"make":"m","id":{}}}`, car{}, []string{`spare={"make":"m","id":{}}`}},
		{"left to encoding/json", `{"towing":{"id":1},"weight":1.5,"any":[1],"map":{"a":1}}`, car{Towing: &wheel{ID: 1}, Weight: 1.5, Any: []any{1.0}, Map: map[string]int{"a": 1}}, nil},
		{"a type that holds itself", `{"parts":[{"id":1,"parts":[{"id":2}]}]}`, car{Parts: []car{{ID: 1, Parts: []car{{ID: 2}}}}}, nil},
		{"without a tag", `{"Plain":"a","Not":"b","hidden":"c","-":"d"}`, car{Plain: "a", hidden: ""}, []string{"Not=\"b\"", "hidden=\"c\"", "-=\"d\""}},
		{"in its envelope", `{"id2":1,"car":{"id":7},"id":8}`, car{ID: 7}, nil},
		{"no envelope", `{"id":7,"car":{"id":8}}`, car{ID: 7}, []string{`car={"id":8}`}},
		{"no envelope in an envelope", `{"car":{"car":{"id":8}}}`, car{}, []string{`car={"id":8}`}},
		{"byte order mark", "\ufeff" + `{"id":7}`, car{ID: 7}, nil},
		{"the last of two", `{"name":"a","owners":[1],"name":"b","owners":{}}`, car{Name: "b"}, []string{`owners={}`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, rest, err := read(t, test.body)
			if err != nil || !reflect.DeepEqual(got, test.want) || !reflect.DeepEqual(rest, test.rest) {
				t.Errorf("got  %+v %q, error %v\nwant %+v %q", got, rest, err, test.want, test.rest)
			}
		})
	}
}

func TestTableListsTheFields(t *testing.T) {
	t.Parallel()
	names, keys := cars.Names(), cars.Keys()
	for i, want := range map[int]string{0: "id", 9: "wheels", 16: "Plain", 17: "", 18: ""} {
		key := ""
		if want != "" {
			key = `"` + want + `":`
		}
		place, ok := cars.Index(want)
		if names[i] != want || keys[i] != key || ok != (want != "") || ok && place != i {
			t.Errorf("field %d: name %q, key %q, place %d", i, names[i], keys[i], place)
		}
	}
}

// A Decoder that is used again has nothing of the body before.
func TestDecodersForget(t *testing.T) {
	t.Parallel()
	for range 50 {
		if _, rest, err := read(t, `{"name":"secret","x":1,"wheels":[{"make":"a"}]`); err == nil || rest != nil {
			t.Fatalf("rest %q, error %v", rest, err)
		}
		got, rest, err := read(t, `{"id":1}`)
		if err != nil || rest != nil || !reflect.DeepEqual(got, car{ID: 1}) {
			t.Fatalf("got %+v %q, error %v", got, rest, err)
		}
	}
}

// Nothing that is read changes with the body.
func TestReadKeepsNothingOfTheBody(t *testing.T) {
	t.Parallel()
	body := []byte(`{"name":"a\u0041","colour":"red","tags":["x","y\n"],"wheels":[{"make":"m"}],"plate":"abc","any":"z","towing":{"make":"n"}}`)
	d := cars.Decoder(body)
	var got car
	d.Read(&got, "")
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	d.Close()
	for i := range body {
		body[i] = 'X'
	}
	want := car{Name: "aA", Colour: "red", Tags: []string{"x", "y\n"}, Wheels: []wheel{{0, "m"}}, Plate: "cba", Any: "z", Towing: &wheel{Make: "n"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// repeat is a body of about size bytes. In an item, % stands for a number of its own.
func repeat(size int, before, item, after string) []byte {
	if !strings.Contains(item, "%") {
		return []byte(before + strings.Repeat(item, size/len(item)+1) + after)
	}
	body := []byte(before)
	for i := 0; len(body) < size; i++ {
		body = append(body, strings.Replace(item, "%", strconv.Itoa(i), 1)...)
	}
	return append(body, after...)
}

// A row is what a caller keeps.
type row struct {
	car   *car
	extra map[string]json.RawMessage
}

// readAll adds to rows those that body holds, or the one that it is.
func readAll(d *lenient.Decoder, rows []row) []row {
	one := func() {
		r := row{car: new(car)}
		members := d.Read(r.car, "car")
		if len(members) > 0 {
			r.extra = make(map[string]json.RawMessage, len(members))
		}
		for _, m := range members {
			r.extra[string(m.Name)] = slices.Clone(json.RawMessage(m.Value))
		}
		rows = append(rows, r)
	}
	if !d.At('[') {
		one()
		return rows
	}
	for range d.Items() { // which ends at a fault
		one()
	}
	return rows
}

// Whatever a body is, reading it makes at most eight times its bytes, or what the
// rows of one page weigh where that is more. Not parallel: it counts what the
// program allocates.
func TestMemoryIsBoundByTheBody(t *testing.T) {
	sizes := []int{100, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 16 << 20}
	if testing.Short() {
		sizes = sizes[:5]
	}
	for _, shape := range []struct{ name, before, item, after string }{
		{"members nobody knows", `{"id":1`, `,"%":1`, `}`},
		{"long members nobody knows", `{"id":1`, `,"some_new_field_%":false`, `}`},
		{"the same member", `{"id":1`, `,"a":1`, `}`},
		{"escaped members", `{"id":1`, `,"\n":1`, `}`},
		{"known members", `{"id":1`, `,"id":1`, `}`},
		{"numbers", `{"owners":[1`, `,1`, `]}`},
		{"tags", `{"tags":[1`, `,1`, `]}`},
		{"empty tags", `{"tags":[""`, `,""`, `]}`},
		{"long tags", `{"tags":["a"`, `,"view_the_users_of_groups"`, `]}`},
		{"empty structs", `{"wheels":[{}`, `,{}`, `]}`},
		{"structs", `{"wheels":[{"id":1}`, `,{"id":1}`, `]}`},
		{"large structs", `{"parts":[{"id":1}`, `,{"id":1}`, `]}`},
		{"nested structs", `{"parts":[{"id":1}`, `,{"parts":[{"id":1}]}`, `]}`},
		{"lists again and again", `{"id":1`, `,"owners":[1,2,3],"tags":["a"]`, `}`},
		{"arrays", `{"x":`, `[`, ``},
		{"objects", `{"x":`, `{"x":`, ``},
		{"a long string", `{"name":"`, `aé`, `"}`},
		{"escapes", `{"name":"`, `\n`, `"}`},
		{"surrogates", `{"name":"`, `\ud83d`, `"}`},
		{"broken characters", `{"name":"`, "\xff", `"}`},
		{"broken tags", `{"tags":["a"`, ",\"\xff\xff\xff\xff\xff\xff\xff\xff\"", `]}`},
		{"a long number", `{"name":`, `7`, `}`},
		{"a long id", `{"id":`, `7`, `}`},
		{"a long boolean", `{"electro":"`, `T`, `"}`},
		{"times that are numbers", `[{"built":1}`, `,{"built":1}`, `]`},
		{"times that are none", `[{"built":"2024-13-41"}`, `,{"built":"2024-13-41"}`, `]`},
		{"a long time", `{"built":"`, `2`, `"}`},
		{"any", `{"any":[0`, `,0`, `]}`},
		{"tiny rows", `[{"id":1}`, `,{"id":1}`, `]`},
		{"empty rows", `[{}`, `,{}`, `]`},
		{"rows in envelopes", `[{"car":{"id":1}}`, `,{"car":{"id":1}}`, `]`},
		{"tiny rows with a member nobody knows", `[{"id":1}`, `,{"id":1,"x":1}`, `]`},
		{"rows that do not fit", `[{"id":1}`, `,{"id":{},"name":[],"built":1,"owners":{},"spare":1}`, `]`},
	} {
		for _, size := range sizes {
			body := repeat(size, shape.before, shape.item, shape.after)
			var (
				rows       []row
				made, most uint64
			)
			for range 10 { // since the program itself may allocate in between
				var fresh lenient.Table[car]
				d := fresh.Decoder(body)
				rows = make([]row, 0, 300+8*uintptr(len(body))/unsafe.Sizeof(car{}))
				before := memory(false)
				rows = readAll(d, rows)
				made = memory(false).TotalAlloc - before.TotalAlloc

				const weight = uint64(9*unsafe.Sizeof(car{})/8 + 512)
				most = max(8*uint64(len(body)), min(100, uint64(len(rows)))*weight+2048) + 64 // an error
				if made <= most {
					break
				}
			}
			if made > most {
				t.Errorf("%s: %d bytes make %d, %.1f times as many", shape.name, len(body), made, float64(made)/float64(len(body)))
			}
			if size < 1<<20 {
				continue // too little to be found
			}
			before := memory(true)
			runtime.KeepAlive(rows)
			clear(rows)
			if live := int64(before.HeapAlloc - memory(true).HeapAlloc); live > int64(most) {
				t.Errorf("%s: %d bytes hold %d, %.1f times as many", shape.name, len(body), live, float64(live)/float64(len(body)))
			}
			runtime.KeepAlive(rows)
			runtime.KeepAlive(body)
		}
	}
}

// memory is how much there is, after a collection if asked for.
func memory(collect bool) (m runtime.MemStats) {
	if collect {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m
}

// A page is read even where its rows say little, and a longer one where they say
// as much as they weigh.
func TestSmallRowsAreRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rows int
		row  string
	}{
		{1, `{"id":1}`}, {1, `{"id":1,"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}`}, {25, `{"id":1,"name":"a"}`}, {100, `{"id":1}`},
		{100, `{"id":1,"a":1,"b":2}`}, {100, `{"id":1,"a":1,"b":2,"c":3,"d":4}`},
		{100, `{"id":1,"name":"Lane","colour":"red","new":true}`}, {100, "{\"id\":1,\"name\":\"M\xfcller\",\"x\":1}"}, {100, `{"id":1,"owners":[1,2],"tags":["a","b"],"wheels":[{"id":1}]}`},
		{1000, `{"id":1,"name":"` + strings.Repeat("a", 80) + `"}`}, {10_000, `{"id":1,"name":"` + strings.Repeat("a", 80) + `"}`},
	} {
		body := "[" + strings.Repeat(test.row+",", test.rows-1) + test.row + "]"
		d := cars.Decoder([]byte(body))
		if rows := readAll(d, nil); d.End() != nil || len(rows) != test.rows {
			t.Errorf("%d of %s: %d are read, error %v", test.rows, test.row, len(rows), d.End())
		}
		d.Close()
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`1`, ` {"a":[{},[],"x",-1.5e+3,true,false,null]} `, "\t[]\n", `{"a":{"b":{"c":[[[]]]}},"d":{}}`} {
		value, err := lenient.Check([]byte(body))
		if err != nil || string(value) != strings.TrimSpace(body) {
			t.Errorf("%s: got %s, error %v", body, value, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, body := range []string{
		``, `null`, `{"a":[{},[],"x",-1.5e+3,true,false,null]}`, `[1,]`, `{"a":1,}`, `{"a" 1}`, `[[[]]`, `{"a":{"b":[1 2]}}`, `"\ud83d\u00e9\q"`, "\"\x01\"", `01`, `[}`, `{"a":]`, `[{"a":{}}]`, `{"":""}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		value, err := lenient.Check(body)
		plain := strings.TrimPrefix(string(body), "\ufeff")
		if json.Valid([]byte(plain)) != (err == nil) {
			t.Fatalf("error %v", err)
		}
		if err != nil {
			return
		}
		var s string
		if value[0] == '"' && json.Unmarshal(value, &s) == nil && string(lenient.Unquote(value)) != s {
			t.Fatalf("%s reads as %q, want %q", value, lenient.Unquote(value), s)
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, body := range []string{
		`{"id":"7","name":8,"electro":"t","small":300,"plate":"abc"}`, `{"car":{"parts":[{"id":1,"parts":[{}]}]}}`, `{"wheels":[{"id":1}],"spare":{"x":1}}`,
		`{"tags":["a",null],"owners":[1,2.0,"3"],"towing":{"id":1},"any":{},"map":{"a":1}}`, `{"built":"2026-07-01"}`, `[{}]`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		sent := string(body)
		_, _, err := read(t, sent)
		plain := strings.TrimPrefix(sent, "\ufeff")
		if json.Valid([]byte(plain)) != (err == nil) && !strings.Contains(fmt.Sprint(err), "in memory") {
			t.Fatalf("error %v", err)
		}
	})
}
