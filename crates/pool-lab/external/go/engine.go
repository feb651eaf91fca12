// Goroutines, and a pool of them behind a channel, behind the protocol of ../README.md.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// pool runs jobs: a goroutine each, or `threads` goroutines that take them from a channel.
type pool struct {
	jobs    chan func()
	threads int
	ended   sync.WaitGroup
}

// The most jobs that a workload queues at a time.
const room = 131_072

func start(engine string, threads int) *pool {
	runtime.GOMAXPROCS(threads)
	p := &pool{threads: threads}
	if engine == "channel" {
		// With a full channel a worker that submits would wait for itself, so there is room for a whole batch.
		p.jobs = make(chan func(), room)
		p.ended.Add(threads)
		for i := 0; i < threads; i++ {
			go func() {
				defer p.ended.Done()
				for job := range p.jobs {
					job()
				}
			}()
		}
	}
	return p
}

func (p *pool) execute(job func()) {
	if p.jobs == nil {
		go job()
	} else {
		p.jobs <- job
	}
}

func (p *pool) stop() {
	if p.jobs != nil {
		close(p.jobs)
		p.ended.Wait()
	}
}

// tally adds up the jobs' numbers, and says when all have ended.
type tally struct {
	sum  atomic.Uint64
	left sync.WaitGroup
}

func newTally(jobs uint64) *tally {
	t := &tally{}
	t.left.Add(int(jobs))
	return t
}

func (t *tally) add(number uint64) {
	t.sum.Add(number)
	t.left.Done()
}

func (t *tally) wait() uint64 {
	t.left.Wait()
	return t.sum.Load()
}

func external(p *pool, jobs uint64) uint64 {
	t := newTally(jobs)
	for i := uint64(0); i < jobs; i++ {
		number := i
		p.execute(func() { t.add(number) })
	}
	return t.wait()
}

func nested(p *pool, jobs uint64) uint64 {
	t := newTally(jobs)
	p.execute(func() {
		for i := uint64(1); i < jobs; i++ {
			number := i
			p.execute(func() { t.add(number) })
		}
		t.add(0)
	})
	return t.wait()
}

// join runs one function in a goroutine and the other here, and waits for both.
func join(a, b func() uint64) uint64 {
	var first uint64
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		first = a()
		done.Done()
	}()
	second := b()
	done.Wait()
	return first + second
}

func fib(n uint64) uint64 {
	if n < 2 {
		return n
	}
	return join(func() uint64 { return fib(n - 1) }, func() uint64 { return fib(n - 2) })
}

func skynet(first, leaves uint64) uint64 {
	if leaves == 1 {
		return first
	}
	var sums [10]uint64
	var done sync.WaitGroup
	done.Add(10)
	for child := uint64(0); child < 10; child++ {
		go func(child uint64) {
			sums[child] = skynet(first+child*(leaves/10), leaves/10)
			done.Done()
		}(child)
	}
	done.Wait()
	sum := uint64(0)
	for _, part := range sums {
		sum += part
	}
	return sum
}

// queens counts the ways to fill the rows that are left; a goroutine for each candidate but the last.
func queens(all, columns, falling, rising uint32, left, alone uint64) uint64 {
	if columns == all {
		return 1
	}
	free := all &^ (columns | falling | rising)
	var sum atomic.Uint64
	var done sync.WaitGroup
	own := uint64(0)
	for free != 0 {
		bit := free & -free
		free &^= bit
		next := func() uint64 {
			return queens(all, columns|bit, (falling|bit)<<1, (rising|bit)>>1, left-1, alone)
		}
		if left <= alone || free == 0 {
			own += next()
		} else {
			done.Add(1)
			go func() {
				sum.Add(next())
				done.Done()
			}()
		}
	}
	done.Wait()
	return own + sum.Load()
}

// block is a square of a matrix that lies row after row.
type block struct {
	cells []float64
	width int
}

func (m block) at(row, column int) block { return block{m.cells[row*m.width+column:], m.width} }

func multiply(c, a, b block, size, leaf int) {
	if size <= leaf {
		for i := 0; i < size; i++ {
			row := c.cells[i*c.width : i*c.width+size]
			for k := 0; k < size; k++ {
				factor, other := a.cells[i*a.width+k], b.cells[k*b.width:k*b.width+size]
				for j := range row {
					row[j] += factor * other[j]
				}
			}
		}
		return
	}
	half := size / 2
	var done sync.WaitGroup
	quadrant := func(i, j int) {
		multiply(c.at(i, j), a.at(i, 0), b.at(0, j), half, leaf)
		multiply(c.at(i, j), a.at(i, half), b.at(half, j), half, leaf)
	}
	done.Add(3)
	for _, corner := range [][2]int{{0, half}, {half, 0}, {half, half}} {
		go func(i, j int) {
			quadrant(i, j)
			done.Done()
		}(corner[0], corner[1])
	}
	quadrant(0, 0)
	done.Wait()
}

func matrix(size int, cell func(i, j int) int) block {
	cells := make([]float64, size*size)
	for i := range cells {
		cells[i] = float64(cell(i/size, i%size))
	}
	return block{cells, size}
}

func hash(cells []float64) uint64 {
	h := uint64(0)
	for _, cell := range cells {
		h = h*31 + uint64(cell)
	}
	return h
}

func ping(p *pool, pings, gap uint64, latencies *[]int64) uint64 {
	sum := uint64(0)
	for number := uint64(0); number < pings; number++ {
		time.Sleep(time.Duration(gap))
		arrived := make(chan uint64, 1)
		var at time.Time
		number := number
		sent := time.Now()
		p.execute(func() {
			at = time.Now()
			arrived <- number
		})
		sum += <-arrived
		*latencies = append(*latencies, at.Sub(sent).Nanoseconds())
	}
	return sum
}

func startStop(engine string, threads int, cycles uint64) uint64 {
	sum := uint64(0)
	for cycle := uint64(0); cycle < cycles; cycle++ {
		p := start(engine, threads)
		t, number := newTally(1), cycle
		p.execute(func() { t.add(number) })
		sum += t.wait()
		p.stop()
	}
	return sum
}

// race adds to one variable from several goroutines without a lock. The compiler lets it pass.
func race(threads, count int) uint64 {
	shared := uint64(0)
	var done sync.WaitGroup
	done.Add(threads)
	for i := 0; i < threads; i++ {
		go func() {
			for j := 0; j < count; j++ {
				add(&shared)
			}
			done.Done()
		}()
	}
	done.Wait()
	return shared
}

//go:noinline
func add(shared *uint64) { *shared++ }

func cpu() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func measured(work func() uint64) string {
	before, begin := cpu(), time.Now()
	answer := work()
	elapsed := time.Since(begin).Nanoseconds()
	return fmt.Sprintf("done %d %d %d", answer, elapsed, cpu()-before)
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	in := bufio.NewScanner(os.Stdin)
	var engine string
	var threads int
	var current *pool
	var held sync.WaitGroup
	var gate chan struct{}
	var holding uint64
	run := func() string { return "error nothing is prepared" }
	for in.Scan() {
		words := strings.Fields(in.Text())
		answer := "error unknown request " + words[0]
		number := func(i int) int {
			n, _ := strconv.Atoi(words[i])
			return n
		}
		switch words[0] {
		case "hello":
			answer = "hello 1 " + strings.TrimPrefix(runtime.Version(), "go")
		case "start":
			engine, threads = words[1], number(2)
			current = start(engine, threads)
			answer = "ok"
		case "prepare":
			parameters := map[string]uint64{}
			for _, pair := range words[2:] {
				key, value, _ := strings.Cut(pair, "=")
				parameters[key], _ = strconv.ParseUint(value, 10, 64)
			}
			run = prepare(engine, threads, current, words[1], parameters)
			answer = "ok"
			if run == nil {
				answer = "no a job that waits for another blocks its worker"
			}
		case "run":
			answer = run()
		case "hold":
			gate, holding = make(chan struct{}), uint64(number(1))
			answer = measured(func() uint64 {
				held.Add(int(holding))
				for i := uint64(0); i < holding; i++ {
					go func() {
						<-gate
						held.Done()
					}()
				}
				return holding
			})
		case "release":
			answer = measured(func() uint64 {
				close(gate)
				held.Wait()
				return holding
			})
		case "race":
			answer = measured(func() uint64 { return race(number(1), number(2)) })
		case "quit":
			current.stop()
			return
		}
		fmt.Fprintln(out, answer)
		out.Flush()
	}
}

func prepare(engine string, threads int, p *pool, workload string, n map[string]uint64) func() string {
	var work func() uint64
	switch workload {
	case "spawn/external":
		work = func() uint64 { return external(p, n["jobs"]) }
	case "spawn/nested":
		if p.jobs != nil && n["jobs"] > room {
			return nil
		}
		work = func() uint64 { return nested(p, n["jobs"]) }
	case "latency/ping":
		return func() string {
			latencies := []int64{}
			text := measured(func() uint64 { return ping(p, n["pings"], n["gap"], &latencies) })
			words := make([]string, len(latencies))
			for i, latency := range latencies {
				words[i] = strconv.FormatInt(latency, 10)
			}
			return text + " " + strings.Join(words, ",")
		}
	case "lifecycle/start-stop":
		work = func() uint64 { return startStop(engine, threads, n["cycles"]) }
	}
	if engine == "goroutines" {
		switch workload {
		case "join/fib":
			work = func() uint64 { return fib(n["n"]) }
		case "join/skynet":
			leaves := uint64(1)
			for i := uint64(0); i < n["depth"]; i++ {
				leaves *= 10
			}
			work = func() uint64 { return skynet(0, leaves) }
		case "join/nqueens":
			work = func() uint64 { return queens(1<<n["n"]-1, 0, 0, 0, n["n"], n["alone"]) }
		case "join/matmul":
			size := int(n["size"])
			a := matrix(size, func(i, j int) int { return i + j })
			b := matrix(size, func(i, j int) int { return i*j + 1 })
			return func() string {
				c := matrix(size, func(i, j int) int { return 0 })
				text := measured(func() uint64 { multiply(c, a, b, size, int(n["leaf"])); return 0 })
				return strings.Replace(text, "done 0", fmt.Sprintf("done %d", hash(c.cells)), 1)
			}
		}
	}
	if work == nil {
		return nil
	}
	return func() string { return measured(work) }
}
