package console_test
import ("testing";"bufio";"net/http";"fmt";"time";"firedoor/internal/console";"firedoor/internal/uplink")
func TestTmpSSE(t *testing.T){
 up:=openUplink(t,uplink.Config{Dir:t.TempDir()})
 c:=run(t,console.Config{Data:t.TempDir()},up)
 r,err:=http.Get(c.base+"/api/stream"); if err!=nil{t.Fatal(err)}
 defer r.Body.Close()
 st:=time.Now(); s:=bufio.NewScanner(r.Body)
 for s.Scan(){ if s.Text()!=""{fmt.Println(time.Since(st),s.Text())}; if time.Since(st)>95*time.Second {return} }
 t.Fatal(s.Err())
}
