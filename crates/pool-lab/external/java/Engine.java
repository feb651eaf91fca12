// ForkJoinPool, ThreadPoolExecutor and virtual threads behind the protocol of ../README.md.

import java.io.*;
import java.lang.management.ManagementFactory;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.concurrent.locks.LockSupport;
import java.util.function.*;

public final class Engine {
    // Adds up the jobs' numbers, and says when all have ended.
    static final class Tally {
        final AtomicLong sum = new AtomicLong();
        final AtomicLong left;
        final CountDownLatch done = new CountDownLatch(1);

        Tally(long jobs) { left = new AtomicLong(jobs); }

        void add(long number) {
            sum.getAndAdd(number);
            if (left.decrementAndGet() == 0) done.countDown();
        }

        long await() throws InterruptedException {
            done.await();
            return sum.get();
        }
    }

    interface Work { long run() throws Exception; }

    static final com.sun.management.OperatingSystemMXBean OS =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    static String measured(Work work) throws Exception {
        long cpu = OS.getProcessCpuTime(), start = System.nanoTime();
        long answer = work.run();
        long elapsed = System.nanoTime() - start;
        return "done " + Long.toUnsignedString(answer) + " " + elapsed + " " + (OS.getProcessCpuTime() - cpu);
    }

    static ExecutorService start(String engine, int threads) throws Exception {
        switch (engine) {
            case "forkjoin":
                // As it comes: a worker takes its own newest job first.
                return new ForkJoinPool(threads);
            case "executor": {
                ThreadPoolExecutor pool = new ThreadPoolExecutor(
                    threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
                pool.prestartAllCoreThreads();
                return pool;
            }
            case "virtual":
                // By reflection, so that older compilers build the other engines.
                return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
            default:
                throw new IllegalArgumentException("unknown engine " + engine);
        }
    }

    static void stop(ExecutorService pool) throws InterruptedException {
        pool.shutdown();
        pool.awaitTermination(1, TimeUnit.MINUTES);
    }

    static long external(ExecutorService pool, long jobs) throws Exception {
        Tally tally = new Tally(jobs);
        for (long i = 0; i < jobs; i++) {
            long number = i;
            pool.execute(() -> tally.add(number));
        }
        return tally.await();
    }

    static long nested(ExecutorService pool, long jobs) throws Exception {
        Tally tally = new Tally(jobs);
        pool.execute(() -> {
            for (long i = 1; i < jobs; i++) {
                long number = i;
                pool.execute(() -> tally.add(number));
            }
            tally.add(0);
        });
        return tally.await();
    }

    static final class Fib extends RecursiveTask<Long> {
        final long n;
        Fib(long n) { this.n = n; }
        @Override protected Long compute() { return fib(n); }

        static long fib(long n) {
            if (n < 2) return n;
            Fib first = new Fib(n - 1);
            first.fork();
            return fib(n - 2) + first.join();
        }
    }

    static final class Skynet extends RecursiveTask<Long> {
        final long first, leaves;
        Skynet(long first, long leaves) { this.first = first; this.leaves = leaves; }

        @Override protected Long compute() {
            if (leaves == 1) return first;
            Skynet[] children = new Skynet[10];
            for (int i = 0; i < 10; i++) children[i] = new Skynet(first + i * (leaves / 10), leaves / 10);
            for (int i = 1; i < 10; i++) children[i].fork();
            long sum = children[0].compute();
            for (int i = 9; i > 0; i--) sum += children[i].join();
            return sum;
        }
    }

    static final class Queens extends RecursiveTask<Long> {
        final int all, columns, falling, rising;
        final long left, alone;

        Queens(int all, int columns, int falling, int rising, long left, long alone) {
            this.all = all;
            this.columns = columns;
            this.falling = falling;
            this.rising = rising;
            this.left = left;
            this.alone = alone;
        }

        @Override protected Long compute() {
            if (columns == all) return 1L;
            int free = all & ~(columns | falling | rising);
            ArrayDeque<Queens> forked = new ArrayDeque<>();
            long sum = 0;
            while (free != 0) {
                int bit = free & -free;
                free &= ~bit;
                Queens next = new Queens(
                    all, columns | bit, (falling | bit) << 1, (rising | bit) >> 1, left - 1, alone);
                if (left <= alone || free == 0) {
                    sum += next.compute();
                } else {
                    next.fork();
                    forked.push(next);
                }
            }
            for (Queens next : forked) sum += next.join();
            return sum;
        }
    }

    static final class Multiply extends RecursiveAction {
        final double[] c, a, b;
        final int width, size, leaf, ci, cj, ai, aj, bi, bj;

        Multiply(double[] c, double[] a, double[] b, int width, int size, int leaf, int... at) {
            this.c = c;
            this.a = a;
            this.b = b;
            this.width = width;
            this.size = size;
            this.leaf = leaf;
            ci = at[0]; cj = at[1]; ai = at[2]; aj = at[3]; bi = at[4]; bj = at[5];
        }

        @Override protected void compute() {
            if (size <= leaf) {
                for (int i = 0; i < size; i++) {
                    int row = (ci + i) * width + cj;
                    for (int k = 0; k < size; k++) {
                        double factor = a[(ai + i) * width + aj + k];
                        int other = (bi + k) * width + bj;
                        for (int j = 0; j < size; j++) c[row + j] += factor * b[other + j];
                    }
                }
                return;
            }
            int half = size / 2;
            for (int k = 0; k < size; k += half) {
                List<Multiply> four = new ArrayList<>();
                for (int i = 0; i < size; i += half)
                    for (int j = 0; j < size; j += half)
                        four.add(new Multiply(
                            c, a, b, width, half, leaf, ci + i, cj + j, ai + i, aj + k, bi + k, bj + j));
                invokeAll(four);
            }
        }
    }

    static double[] matrix(int size, IntBinaryOperator cell) {
        double[] cells = new double[size * size];
        for (int i = 0; i < cells.length; i++) cells[i] = cell.applyAsInt(i / size, i % size);
        return cells;
    }

    static long hash(double[] cells) {
        long h = 0;
        for (double cell : cells) h = h * 31 + (long) cell;
        return h;
    }

    static long ping(ExecutorService pool, long pings, long gap, List<Long> latencies) throws Exception {
        long sum = 0;
        for (long number = 0; number < pings; number++) {
            if (gap > 0) Thread.sleep(gap / 1_000_000, (int) (gap % 1_000_000));
            long[] at = new long[2];
            CountDownLatch arrived = new CountDownLatch(1);
            long mine = number, sent = System.nanoTime();
            pool.execute(() -> {
                at[0] = System.nanoTime();
                at[1] = mine;
                arrived.countDown();
            });
            arrived.await();
            latencies.add(Math.max(0, at[0] - sent));
            sum += at[1];
        }
        return sum;
    }

    static long startStop(String engine, int threads, long cycles) throws Exception {
        long sum = 0;
        for (long cycle = 0; cycle < cycles; cycle++) {
            ExecutorService pool = start(engine, threads);
            long mine = cycle;
            Tally tally = new Tally(1);
            pool.execute(() -> tally.add(mine));
            sum += tally.await();
            stop(pool);
        }
        return sum;
    }

    static List<Thread> held = new ArrayList<>();
    static CountDownLatch gate;

    static Thread thread(String engine, Runnable job) throws Exception {
        if (!engine.equals("virtual")) {
            Thread thread = new Thread(job);
            thread.start();
            return thread;
        }
        return (Thread) Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, job);
    }

    static long shared;

    static long race(int threads, int count) throws Exception {
        shared = 0;
        CountDownLatch begin = new CountDownLatch(1);
        Thread[] adders = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            adders[i] = new Thread(() -> {
                try { begin.await(); } catch (InterruptedException e) { return; }
                for (int j = 0; j < count; j++) shared++;
            });
            adders[i].start();
        }
        begin.countDown();
        for (Thread adder : adders) adder.join();
        return shared;
    }

    static Work prepare(String engine, int threads, ExecutorService pool, String workload, Map<String, Long> n,
                        List<Long> latencies) {
        switch (workload) {
            case "spawn/external": return () -> external(pool, n.get("jobs"));
            case "spawn/nested": return () -> nested(pool, n.get("jobs"));
            case "latency/ping": return () -> ping(pool, n.get("pings"), n.get("gap"), latencies);
            case "lifecycle/start-stop": return () -> startStop(engine, threads, n.get("cycles"));
            default:
        }
        if (!(pool instanceof ForkJoinPool)) return null;
        ForkJoinPool joins = (ForkJoinPool) pool;
        switch (workload) {
            case "join/fib": return () -> joins.invoke(new Fib(n.get("n")));
            case "join/skynet": {
                long leaves = 1;
                for (long i = 0; i < n.get("depth"); i++) leaves *= 10;
                long all = leaves;
                return () -> joins.invoke(new Skynet(0, all));
            }
            case "join/nqueens": {
                int all = (1 << n.get("n")) - 1;
                return () -> joins.invoke(new Queens(all, 0, 0, 0, n.get("n"), n.get("alone")));
            }
            default: return null;
        }
    }

    // The product, and its hash taken when the clock has stopped.
    static Callable<String> matmul(ForkJoinPool pool, int size, int leaf) {
        double[] a = matrix(size, (i, j) -> i + j), b = matrix(size, (i, j) -> i * j + 1);
        return () -> {
            double[] c = new double[size * size];
            String text = measured(() -> {
                pool.invoke(new Multiply(c, a, b, size, size, leaf, 0, 0, 0, 0, 0, 0));
                return 0;
            });
            return text.replaceFirst("done 0", "done " + Long.toUnsignedString(hash(c)));
        };
    }

    static String joined(List<Long> latencies) {
        StringJoiner text = new StringJoiner(",");
        latencies.forEach(latency -> text.add(latency.toString()));
        return text.toString();
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        String engine = "executor";
        int threads = 1;
        ExecutorService pool = null;
        Callable<String> run = () -> "error nothing is prepared";
        for (String line; (line = in.readLine()) != null; ) {
            String[] words = line.split(" ");
            String answer = "error unknown request " + words[0];
            try {
                switch (words[0]) {
                    case "hello":
                        answer = "hello 1 " + System.getProperty("java.version");
                        break;
                    case "start":
                        engine = words[1];
                        threads = Integer.parseInt(words[2]);
                        // Virtual threads run on a pool whose size is a property, read when the first of them starts.
                        System.setProperty("jdk.virtualThreadScheduler.parallelism", words[2]);
                        System.setProperty("jdk.virtualThreadScheduler.maxPoolSize", words[2]);
                        pool = start(engine, threads);
                        answer = "ok";
                        break;
                    case "prepare": {
                        Map<String, Long> n = new HashMap<>();
                        for (int i = 2; i < words.length; i++) {
                            String[] pair = words[i].split("=");
                            n.put(pair[0], Long.parseLong(pair[1]));
                        }
                        if (words[1].equals("join/matmul") && pool instanceof ForkJoinPool) {
                            run = matmul((ForkJoinPool) pool, n.get("size").intValue(), n.get("leaf").intValue());
                            answer = "ok";
                            break;
                        }
                        List<Long> latencies = new ArrayList<>();
                        Work work = prepare(engine, threads, pool, words[1], n, latencies);
                        answer = work == null ? "no fork-join" : "ok";
                        run = () -> {
                            latencies.clear();
                            String text = measured(work);
                            return latencies.isEmpty() ? text : text + " " + joined(latencies);
                        };
                        break;
                    }
                    case "run":
                        answer = run.call();
                        break;
                    case "hold": {
                        int count = Integer.parseInt(words[1]);
                        String kind = engine;
                        gate = new CountDownLatch(1);
                        answer = measured(() -> {
                            for (int i = 0; i < count; i++) {
                                held.add(thread(kind, () -> {
                                    try { gate.await(); } catch (InterruptedException e) { return; }
                                }));
                            }
                            return count;
                        });
                        break;
                    }
                    case "release":
                        answer = measured(() -> {
                            gate.countDown();
                            for (Thread thread : held) thread.join();
                            return held.size();
                        });
                        break;
                    case "race": {
                        int count = Integer.parseInt(words[2]), adders = Integer.parseInt(words[1]);
                        answer = measured(() -> race(adders, count));
                        break;
                    }
                    case "quit":
                        if (pool != null) stop(pool);
                        return;
                    default:
                }
            } catch (NoSuchMethodException error) {
                answer = "no virtual threads come with Java 21, this is " + System.getProperty("java.version");
            } catch (Exception error) {
                answer = "error " + error.toString().replace('\n', ' ');
            }
            System.out.println(answer);
            System.out.flush();
        }
    }
}
