// oneTBB behind the protocol of ../README.md.

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <oneapi/tbb/version.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using u64 = std::uint64_t;
using Clock = std::chrono::steady_clock;
namespace tbb = oneapi::tbb;

static u64 nanoseconds(Clock::duration time) {
    return static_cast<u64>(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
}

static u64 cpu() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    auto of = [](const timeval& t) { return u64(t.tv_sec) * 1'000'000'000 + u64(t.tv_usec) * 1'000; };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

// Adds up the jobs' numbers, and says when all have ended. Jobs hold it by a shared pointer.
struct Tally {
    std::atomic<u64> sum{0}, left;
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;

    explicit Tally(u64 jobs) : left(jobs) {}

    void add(u64 number) {
        sum.fetch_add(number, std::memory_order_relaxed);
        if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            std::lock_guard lock(mutex);
            done = true;
            changed.notify_one();
        }
    }

    u64 wait() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return done; });
        return sum.load();
    }
};

// As many workers as the arena has slots; none is kept for the calling thread, which is not one of them.
struct Pool {
    tbb::task_arena arena;
    explicit Pool(int threads) : arena(threads, 0) { arena.initialize(); }
};

static u64 external(Pool& pool, u64 jobs) {
    auto tally = std::make_unique<Tally>(jobs);
    Tally* to = tally.get();
    for (u64 i = 0; i < jobs; i++) pool.arena.enqueue([to, i] { to->add(i); });
    return tally->wait();
}

// From inside oneTBB has task groups.
static u64 nested(Pool& pool, u64 jobs) {
    auto tally = std::make_unique<Tally>(jobs);
    Tally* to = tally.get();
    pool.arena.execute([to, jobs] {
        tbb::task_group group;
        for (u64 i = 1; i < jobs; i++) group.run([to, i] { to->add(i); });
        to->add(0);
        group.wait();
    });
    return tally->wait();
}

static u64 fib(u64 n) {
    if (n < 2) return n;
    u64 first = 0;
    tbb::task_group group;
    group.run([&first, n] { first = fib(n - 1); });
    u64 second = fib(n - 2);
    group.wait();
    return first + second;
}

static u64 skynet(u64 first, u64 leaves) {
    if (leaves == 1) return first;
    u64 sums[10] = {};
    tbb::task_group group;
    for (u64 child = 1; child < 10; child++)
        group.run([&sums, first, leaves, child] { sums[child] = skynet(first + child * (leaves / 10), leaves / 10); });
    sums[0] = skynet(first, leaves / 10);
    group.wait();
    u64 sum = 0;
    for (u64 part : sums) sum += part;
    return sum;
}

static u64 queens(std::uint32_t all, std::uint32_t columns, std::uint32_t falling, std::uint32_t rising, u64 left, u64 alone) {
    if (columns == all) return 1;
    std::uint32_t free = all & ~(columns | falling | rising);
    auto next = [=](std::uint32_t bit) {
        return queens(all, columns | bit, (falling | bit) << 1, (rising | bit) >> 1, left - 1, alone);
    };
    u64 own = 0;
    if (left <= alone) {
        for (; free != 0; free &= free - 1) own += next(free & -free);
        return own;
    }
    u64 sums[32] = {};
    int forked = 0;
    tbb::task_group group;
    while (free != 0) {
        std::uint32_t bit = free & -free;
        free &= free - 1;
        if (free == 0) {
            own += next(bit);
        } else {
            u64* to = &sums[forked++];
            group.run([to, next, bit] { *to = next(bit); });
        }
    }
    group.wait();
    for (int i = 0; i < forked; i++) own += sums[i];
    return own;
}

// Squares of matrices that lie row after row.
static void multiply(double* c, const double* a, const double* b, std::size_t width, std::size_t size, std::size_t leaf) {
    if (size <= leaf) {
        for (std::size_t i = 0; i < size; i++)
            for (std::size_t k = 0; k < size; k++) {
                double factor = a[i * width + k];
                for (std::size_t j = 0; j < size; j++) c[i * width + j] += factor * b[k * width + j];
            }
        return;
    }
    std::size_t half = size / 2;
    auto quadrant = [=](std::size_t i, std::size_t j) {
        multiply(c + i * width + j, a + i * width, b + j, width, half, leaf);
        multiply(c + i * width + j, a + i * width + half, b + half * width + j, width, half, leaf);
    };
    tbb::task_group group;
    group.run([=] { quadrant(0, half); });
    group.run([=] { quadrant(half, 0); });
    group.run([=] { quadrant(half, half); });
    quadrant(0, 0);
    group.wait();
}

static std::vector<double> matrix(std::size_t size, const std::function<std::size_t(std::size_t, std::size_t)>& cell) {
    std::vector<double> cells(size * size);
    for (std::size_t i = 0; i < cells.size(); i++) cells[i] = double(cell(i / size, i % size));
    return cells;
}

static u64 hash(const std::vector<double>& cells) {
    u64 h = 0;
    for (double cell : cells) h = h * 31 + u64(cell);
    return h;
}

static u64 ping(Pool& pool, u64 pings, u64 gap, std::vector<u64>& latencies) {
    u64 sum = 0;
    for (u64 number = 0; number < pings; number++) {
        if (gap > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(gap));
        Tally arrived(1);
        Clock::time_point at;
        auto sent = Clock::now();
        pool.arena.enqueue([&] {
            at = Clock::now();
            arrived.add(number);
        });
        sum += arrived.wait();
        latencies.push_back(nanoseconds(at - sent));
    }
    return sum;
}

// A oneTBB program ends its threads by finalising the scheduler.
static u64 start_stop(int threads, u64 cycles) {
    u64 sum = 0;
    for (u64 cycle = 0; cycle < cycles; cycle++) {
        tbb::task_scheduler_handle scheduler{tbb::attach{}};
        {
            Pool pool(threads);
            auto tally = std::make_unique<Tally>(1);
            Tally* to = tally.get();
            pool.arena.enqueue([to, cycle] { to->add(cycle); });
            sum += tally->wait();
        }
        tbb::finalize(scheduler, std::nothrow);
    }
    return sum;
}

struct Held {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;
    std::vector<std::thread> threads;
};

static u64 race(u64 threads, u64 count) {
    static volatile u64 shared;
    shared = 0;
    std::vector<std::thread> adders;
    for (u64 i = 0; i < threads; i++)
        adders.emplace_back([count] {
            for (u64 j = 0; j < count; j++) shared = shared + 1;
        });
    for (auto& adder : adders) adder.join();
    return shared;
}

static std::string measured(const std::function<u64()>& work) {
    u64 before = cpu();
    auto start = Clock::now();
    u64 answer = work();
    u64 elapsed = nanoseconds(Clock::now() - start);
    std::ostringstream text;
    text << "done " << answer << ' ' << elapsed << ' ' << cpu() - before;
    return text.str();
}

using Numbers = std::map<std::string, u64>;

static std::function<u64()> join_of(const std::string& workload, Numbers n) {
    if (workload == "join/fib") return [n] { return fib(n.at("n")); };
    if (workload == "join/skynet") {
        u64 leaves = 1;
        for (u64 i = 0; i < n["depth"]; i++) leaves *= 10;
        return [leaves] { return skynet(0, leaves); };
    }
    if (workload == "join/nqueens")
        return [n] { return queens((1u << n.at("n")) - 1, 0, 0, 0, n.at("n"), n.at("alone")); };
    return {};
}

static std::function<std::string()> prepare(std::unique_ptr<Pool>& pool, int threads, const std::string& workload, Numbers n) {
    Pool* to = pool.get();
    if (workload == "spawn/external") return [=] { return measured([=] { return external(*to, n.at("jobs")); }); };
    if (workload == "spawn/nested") return [=] { return measured([=] { return nested(*to, n.at("jobs")); }); };
    if (workload == "lifecycle/start-stop") {
        // The pool of this process would keep the threads alive.
        pool.reset();
        return [=] { return measured([=] { return start_stop(threads, n.at("cycles")); }); };
    }
    if (workload == "latency/ping")
        return [=] {
            std::vector<u64> latencies;
            std::ostringstream text;
            text << measured([&] { return ping(*to, n.at("pings"), n.at("gap"), latencies); }) << ' ';
            for (std::size_t i = 0; i < latencies.size(); i++) text << (i > 0 ? "," : "") << latencies[i];
            return text.str();
        };
    if (workload == "join/matmul") {
        auto size = std::size_t(n["size"]);
        auto a = matrix(size, [](auto i, auto j) { return i + j; });
        auto b = matrix(size, [](auto i, auto j) { return i * j + 1; });
        return [=] {
            std::vector<double> c(size * size);
            auto product = [&] { multiply(c.data(), a.data(), b.data(), size, size, n.at("leaf")); };
            std::string text = measured([&] { return to->arena.execute(product), u64(0); });
            return text.replace(0, 6, "done " + std::to_string(hash(c)));
        };
    }
    if (auto work = join_of(workload, n)) return [=] { return measured([=] { return to->arena.execute(work); }); };
    return {};
}

int main() {
    std::unique_ptr<tbb::global_control> limit;
    std::unique_ptr<Pool> pool;
    std::function<std::string()> run;
    int threads = 1;
    Held held;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string request, word;
        words >> request;
        std::string answer = "error unknown request " + request;
        if (request == "hello") {
            answer = std::string("hello 1 ") + TBB_runtime_version();
        } else if (request == "start") {
            words >> word >> threads;
            // The thread that reads these lines is one of the count.
            limit = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism, threads + 1);
            pool = std::make_unique<Pool>(threads);
            answer = "ok";
        } else if (request == "prepare") {
            std::string workload;
            Numbers n;
            words >> workload;
            while (words >> word) {
                auto at = word.find('=');
                n[word.substr(0, at)] = std::stoull(word.substr(at + 1));
            }
            run = prepare(pool, threads, workload, n);
            answer = run ? "ok" : "no such workload";
        } else if (request == "run") {
            answer = run ? run() : "error nothing is prepared";
        } else if (request == "hold") {
            u64 count = 0;
            words >> count;
            held.open = false;
            answer = measured([&] {
                for (u64 i = 0; i < count; i++)
                    held.threads.emplace_back([&held] {
                        std::unique_lock lock(held.mutex);
                        held.changed.wait(lock, [&held] { return held.open; });
                    });
                return count;
            });
        } else if (request == "release") {
            answer = measured([&] {
                {
                    std::lock_guard lock(held.mutex);
                    held.open = true;
                }
                held.changed.notify_all();
                for (auto& thread : held.threads) thread.join();
                return u64(held.threads.size());
            });
        } else if (request == "race") {
            u64 adders = 0, count = 0;
            words >> adders >> count;
            answer = measured([=] { return race(adders, count); });
        } else if (request == "quit") {
            break;
        }
        std::cout << answer << std::endl;
    }
}
