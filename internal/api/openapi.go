package api

import "github.com/danielgtaylor/huma/v2"

// nullable are the members of alerts and contents that may be null although they are objects.
var nullable = []string{"client", "server", "acknowledged"}

// mendNullable says so in the document, which does not do it for objects by
// itself.
func mendNullable(doc *huma.OpenAPI) {
	schemas := doc.Components.Schemas.Map()
	for _, name := range []string{"Alert", "AlertDetail", "ProgramContent"} {
		schema := schemas[name]
		if schema == nil {
			continue
		}
		for _, member := range nullable {
			if p := schema.Properties[member]; p != nil && p.Ref != "" {
				schema.Properties[member] = &huma.Schema{Description: p.Description, AnyOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}}
			}
		}
	}
}
