package physics

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoProductIsSummedUnrounded: a*b + c may be one fused operation on one
// processor and two on another. An explicit conversion of the product forbids it.
func TestNoProductIsSummedUnrounded(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d files, %v", len(files), err)
	}
	sums := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			var operands []ast.Expr
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if n.Op == token.ADD || n.Op == token.SUB {
					operands = []ast.Expr{n.X, n.Y}
				}
			case *ast.AssignStmt:
				if n.Tok == token.ADD_ASSIGN || n.Tok == token.SUB_ASSIGN {
					operands = n.Rhs
				}
			}
			for _, x := range operands {
				sums++
				if product(x) {
					t.Errorf("%s: a product is an operand of a sum: write float64(a*b), or processors disagree", fset.Position(x.Pos()))
				}
			}
			return true
		})
	}
	if sums < 100 {
		t.Errorf("looked at %d operands only: the walk is broken", sums)
	}
}

func product(x ast.Expr) bool {
	for {
		switch e := x.(type) {
		case *ast.ParenExpr:
			x = e.X
		case *ast.UnaryExpr:
			x = e.X
		case *ast.BinaryExpr:
			return e.Op == token.MUL
		default:
			return false
		}
	}
}
