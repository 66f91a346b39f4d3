package postgrestest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// nobody is the user that owns nothing, by convention. The server refuses to be run by root.
const nobody = 65534

// usual settings are for speed: what a test writes does not outlive the machine's next start, only
// the server's.
var usual = []string{
	"listen_addresses = '127.0.0.1'", "fsync = off", "full_page_writes = off", "shared_buffers = 32MB", "max_connections = 200",
	"max_wal_size = 256MB", "log_min_messages = warning", "timezone = 'UTC'", "lc_messages = 'C'",
}

// start makes a cluster in a folder, and starts its server.
func start(dir string, settings []string) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, Password: rand.Text()}
	if err := s.makeDir(dir); err != nil {
		return nil, err
	}
	if err := s.keep(); err != nil {
		os.RemoveAll(s.dir)
		return nil, err
	}
	if err = s.makeCluster(settings); err == nil {
		err = s.launch()
	}
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// makeDir makes the folder that everything of the server is in. It is not t.TempDir, which is closed
// to other users.
func (s *Server) makeDir(in string) (err error) {
	if s.dir, err = os.MkdirTemp(in, "postgrestest-"); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		return os.Chown(s.dir, nobody, nobody)
	}
	return nil
}

// keeper ends the server and removes its folder once its own input ends.
const keeper = `cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1
rm -rf "$2"`

// keep starts a process that ends the server when this process ends, even if it is killed.
func (s *Server) keep() error {
	cmd := exec.Command("/bin/sh", "-c", keeper, "sh", s.bin, s.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // an interrupt from the keyboard is not for it
	cmd.Dir = "/"
	asNobody(cmd)
	input, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.end = sync.OnceFunc(func() {
		input.Close()
		cmd.Wait()
		os.RemoveAll(s.dir) // the folder itself, which nobody cannot remove
	})
	return nil
}

func (s *Server) stop() { s.end() }

func (s *Server) makeCluster(settings []string) error {
	password := filepath.Join(s.dir, "password")
	if err := os.WriteFile(password, []byte(s.Password+"\n"), 0o644); err != nil {
		return err
	}
	err := s.run("initdb", "-D", s.data(), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile="+password)
	if err != nil {
		return err
	}
	return s.configure(append(usual, settings...))
}

// configure adds lines to postgresql.conf. Of several for one setting the last one counts.
func (s *Server) configure(lines []string) error {
	file, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, strings.Join(lines, "\n")+"\n")
	return errors.Join(err, file.Close())
}

// launch starts the server on a free port.
func (s *Server) launch() (err error) {
	const attempts = 3 // another program may be faster to take the port
	for range attempts {
		if s.Port, err = freePort(); err != nil {
			return err
		}
		if err = s.configure([]string{fmt.Sprintf("port = %d", s.Port), fmt.Sprintf("unix_socket_directories = '%s'", s.dir)}); err != nil {
			return err
		}
		if err = s.run("pg_ctl", "-D", s.data(), "-w", "-t", "60", "-l", s.log(), "start"); err == nil {
			return nil
		}
	}
	text, _ := os.ReadFile(s.log())
	return fmt.Errorf("%w\n%s", err, text)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }
func (s *Server) log() string  { return filepath.Join(s.dir, "log") }

// Log returns what the server has written to its log.
func (s *Server) Log(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(s.log())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Restart has the server end at once, as if it crashed, and start again on the same port.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop(t)
	s.Resume(t)
}

// Stop has the server end at once, as if it crashed.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.mustRun(t, "pg_ctl", "-D", s.data(), "-w", "-m", "immediate", "stop")
}

// Resume starts a server that was stopped, on the same port.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	s.mustRun(t, "pg_ctl", "-D", s.data(), "-w", "-t", "60", "-l", s.log(), "start")
}

// Standby returns another server, which follows this one until it is promoted.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	other := &Server{bin: s.bin, Password: s.Password}
	if err := other.makeDir(""); err != nil {
		t.Fatal(err)
	}
	if err := other.keep(); err != nil {
		os.RemoveAll(other.dir)
		t.Fatal(err)
	}
	t.Cleanup(other.stop)
	s.mustRun(t, "pg_basebackup", "-h", s.dir, "-p", fmt.Sprint(s.Port), "-U", "postgres", "-D", other.data(), "-R", "-X", "stream", "-c", "fast", "--no-sync")
	if err := other.launch(); err != nil {
		t.Fatal(err)
	}
	return other
}

// Promote makes a standby a server of its own.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	s.mustRun(t, "pg_ctl", "-D", s.data(), "-w", "promote")
}

// Dump runs pg_dump on a database, and returns the file that it wrote.
func (s *Server) Dump(t testing.TB, database string) (file string) {
	t.Helper()
	file = filepath.Join(s.dir, s.name()+".dump")
	s.mustRun(t, "pg_dump", "-h", s.dir, "-p", fmt.Sprint(s.Port), "-U", "postgres", "-Fc", "-f", file, databaseName(database))
	return file
}

// Restore runs pg_restore with a file of Dump, which may be another server's, into an empty database.
func (s *Server) Restore(t testing.TB, file, database string) {
	t.Helper()
	s.mustRun(t, "pg_restore", "-h", s.dir, "-p", fmt.Sprint(s.Port), "-U", "postgres", "-d", databaseName(database), file)
}

func (s *Server) mustRun(t testing.TB, program string, args ...string) {
	t.Helper()
	if err := s.run(program, args...); err != nil {
		t.Fatal(err)
	}
}

// run runs one of the server's programs.
func (s *Server) run(program string, args ...string) error {
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir = "/"
	asNobody(cmd)
	// A file, because the server keeps what it inherits, and a pipe would be waited for.
	out, err := os.CreateTemp("", "postgrestest-output-")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w\n%s", program, err, text)
	}
	return nil
}

// asNobody has a command that root would run be run by a user without rights.
func asNobody(cmd *exec.Cmd) {
	if os.Geteuid() != 0 {
		return
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
