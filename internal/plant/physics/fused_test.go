package physics

import (
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryProductIsRounded: the compiler may fuse x*y and a later addition into
// one operation with one rounding, also over assignments, arguments and inlined
// calls ("Floating-point operators" in the Go specification). Only an explicit
// conversion forbids it. So every product of floating-point numbers that is not
// at once multiplied, divided or compared stands in float64(...).
func TestEveryProductIsRounded(t *testing.T) {
	fset := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	if build.Default.GOROOT == "" { // built with -trimpath, a test does not know it
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			t.Skip("no go tool that could tell where the standard library is")
		}
		build.Default.GOROOT = strings.TrimSpace(string(root))
	}
	config := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	if _, err := config.Check("firedoor/internal/plant/physics", fset, files, info); err != nil {
		t.Fatal(err)
	}
	products := 0
	for _, f := range files {
		var parents []ast.Node
		ast.Inspect(f, func(n ast.Node) bool {
			if n == nil {
				parents = parents[:len(parents)-1]
				return true
			}
			if unrounded(info, n, parents) {
				t.Errorf("%s: write float64(a*b), or a processor with fused multiply-add disagrees", fset.Position(n.Pos()))
			}
			if e, ok := n.(*ast.BinaryExpr); ok && e.Op == token.MUL {
				products++
			}
			parents = append(parents, n)
			return true
		})
	}
	if products < 100 {
		t.Errorf("saw %d products only: the walk is broken", products)
	}
}

// unrounded says whether n makes a product that something may be added to.
func unrounded(info *types.Info, n ast.Node, parents []ast.Node) bool {
	if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.MUL_ASSIGN {
		return float(info, a.Lhs[0])
	}
	e, ok := n.(*ast.BinaryExpr)
	if !ok || e.Op != token.MUL || !float(info, e) {
		return false
	}
	for i := len(parents) - 1; i >= 0; i-- {
		switch p := parents[i].(type) {
		case *ast.ParenExpr:
			continue
		case *ast.CallExpr:
			return !info.Types[p.Fun].IsType()
		case *ast.BinaryExpr:
			switch p.Op {
			case token.MUL, token.QUO, token.LSS, token.GTR, token.LEQ, token.GEQ, token.EQL, token.NEQ:
				return false
			}
		}
		return true
	}
	return true
}

// float says whether an expression is a floating-point number that is not
// calculated by the compiler.
func float(info *types.Info, e ast.Expr) bool {
	v := info.Types[e]
	b, ok := v.Type.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsFloat != 0 && v.Value == nil
}
