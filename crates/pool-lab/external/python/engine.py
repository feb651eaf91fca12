"""ThreadPoolExecutor behind the protocol of ../README.md."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor


class Tally:
    """Adds up the jobs' numbers, and says when all have ended."""

    def __init__(self, jobs):
        self.left, self.sum, self.lock, self.done = jobs, 0, threading.Lock(), threading.Event()

    def add(self, number):
        with self.lock:
            self.sum += number
            self.left -= 1
            if self.left == 0:
                self.done.set()

    def wait(self):
        self.done.wait()
        return self.sum


def external(pool, jobs):
    tally = Tally(jobs)
    for i in range(jobs):
        pool.submit(tally.add, i)
    return tally.wait()


def nested(pool, jobs):
    tally = Tally(jobs)

    def first():
        for i in range(1, jobs):
            pool.submit(tally.add, i)
        tally.add(0)

    pool.submit(first)
    return tally.wait()


def ping(pool, pings, gap, latencies):
    total = 0
    for number in range(pings):
        time.sleep(gap / 1e9)
        arrived, at = threading.Event(), []

        def job(number=number):
            at.extend((time.perf_counter_ns(), number))
            arrived.set()

        sent = time.perf_counter_ns()
        pool.submit(job)
        arrived.wait()
        latencies.append(max(0, at[0] - sent))
        total += at[1]
    return total


def start_stop(threads, cycles):
    total = 0
    for cycle in range(cycles):
        with ThreadPoolExecutor(threads) as pool:
            total += pool.submit(lambda cycle=cycle: cycle).result()
    return total


class Hold:
    def __init__(self, count):
        self.gate = threading.Event()
        self.threads = [threading.Thread(target=self.gate.wait) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def release(self):
        self.gate.set()
        for thread in self.threads:
            thread.join()
        return len(self.threads)


shared = 0


def race(threads, count):
    global shared
    shared = 0

    def add():
        global shared
        for _ in range(count):
            shared += 1

    adders = [threading.Thread(target=add) for _ in range(threads)]
    for adder in adders:
        adder.start()
    for adder in adders:
        adder.join()
    return shared


def measured(work, latencies=()):
    cpu, start = time.process_time_ns(), time.perf_counter_ns()
    answer = work()
    elapsed = time.perf_counter_ns() - start
    text = ",".join(map(str, latencies))
    return f"done {answer} {elapsed} {time.process_time_ns() - cpu} {text}".rstrip()


def main():
    pool, threads, work, latencies, hold = None, 1, None, [], None
    for line in sys.stdin:
        request, *words = line.split()
        answer = f"error unknown request {request}"
        if request == "hello":
            answer = f"hello 1 {sys.version.split()[0]}"
        elif request == "start":
            threads, answer = int(words[1]), "ok"
            pool = ThreadPoolExecutor(threads)
        elif request == "prepare":
            p = {key: int(value) for key, value in (word.split("=") for word in words[1:])}
            works = {
                "spawn/external": lambda: external(pool, p["jobs"]),
                "spawn/nested": lambda: nested(pool, p["jobs"]),
                "latency/ping": lambda: ping(pool, p["pings"], p["gap"], latencies),
                "lifecycle/start-stop": lambda: start_stop(threads, p["cycles"]),
            }
            work = works.get(words[0])
            answer = "ok" if work else "no a job that waits for another blocks its thread"
        elif request == "run":
            latencies.clear()
            answer = measured(work, latencies)
        elif request == "hold":
            def start(count=int(words[0])):
                nonlocal hold
                hold = Hold(count)
                return count
            answer = measured(start)
        elif request == "release":
            answer = measured(hold.release)
        elif request == "race":
            answer = measured(lambda: race(int(words[0]), int(words[1])))
        elif request == "quit":
            break
        print(answer, flush=True)
    if pool:
        pool.shutdown()


main()
