// Package calls finds the calls of the client, so that no test that goes through all
// of them can leave one out.
package calls

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/motive-go/motive"
)

// Call is a method of a service of the client.
type Call struct {
	Service string // the field of the client, "Users"
	Type    string // of the service, "UsersService"
	Method  string
	args    []reflect.Type // after the context, without the options
	result  reflect.Type
}

// Name is "Users.Get".
func (c Call) Name() string { return c.Service + "." + c.Method }

// All are the calls of every service.
func All() []Call {
	var all []Call
	for _, service := range reflect.VisibleFields(reflect.TypeFor[motive.Client]()) {
		if !service.IsExported() {
			continue
		}
		for i := range service.Type.NumMethod() {
			method := service.Type.Method(i)
			call := Call{Service: service.Name, Type: service.Type.Elem().Name(), Method: method.Name, result: method.Type.Out(0)}
			for arg := 2; arg < method.Type.NumIn()-1; arg++ {
				call.args = append(call.args, method.Type.In(arg))
			}
			all = append(all, call)
		}
	}
	return all
}

// Only are the calls of which something is true.
func Only(is func(Call) bool) []Call {
	return slices.DeleteFunc(All(), func(c Call) bool { return !is(c) })
}

// ReturnsRecord reports whether the result is one record, which has an id.
func (c Call) ReturnsRecord() bool {
	if c.result.Kind() != reflect.Pointer || c.result.Elem().Kind() != reflect.Struct {
		return false
	}
	_, has := c.result.Elem().FieldByName("ID")
	return has
}

// TakesID reports whether the call is about the record with an id.
func (c Call) TakesID() bool { return slices.Contains(c.args, reflect.TypeFor[int64]()) }

// TakesText reports whether an argument is a string, or has a field that is one.
func (c Call) TakesText() bool {
	isText := func(t reflect.Type) bool {
		return t == reflect.TypeFor[string]() || t == reflect.TypeFor[motive.Optional[string]]()
	}
	return slices.ContainsFunc(c.args, func(arg reflect.Type) bool {
		if arg.Kind() == reflect.Pointer {
			arg = arg.Elem()
		}
		if arg.Kind() != reflect.Struct {
			return isText(arg)
		}
		return slices.ContainsFunc(reflect.VisibleFields(arg), func(f reflect.StructField) bool { return isText(f.Type) })
	})
}

// Check fails the test where one of the calls has no row, unless except says why, and
// where a row or an exception is of no call. A row is of the call that its name begins
// with: "Users.Get", or "Get, another id", where Users can be left out.
func Check(t testing.TB, calls []Call, rows []string, except map[string]string, remedy string) {
	t.Helper()
	left := map[string]bool{}
	for _, call := range calls {
		left[call.Name()] = true
	}
	for name, reason := range except {
		if !left[name] || reason == "" {
			t.Errorf("the exception of %s: it is not asked for, or gives no reason", name)
		}
	}
	for _, row := range rows {
		name, _, _ := strings.Cut(row, " ")
		name = strings.TrimSuffix(name, ",")
		if !strings.Contains(name, ".") {
			name = "Users." + name
		}
		if !slices.ContainsFunc(All(), func(c Call) bool { return c.Name() == name }) {
			t.Errorf("the row %q: its name begins with that of no call", row)
		}
		if except[name] != "" {
			t.Errorf("the row %q: its call is excepted", row)
		}
		delete(left, name)
	}
	for _, call := range calls {
		if name := call.Name(); left[name] && except[name] == "" {
			t.Errorf("%s is left out: %s", name, remedy)
		}
	}
}
