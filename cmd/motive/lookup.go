package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/motive-go/motive"

	printable "github.com/motive-go/motive/internal/text"
)

type lookupFlags struct {
	connection  connection
	id          int64
	externalID  string
	integration string
	key         motive.UserLookup
	json        bool
}

func lookupCommand(h host) *cobra.Command {
	f := &lookupFlags{}
	cmd := &cobra.Command{
		Use:   "lookup",
		Short: "Show one user",
		Long:  `Show one user of the fleet, found by exactly one key.`,
		Example: `  motive lookup --external-id 2001 --integration tms
  motive lookup --username amoss.demo
  motive lookup --id 1004 --json`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return h.lookup(cmd, f) },
	}
	flags := cmd.Flags()
	flags.Int64Var(&f.id, "id", 0, "Motive's `id` of the user")
	flags.StringVar(&f.externalID, "external-id", "", "`id` of the user in another system; with --integration")
	flags.StringVar(&f.integration, "integration", "", "`name` of that system in Motive")
	flags.StringVar(&f.key.DriverCompanyID, "driver-company-id", "", "the fleet's own `number` for the driver")
	flags.StringVar(&f.key.Username, "username", "", "`name` that a driver signs in with")
	flags.StringVar(&f.key.Email, "email", "", "`address` of the user")
	flags.StringVar(&f.key.Phone, "phone", "", "`number` of the user")
	flags.BoolVar(&f.json, "json", false, "print JSON, for programs")
	f.connection.addFlags(cmd)
	return cmd
}

var lookupKeys = []string{"id", "external-id", "driver-company-id", "username", "email", "phone"}

// checkKey returns what is wrong with the flags that say who is looked for.
func checkKey(flags *pflag.FlagSet) error {
	given := slices.DeleteFunc(slices.Clone(lookupKeys), func(name string) bool { return !flags.Changed(name) })
	switch {
	case len(given) != 1:
		return fmt.Errorf("%d keys, and there has to be one: --%s", len(given), strings.Join(lookupKeys, ", --"))
	case flags.Changed("external-id") != flags.Changed("integration"):
		return errors.New("--external-id and --integration go together, since an id is one of a system")
	}
	return nil
}

func (h host) lookup(cmd *cobra.Command, f *lookupFlags) error {
	if err := checkKey(cmd.Flags()); err != nil {
		return err
	}
	client, err := f.connection.client(h)
	if err != nil {
		return err
	}
	user, err := f.find(cmd, client)
	var invalid *motive.ValidationError
	switch {
	case errors.Is(err, motive.ErrNotFound):
		h.say("There is no such user in the fleet.")
		return &exitError{code: exitRows}
	case errors.As(err, &invalid):
		return err
	case err != nil:
		return exit(exitStopped, err)
	}
	fields, err := shownFields(user)
	if err != nil {
		return err
	}
	if f.json {
		return writeJSON(h.out, json.RawMessage(fields))
	}
	rows, err := fieldRows(fields)
	if err != nil {
		return err
	}
	return writeTable(h.out, h.screen().width, nil, rows)
}

func (f *lookupFlags) find(cmd *cobra.Command, client *motive.Client) (*motive.User, error) {
	switch {
	case cmd.Flags().Changed("id"):
		return client.Users.Get(cmd.Context(), f.id)
	case f.externalID != "":
		return client.Users.LookupByExternalID(cmd.Context(), f.externalID, f.integration)
	}
	return client.Users.Lookup(cmd.Context(), f.key)
}

// shownFields is the user as JSON without the license number, which nobody has to
// see to tell who it is.
func shownFields(user *motive.User) ([]byte, error) {
	shown := *user
	if shown.DriversLicenseNumber != "" {
		shown.DriversLicenseNumber = "[redacted]"
	}
	return json.Marshal(shown)
}

// fieldRows are the fields of an object in their order.
func fieldRows(object []byte) ([]table.Row, error) {
	in := json.NewDecoder(strings.NewReader(string(object)))
	if _, err := in.Token(); err != nil {
		return nil, err
	}
	var rows []table.Row
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return nil, err
		}
		rows = append(rows, table.Row{printable.Printable(name.(string), 60), fieldText(value)})
	}
	return rows, nil
}

// fieldText is a value as people read it.
func fieldText(value json.RawMessage) string {
	var s string
	var ids []motive.ExternalID
	switch {
	case json.Unmarshal(value, &s) == nil:
		return printable.Printable(s, 2000)
	case value[0] == '[' && json.Unmarshal(value, &ids) == nil:
		names := make([]string, len(ids))
		for i, id := range ids {
			names[i] = id.ExternalID + " of " + id.IntegrationName
		}
		return printable.Printable(strings.Join(names, ", "), 2000)
	}
	return printable.Printable(strings.Trim(strings.ReplaceAll(string(value), ",", ", "), "[]"), 2000)
}
