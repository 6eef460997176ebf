package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/motive-go/motive"
	"github.com/motive-go/motive/motivetest"
)

// seedFile stores the users of a CSV file. Its first line names the attributes as Motive's JSON
// does; beside them there may be external_id with integration_name (or "tms" without), exceptions
// by their names without exception_, and group_ids, both with semicolons between them.
func seedFile(fake *motivetest.Fake, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	users, err := readUsers(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fake.Seed(users...)
	return nil
}

func readUsers(r io.Reader) ([]motive.User, error) {
	rows := csv.NewReader(r)
	header, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("the line of attributes: %w", err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff") // as Excel writes it
	var users []motive.User
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return users, nil
		}
		if err != nil {
			return nil, err
		}
		user, err := userOf(header, row)
		if err != nil {
			line, _ := rows.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		users = append(users, user)
	}
}

func userOf(header, row []string) (user motive.User, err error) {
	attributes := map[string]any{}
	pair := map[string]string{"integration_name": "tms"}
	for i, name := range header {
		value := strings.TrimSpace(row[i])
		switch {
		case value == "":
		case name == "external_id" || name == "integration_name":
			pair[name] = value
		case name == "exceptions":
			for _, e := range strings.Split(value, ";") {
				attributes["exception_"+strings.TrimSpace(e)] = true
			}
		case name == "group_ids":
			var ids []int64
			for s := range strings.SplitSeq(value, ";") {
				id, wrong := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
				ids, err = append(ids, id), errors.Join(err, wrong)
			}
			attributes[name] = ids
		case name == "id":
			attributes[name], err = strconv.ParseInt(value, 10, 64)
		case value == "true" || value == "false":
			attributes[name] = value == "true"
		default:
			attributes[name] = value
		}
		if err != nil {
			return user, fmt.Errorf("%s: %q is no whole number", name, value)
		}
	}
	if pair["external_id"] != "" {
		attributes["external_ids"] = []any{pair}
	}
	data, err := json.Marshal(attributes)
	if err != nil {
		return user, err
	}
	return user, json.Unmarshal(data, &user)
}
