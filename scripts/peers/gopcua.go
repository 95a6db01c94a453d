// Command peers is a client of OPC UA with gopcua: peers ADDRESS. It prints what it asked and was told, one JSON object
// a line. It must not know anything of the product.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"
)

// line is a request, or what a subscription brought.
type line struct {
	Kind    string `json:"kind"`
	Code    uint16 `json:"code"`
	Item    int    `json:"item"`
	Object  string `json:"object"`
	Values  []any  `json:"values"`
	Type    string `json:"type"`
	Outcome string `json:"outcome"`
}

func (l line) print() {
	if l.Kind == "" {
		l.Kind = "operation"
	}
	b, err := json.Marshal(l)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(b))
}

var types = map[reflect.Kind]string{reflect.Bool: "bool", reflect.Int8: "i8", reflect.Uint8: "u8", reflect.Int16: "i16", reflect.Uint16: "u16", reflect.Int32: "i32",
	reflect.Uint32: "u32", reflect.Float32: "f32", reflect.Float64: "f64"}

// with adds values: numbers, no texts.
func (l line) with(all ...*ua.Variant) line {
	for _, v := range all {
		if v == nil || v.Value() == nil {
			return l
		}
		x := reflect.ValueOf(v.Value())
		kind := x.Kind()
		if kind == reflect.Slice {
			kind = x.Type().Elem().Kind()
		}
		if l.Type = types[kind]; l.Type == "" {
			return l
		}
		if x.Kind() != reflect.Slice {
			l.Values = append(l.Values, number(x))
			continue
		}
		for i := range x.Len() {
			l.Values = append(l.Values, number(x.Index(i)))
		}
	}
	return l
}

func number(x reflect.Value) any {
	if x.Kind() != reflect.Bool {
		return x.Interface()
	}
	if x.Bool() {
		return 1
	}
	return 0
}

var (
	named = regexp.MustCompile(`Status(\w+)`)
	words = regexp.MustCompile(`([a-z])([A-Z])`)
)

// outcome writes a status in the specification's words.
func outcome(s ua.StatusCode) string {
	if s == ua.StatusOK {
		return "ok"
	}
	name := named.FindStringSubmatch(ua.StatusCodes[s].Name)[1]
	return "error:" + strings.ToLower(words.ReplaceAllString(strings.ReplaceAll(name, "ID", "Id"), "$1-$2"))
}

// handles are the nodes by the number that the client gives them.
var handles = map[uint32]string{}

// item tells one of several objects of a request.
func item(code uint16, i, n int, object string, s ua.StatusCode) line {
	if n == 1 {
		i = -1
	}
	return line{Code: code, Item: i + 1, Object: object, Outcome: outcome(s)}
}

// told prints a request and its answer.
func told(q ua.Request, a ua.Response) {
	code := ua.ServiceTypeID(q)
	switch q := q.(type) {
	case *ua.ReadRequest:
		for i, r := range a.(*ua.ReadResponse).Results {
			item(code, i, len(q.NodesToRead), node(q.NodesToRead[i].NodeID), r.Status).with(r.Value).print()
		}
	case *ua.WriteRequest:
		for i, s := range a.(*ua.WriteResponse).Results {
			item(code, i, len(q.NodesToWrite), node(q.NodesToWrite[i].NodeID), s).with(q.NodesToWrite[i].Value.Value).print()
		}
	case *ua.BrowseRequest:
		for i, r := range a.(*ua.BrowseResponse).Results {
			item(code, i, len(q.NodesToBrowse), node(q.NodesToBrowse[i].NodeID), r.StatusCode).print()
		}
	case *ua.CallRequest:
		for i, r := range a.(*ua.CallResponse).Results {
			c := q.MethodsToCall[i]
			item(code, i, len(q.MethodsToCall), node(c.ObjectID)+"/"+node(c.MethodID), r.StatusCode).with(c.InputArguments...).print()
		}
	case *ua.CreateMonitoredItemsRequest:
		for i, r := range a.(*ua.CreateMonitoredItemsResponse).Results {
			object := node(q.ItemsToCreate[i].ItemToMonitor.NodeID)
			handles[q.ItemsToCreate[i].RequestedParameters.ClientHandle] = object
			item(code, i, len(q.ItemsToCreate), object, r.StatusCode).print()
		}
	default:
		line{Code: code, Outcome: outcome(a.Header().ServiceResult)}.print()
	}
	if a, ok := a.(*ua.PublishResponse); ok {
		for _, data := range a.NotificationMessage.NotificationData {
			if changes, ok := data.Value.(*ua.DataChangeNotification); ok {
				for _, x := range changes.MonitoredItems {
					line{Kind: "sample", Code: 811, Object: handles[x.ClientHandle]}.with(x.Value.Value).print()
				}
			}
		}
	}
}

func node(n *ua.NodeID) string { return strings.TrimPrefix(n.String(), "ns=0;") }

func ask[A ua.Response](ctx context.Context, c *opcua.Client, q ua.Request) A {
	var got A
	err := c.Send(ctx, q, func(a ua.Response) error {
		var ok bool
		if got, ok = a.(A); !ok {
			return fmt.Errorf("%T answers %T", a, q)
		}
		return nil
	})
	if err != nil {
		fail(fmt.Errorf("%T: %w", q, err))
	}
	told(q, got)
	return got
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func line1(name string) *ua.NodeID { return ua.NewStringNodeID(1, "Line."+name) }

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := opcua.NewClient("opc.tcp://"+os.Args[1]+":4840", opcua.SecurityMode(ua.MessageSecurityModeNone), opcua.AutoReconnect(false))
	if err != nil {
		fail(err)
	}
	if err := c.Connect(ctx); err != nil {
		fail(err)
	}
	// What Connect asks by itself.
	line{Code: 446, Object: "policy:None", Outcome: "ok"}.print()
	line{Code: 461, Outcome: "ok"}.print()
	line{Code: 467, Object: "user-token:anonymous", Outcome: "ok"}.print()
	line{Code: 631, Object: "i=2255", Outcome: "ok"}.print()
	values(ctx, c)
	subscription(ctx, c)
	if err := c.Close(ctx); err != nil {
		fail(err)
	}
	line{Code: 473, Outcome: "ok"}.print()
	line{Code: 452, Outcome: "ok"}.print()
}

// values browses, reads, writes and calls.
func values(ctx context.Context, c *opcua.Client) {
	var browse []*ua.BrowseDescription
	for _, n := range []*ua.NodeID{ua.NewNumericNodeID(0, 85), ua.NewStringNodeID(1, "Line"), ua.NewStringNodeID(1, "Nothing")} {
		browse = append(browse, &ua.BrowseDescription{NodeID: n, BrowseDirection: ua.BrowseDirectionForward, ReferenceTypeID: ua.NewNumericNodeID(0, 33), IncludeSubtypes: true, ResultMask: 63})
	}
	ask[*ua.BrowseResponse](ctx, c, &ua.BrowseRequest{View: &ua.ViewDescription{ViewID: ua.NewTwoByteNodeID(0)}, NodesToBrowse: browse})
	var read []*ua.ReadValueID
	for _, name := range []string{"Speed", "Level", "Small", "Mode", "Word", "Short", "Total", "Offset", "On", "Name", "List", "None"} {
		x := &ua.ReadValueID{NodeID: line1(name), AttributeID: ua.AttributeIDValue, DataEncoding: &ua.QualifiedName{}}
		read = append(read, x)
		ask[*ua.ReadResponse](ctx, c, &ua.ReadRequest{NodesToRead: []*ua.ReadValueID{x}, TimestampsToReturn: ua.TimestampsToReturnBoth})
	}
	ask[*ua.ReadResponse](ctx, c, &ua.ReadRequest{NodesToRead: read, TimestampsToReturn: ua.TimestampsToReturnNeither})
	var write []*ua.WriteValue
	for name, v := range map[string]any{"Speed": 7.75, "Level": float32(-0.5), "Mode": uint8(200), "Total": uint32(5), "List": []int32{-1, 0, 1}, "On": false, "Word": 1.5, "None": true} {
		write = append(write, &ua.WriteValue{NodeID: line1(name), AttributeID: ua.AttributeIDValue, Value: &ua.DataValue{EncodingMask: ua.DataValueValue, Value: ua.MustVariant(v)}})
	}
	ask[*ua.WriteResponse](ctx, c, &ua.WriteRequest{NodesToWrite: write[:1]})
	ask[*ua.WriteResponse](ctx, c, &ua.WriteRequest{NodesToWrite: write})
	ask[*ua.ReadResponse](ctx, c, &ua.ReadRequest{NodesToRead: read, TimestampsToReturn: ua.TimestampsToReturnBoth})
	sum := &ua.CallMethodRequest{ObjectID: ua.NewStringNodeID(1, "Line"), MethodID: line1("Sum"), InputArguments: []*ua.Variant{ua.MustVariant(1.5), ua.MustVariant(-4.0)}}
	ask[*ua.CallResponse](ctx, c, &ua.CallRequest{MethodsToCall: []*ua.CallMethodRequest{sum}})
}

// subscription hears of changes for a while.
func subscription(ctx context.Context, c *opcua.Client) {
	s := ask[*ua.CreateSubscriptionResponse](ctx, c, &ua.CreateSubscriptionRequest{RequestedPublishingInterval: 100, RequestedLifetimeCount: 1000, RequestedMaxKeepAliveCount: 5, PublishingEnabled: true})
	var items []*ua.MonitoredItemCreateRequest
	for i, name := range []string{"Count", "Level", "Mode"} {
		items = append(items, opcua.NewMonitoredItemCreateRequestWithDefaults(line1(name), ua.AttributeIDValue, uint32(100+i)))
	}
	ask[*ua.CreateMonitoredItemsResponse](ctx, c, &ua.CreateMonitoredItemsRequest{SubscriptionID: s.SubscriptionID, TimestampsToReturn: ua.TimestampsToReturnBoth, ItemsToCreate: items})
	var heard []*ua.SubscriptionAcknowledgement
	for range 10 {
		a := ask[*ua.PublishResponse](ctx, c, &ua.PublishRequest{SubscriptionAcknowledgements: heard})
		heard = []*ua.SubscriptionAcknowledgement{{SubscriptionID: a.SubscriptionID, SequenceNumber: a.NotificationMessage.SequenceNumber}}
	}
	ask[*ua.DeleteSubscriptionsResponse](ctx, c, &ua.DeleteSubscriptionsRequest{SubscriptionIDs: []uint32{s.SubscriptionID}})
}
